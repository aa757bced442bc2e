"""The page of all resources is what the blueprint says."""

from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.table import ENVIRONMENTS, check_page, page

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def environments(tmp_path_factory):
    workspace = Workspace(root=REPOSITORY, state=tmp_path_factory.mktemp("state"))
    return [load_environment(workspace, name) for name in ENVIRONMENTS]


@pytest.fixture(scope="module")
def rows(environments):
    lines = [line for line in page(environments).splitlines() if line.startswith(("| `", "| ■ `"))]
    return {line.split("`")[1]: [cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines}


def test_the_page_in_docs_is_what_the_blueprint_says(environments):
    check_page(REPOSITORY / "docs" / "resources.md", environments)


def test_an_old_page_is_refused_with_the_command_that_renews_it(environments, tmp_path):
    old = tmp_path / "resources.md"
    old.write_text(page(environments).replace("lake-account", "lake", 1), encoding="utf-8")
    with pytest.raises(InvalidSettingsError, match="found an old table; allowed: what the blueprint says") as refused:
        check_page(old, environments)
    assert refused.value.hint == "write it with: python -m modelyard_infra.blueprint.table"


def test_a_missing_page_is_refused(environments, tmp_path):
    with pytest.raises(InvalidSettingsError, match="found no file"):
        check_page(tmp_path / "resources.md", environments)


def test_every_resource_of_every_environment_has_one_row(environments, rows):
    keys = {resource.key for environment in environments for resource in draw_azure(environment).graph}
    assert set(rows) == keys


def test_the_counts_are_those_of_the_graphs(environments):
    counts = [str(len(draw_azure(environment).graph)) for environment in environments]
    assert f"| all | {' | '.join(counts)} |" in page(environments)


def test_a_row_says_where_a_resource_is_and_how_it_differs(rows):
    account = rows["lake-account"]
    assert account[:6] == ["■ `lake-account`", "`storage:StorageAccount`", "stmyardENVweuxxxxx", "●", "●", "●"]
    assert account[6].startswith("`sku.name` Standard_LRS / Standard_ZRS / Standard_GZRS")
    assert rows["group-lock"][3:6] == ["", "", "●"]


def test_what_differs_everywhere_is_left_out(environments):
    text = page(environments)
    for environment in environments:
        assert environment.azure.subscription_id not in text
        assert environment.name_parts.suffix not in text
