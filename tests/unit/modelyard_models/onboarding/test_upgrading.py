"""Template upgrades reach existing models: local edits stay, clashes are marked, and nothing outside is touched."""

import json
import os
import subprocess

import pytest

from modelyard.errors import InvalidModelError, MissingToolError, ModelNotFoundError
from modelyard.models.discovery import find_model
from modelyard.models.onboarding.templates import template_versions
from modelyard.models.onboarding.upgrading import upgrade_model


@pytest.fixture
def first(tmp_path, three_templates):
    """Templates as they were when only v1 was released, and a way to release the next."""
    shown = tmp_path / "released"
    shown.mkdir()

    def release(*versions):
        for version in versions:
            (shown / version).symlink_to(three_templates / version)
        return shown

    release("v1")
    return release


@pytest.fixture
def folder(first, new_model):
    """A model made from v1, with edits of its owner's."""
    made = new_model(templates=first())
    assert made.template == "v1"
    edit(made.folder / "model.py", 'owner="retention",', 'owner="retention and sales",')
    edit(made.folder / "README.md", "Say here who decides", "The retention team decides")
    return made.folder


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def snapshot(folder):
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_versions_are_in_order(three_templates):
    (three_templates / "notes").mkdir()
    (three_templates / "v10").mkdir()
    assert template_versions(three_templates) == ("v1", "v2", "v3", "v10")


def test_one_version_after_the_other_with_local_edits(workspace, first, folder):
    done = upgrade_model(workspace, "leaving", templates=first("v2"))
    assert (done.before, done.after, done.conflicts) == ("v1", "v2", ())
    assert set(done.changed) == {".copier-answers.yml", "README.md", "model.py"}
    spec = find_model(workspace, "leaving")
    assert (spec.thresholds[0].at_least, spec.owner) == (0.65, "retention and sales")
    assert "## Fairness" in (folder / "README.md").read_text()
    assert "The retention team decides" in (folder / "README.md").read_text()

    edit(folder / "model.py", 'slices=("gender", "contract"),', 'slices=("gender",),')
    again = upgrade_model(workspace, "leaving", templates=first("v3"))
    assert (again.before, again.after, again.conflicts) == ("v2", "v3", ())
    spec = find_model(workspace, "leaving")
    assert (spec.seed, spec.slices, spec.owner) == (20260101, ("gender",), "retention and sales")
    assert (folder / "CHECKLIST.md").is_file()
    assert "how often it is there" in (folder / "explore.ipynb").read_text()


def test_two_versions_at_once_lead_to_the_same(workspace, first, folder):
    done = upgrade_model(workspace, "leaving", templates=first("v2", "v3"))
    assert (done.before, done.after, done.conflicts) == ("v1", "v3", ())
    spec = find_model(workspace, "leaving")
    assert (spec.thresholds[0].at_least, spec.seed, spec.owner) == (0.65, 20260101, "retention and sales")


def test_the_newest_template_changes_nothing(workspace, first, folder):
    upgrade_model(workspace, "leaving", templates=first("v2"))
    before = snapshot(folder)
    done = upgrade_model(workspace, "leaving", templates=first())
    assert (done.before, done.after, done.changed) == ("v2", "v2", ())
    assert snapshot(folder) == before


def test_a_line_that_both_changed_is_marked_and_both_versions_are_kept(workspace, first, folder):
    edit(folder / "model.py", 'metric="roc_auc", at_least=0.6)', 'metric="roc_auc", at_least=0.8)')
    done = upgrade_model(workspace, "leaving", templates=first("v2"))
    (place,) = done.conflicts
    file, line = place.split(":")
    lines = (folder / file).read_text().splitlines()
    assert lines[int(line) - 1] == "<<<<<<< before updating"
    text = "\n".join(lines)
    assert "at_least=0.8" in text
    assert "at_least=0.65" in text
    assert ">>>>>>> after updating" in text
    assert "## Fairness" in (folder / "README.md").read_text()
    with pytest.raises(InvalidModelError, match=r"model\.py"):
        find_model(workspace, "leaving")


def test_an_upgrade_waits_until_conflicts_are_resolved(workspace, first, folder):
    edit(folder / "model.py", 'metric="roc_auc", at_least=0.6)', 'metric="roc_auc", at_least=0.8)')
    upgrade_model(workspace, "leaving", templates=first("v2"))
    before = snapshot(folder)
    with pytest.raises(InvalidModelError, match=r"still has conflicts of an earlier upgrade: model\.py:"):
        upgrade_model(workspace, "leaving", templates=first("v3"))
    assert snapshot(folder) == before


def test_a_notebook_that_was_run_stays_as_it_is_where_the_template_clashes(workspace, first, folder):
    notebook = json.loads((folder / "explore.ipynb").read_text())
    cell = next(one for one in notebook["cells"] if one["id"] == "label-words")
    cell["source"] = ["## My label"]
    (folder / "explore.ipynb").write_text(json.dumps(notebook, indent=1) + "\n")
    before = (folder / "explore.ipynb").read_bytes()
    done = upgrade_model(workspace, "leaving", templates=first("v2", "v3"))
    assert done.kept == ("explore.ipynb",)
    assert done.conflicts == ()
    assert (folder / "explore.ipynb").read_bytes() == before


def test_a_file_that_people_deleted_does_not_come_back(workspace, first, folder):
    (folder / "explore.ipynb").unlink()
    upgrade_model(workspace, "leaving", templates=first("v2", "v3"))
    assert not (folder / "explore.ipynb").exists()


def test_files_of_the_owners_own_stay(workspace, first, folder):
    (folder / "features.py").write_text("MINE = 1\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "model.pyc").write_bytes(b"\0")
    upgrade_model(workspace, "leaving", templates=first("v2", "v3"))
    assert (folder / "features.py").read_text() == "MINE = 1\n"
    assert (folder / "__pycache__" / "model.pyc").is_file()


def test_the_users_repository_is_neither_needed_nor_touched(workspace, first, folder, monkeypatch):
    subprocess.run(["git", "init", "-q", str(workspace.root)], check=True)
    monkeypatch.setenv("GIT_DIR", str(workspace.root / ".git"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    before = set((workspace.root / ".git").rglob("*"))
    upgrade_model(workspace, "leaving", templates=first("v2"))
    assert set((workspace.root / ".git").rglob("*")) == before


def test_a_model_written_by_hand_and_one_that_is_none_are_refused(workspace, first, folder):
    (folder / ".copier-answers.yml").unlink()
    with pytest.raises(ModelNotFoundError, match="was not made from a template"):
        upgrade_model(workspace, "leaving", templates=first("v2"))
    with pytest.raises(ModelNotFoundError, match=r"no model 'arriving'.*found leaving"):
        upgrade_model(workspace, "arriving", templates=first())


@pytest.mark.parametrize("answers", ["_commit: v9\n", "[1, 2]\n", "", "a: [\n"])
def test_answers_that_say_nothing_known_are_refused(workspace, first, folder, answers):
    (folder / ".copier-answers.yml").write_text(answers)
    with pytest.raises(InvalidModelError, match=r"copier-answers\.yml"):
        upgrade_model(workspace, "leaving", templates=first("v2"))


def test_without_git_it_says_what_is_missing(workspace, first, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    before = snapshot(folder)
    with pytest.raises(MissingToolError, match="git"):
        upgrade_model(workspace, "leaving", templates=first("v2"))
    assert snapshot(folder) == before
    assert os.environ["PATH"] == str(tmp_path)
