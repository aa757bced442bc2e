"""The code that a version was trained with is found again, or it is said what is different."""

import subprocess

import pytest

from modelyard.environment.workspace import Workspace
from modelyard_pipelines.model.checkouts import code_of


def git(root, *words):
    said = ["git", "-C", str(root), "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *words]
    return subprocess.run(said, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path / "project", state=tmp_path / "state")


@pytest.fixture
def commits(workspace):
    """Two commits of a file."""
    workspace.root.mkdir()
    git(workspace.root, "init", "-q")
    made = []
    for content in ("first", "second"):
        (workspace.root / "model.py").write_text(content)
        git(workspace.root, "add", ".")
        git(workspace.root, "commit", "-qm", content)
        made.append(git(workspace.root, "rev-parse", "HEAD"))
    return made


def test_the_commit_that_is_checked_out_is_this_checkout(workspace, commits):
    with code_of(workspace, commits[1]) as code:
        assert (code.root, code.exact) == (workspace.root, True)


def test_another_commit_is_a_worktree_that_is_gone_afterwards(workspace, commits):
    with code_of(workspace, commits[0]) as code:
        assert (code.root / "model.py").read_text() == "first"
        assert code.exact
        assert (workspace.root / "model.py").read_text() == "second"
    assert not code.root.exists()
    assert len(git(workspace.root, "worktree", "list").splitlines()) == 1


def test_what_a_kill_left_of_a_worktree_is_no_hindrance(workspace, commits):
    git(workspace.root, "worktree", "add", "--detach", str(workspace.state / "worktrees" / commits[0][:12]), commits[0])
    with code_of(workspace, commits[0]) as code:
        assert (code.root / "model.py").read_text() == "first"


def test_a_checkout_with_changes_is_not_the_commit(workspace, commits):
    (workspace.root / "model.py").write_text("third")
    with code_of(workspace, commits[1]) as code:
        assert code.root != workspace.root
        assert (code.root / "model.py").read_text() == "second"


@pytest.mark.parametrize("place", [0, 1])
def test_changes_that_nobody_committed_are_said(workspace, commits, place):
    with code_of(workspace, f"{commits[place]}-dirty") as code:
        assert (code.root, code.exact) == (workspace.root, False)
        assert "nobody committed" in code.said


@pytest.mark.parametrize(
    ("commit", "said"), [("f" * 40, "is not in this clone"), ("unknown", "no commit was recorded")]
)
def test_a_commit_that_cannot_be_had_is_said_and_this_checkout_is_used(workspace, commits, commit, said):
    with code_of(workspace, commit) as code:
        assert (code.root, code.exact) == (workspace.root, False)
        assert said in code.said


def test_outside_of_git_this_checkout_is_used(workspace):
    workspace.root.mkdir()
    with code_of(workspace, "f" * 40) as code:
        assert (code.root, code.exact) == (workspace.root, False)


def test_a_process_runs_the_code_of_the_worktree_on_the_state_of_the_workspace(workspace, commits):
    (workspace.root / "platform" / "src").mkdir(parents=True)
    (workspace.root / "ml" / "training" / "src").mkdir(parents=True)
    with code_of(workspace, commits[1]) as code:
        found = code.environment(workspace)
    root = workspace.root
    assert found["PYTHONPATH"] == f"{root}/platform/src:{root}/ml/training/src"
    assert (found["MODELYARD_ROOT"], found["MODELYARD_STATE"]) == (str(root), str(workspace.state))
