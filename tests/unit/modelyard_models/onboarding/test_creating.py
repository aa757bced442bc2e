"""One folder, one declaration of under forty lines, a notebook, a card, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from modelyard.errors import InvalidModelError
from modelyard.models.conformance import check_model
from modelyard.models.discovery import find_model
from modelyard.models.onboarding.proposing import Wanted, propose
from modelyard.models.onboarding.templates import TEMPLATES, published, template_versions

ROOT = Path(__file__).parents[4]


def test_writes_four_files_and_nothing_else(workspace, new_model):
    made = new_model()
    assert made.files == (".copier-answers.yml", "README.md", "explore.ipynb", "model.py")
    assert sorted(one.name for one in workspace.root.rglob("*") if one.is_file()) == list(made.files)
    assert made.lines < 40


def test_the_model_is_found_by_itself_and_keeps_the_contract(workspace, new_model, customers):
    new_model()
    spec = find_model(workspace, "leaving")
    assert spec.forbidden == ("refund",)
    report = check_model(spec, customers)
    assert report.passed, report.failures


def test_a_regression_keeps_the_contract_as_well(workspace, new_model, customers, known):
    new_model("charges", proposal=propose(customers, known=known, wanted=Wanted(target="charge")))
    report = check_model(find_model(workspace, "charges"), customers)
    assert report.passed, report.failures


def test_a_wide_table_full_of_gaps_still_fits_a_page(new_model, customers, known):
    gaps = {
        f"measurement_{place:03}": pl.when(pl.col("months") > 3).then(pl.col("charge") + place % 7)
        for place in range(120)
    }
    made = new_model("wide", proposal=propose(customers.with_columns(**gaps), known=known))
    assert made.lines < 40
    assert "OPTIONAL = NUMBERS" in (made.folder / "model.py").read_text()


def test_the_card_names_owner_label_features_and_what_was_left_out(new_model):
    card = (new_model().folder / "README.md").read_text()
    for words in (
        "Owner: retention",
        "## Limits",
        'pl.col("churn").eq("Yes")',
        "months",
        "- currency: it never varies",
    ):
        assert words in card


def test_what_is_written_keeps_the_rules_of_the_house(new_model):
    folder = new_model().folder
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(ROOT / "pyproject.toml"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_notebook_is_one(new_model):
    notebook = json.loads((new_model().folder / "explore.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    identifiers = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers)
    for cell in notebook["cells"]:
        assert isinstance(cell["source"], list)
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_the_answers_know_no_path_of_this_machine(new_model):
    answers = (new_model().folder / ".copier-answers.yml").read_text()
    assert "_src_path: modelyard\n" in answers
    assert "/tmp" not in answers


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("Leaving", {}, "cannot be called 'Leaving'"),
        ("../leaving", {}, "cannot be called"),
        ("leaving", {"owner": " "}, "has an owner"),
        ("leaving", {"owner": 'a "team"'}, "the owner is"),
        ("leaving", {"description": "x" * 200}, "at most 95 letters"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(workspace, new_model, name, more, said):
    with pytest.raises(InvalidModelError, match=said) as caught:
        new_model(name, **more)
    assert caught.value.hint
    assert not workspace.models.exists()


def test_a_taken_name_is_refused_and_its_folder_stays_as_it_is(new_model):
    made = new_model()
    (made.folder / "README.md").write_text("mine")
    with pytest.raises(InvalidModelError, match="leaving is taken"):
        new_model()
    assert (made.folder / "README.md").read_text() == "mine"


def test_the_same_templates_are_the_same_repository_everywhere():
    import subprocess as process

    found = set()
    for _ in range(2):
        with published(TEMPLATES) as repository:
            head = process.run(["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True, check=True)
            found.add(head.stdout)
    assert len(found) == 1


def test_a_released_template_never_changes():
    import hashlib

    digests = {}
    for version in template_versions():
        digest = hashlib.sha256()
        for file in sorted((TEMPLATES / version).rglob("*")):
            if file.is_file():
                digest.update(file.relative_to(TEMPLATES).as_posix().encode() + b"\0" + file.read_bytes())
        digests[version] = digest.hexdigest()[:16]
    assert digests == RELEASED, "a released template changed: put it back, and release a new version beside it"


RELEASED = {"v1": "6be4a47da94464ed"}
"""Version to digest of its files."""
