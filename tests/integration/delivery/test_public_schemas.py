"""Our pipelines and workflows against the schemas that editors use, which others have written."""

import json
from pathlib import Path

import check_jsonschema
import pytest
import yaml
from jsonschema import Draft7Validator

from modelyard.delivery.expanding.expansion import expand
from modelyard.delivery.expanding.printing import to_yaml
from modelyard.delivery.github.workflows import ENTRIES

ROOT = Path(__file__).resolve().parents[3]
YOUNGER = {"PublishCodeCoverageResults@2"}
"""Tasks that came after the schema."""


def schema(name):
    folder = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"
    return Draft7Validator(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def azure():
    return schema("azure-pipelines")


@pytest.fixture(scope="module")
def github():
    return schema("github-workflows")


def as_the_schema_has_it(value, *, within=""):
    """Every scalar is a text there, but what is true or false among a task's inputs."""
    if isinstance(value, dict):
        return {
            key: as_the_schema_has_it(one, within=key if within != "inputs" else "inputs") for key, one in value.items()
        }
    if isinstance(value, list):
        known = [one for one in value if not (isinstance(one, dict) and one.get("task") in YOUNGER)]
        return [as_the_schema_has_it(one, within=within) for one in known]
    return {"true": True, "false": False}.get(value, value) if within == "inputs" else value


def expanded(file, **parameters):
    text = to_yaml(expand(ROOT, file, parameters=parameters))
    return as_the_schema_has_it(yaml.load(text, Loader=yaml.BaseLoader))


@pytest.mark.parametrize("stand_in", ["none", "local"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.workflow)
def test_an_expanded_pipeline_keeps_the_schema_of_azure_pipelines(azure, entry, stand_in):
    assert azure.is_valid(expanded(entry.file, standIn=stand_in))


def test_that_schema_refuses_a_misspelt_key_and_a_misspelt_input(azure):
    for path, wrong in (
        (("stages", 0, "jobs", 0), "dependOn"),
        (("stages", 0, "jobs", 0, "steps", 1, "inputs"), "versionSpek"),
    ):
        document = expanded("azure-pipelines.yml")
        part = document
        for step in path:
            part = part[step]
        part[wrong] = "x"
        assert not azure.is_valid(document)


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_a_workflow_keeps_the_schema_of_github(github, path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in github.iter_errors(document)] == []


def test_that_schema_refuses_a_job_that_runs_nowhere(github):
    document = yaml.safe_load((ROOT / ".github/workflows/main.yml").read_text(encoding="utf-8"))
    document["jobs"]["verify_lint"].pop("runs-on")
    assert not github.is_valid(document)
