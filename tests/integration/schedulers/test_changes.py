"""What changed, asked of real repositories."""

import subprocess

import pytest

from modelyard.workflow.changes import changes

WHO = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")


class Repository:
    def __init__(self, root):
        self.root = root

    def git(self, *words):
        done = subprocess.run(["git", "-C", str(self.root), *WHO, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, **files):
        for name, text in files.items():
            (self.root / f"{name}.txt").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def changed(self, since="", **surroundings):
        return changes(self.root, since=since, surroundings=surroundings)


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "made")
    made.root.mkdir()
    made.git("init", "-q", "-b", "main")
    made.commit(first="1")
    return made


def test_without_a_word_it_is_what_the_last_commit_changed(repository):
    repository.commit(second="2")
    repository.commit(third="3")
    assert repository.changed().paths == ("third.txt",)


def test_what_is_not_committed_yet_counts(repository):
    repository.commit(second="2")
    (repository.root / "first.txt").write_text("another")
    (repository.root / "new.txt").write_text("new")
    assert repository.changed().paths == ("first.txt", "new.txt", "second.txt")


def test_since_a_commit_it_is_everything_after_it_and_both_names_of_what_was_moved(repository):
    begun = repository.commit(second="2")
    repository.git("mv", "second.txt", "moved to.txt")
    repository.git("commit", "-q", "-m", "moved")
    repository.commit(third="3")
    assert repository.changed(since=begun).paths == ("moved to.txt", "second.txt", "third.txt")


def test_a_name_that_git_would_quote_is_the_name_that_it_is(repository):
    repository.commit(**{"größe 'x'": "1"})
    assert repository.changed().paths == ("größe 'x'.txt",)


@pytest.mark.parametrize(
    "surroundings", [{"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, {"GITHUB_BASE_REF": "main"}]
)
def test_a_pull_request_is_compared_with_where_it_left_its_target(repository, surroundings):
    repository.git("checkout", "-q", "-b", "work")
    repository.commit(one="1")
    repository.commit(two="2")
    repository.git("checkout", "-q", "main")
    repository.commit(elsewhere="3")
    repository.git("checkout", "-q", "work")
    found = repository.changed(**surroundings)
    assert found.paths == ("one.txt", "two.txt")
    assert found.since == "where it left main"


def test_in_a_clone_the_target_is_the_remotes(repository, tmp_path):
    repository.git("checkout", "-q", "-b", "work")
    repository.commit(one="1")
    subprocess.run(["git", "clone", "-q", "-b", "work", str(repository.root), str(tmp_path / "clone")], check=True)
    assert Repository(tmp_path / "clone").changed(GITHUB_BASE_REF="main").paths == ("one.txt",)


def test_a_shallow_clone_says_that_it_does_not_know(repository, tmp_path):
    repository.commit(second="2")
    remote = f"file://{repository.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", remote, str(tmp_path / "clone")], check=True)
    clone = Repository(tmp_path / "clone")
    assert "no such commit" in clone.changed().unknown
    assert "shallow" in clone.changed(GITHUB_BASE_REF="main").unknown


def test_the_first_commit_an_unknown_one_and_no_repository_are_said(repository, tmp_path):
    assert "no such commit" in repository.changed().unknown
    assert "no such commit" in repository.changed(since="nowhere").unknown
    assert "no such commit" in repository.changed(GITHUB_BASE_REF="nowhere").unknown
    assert "no checkout of git" in changes(tmp_path, surroundings={"GIT_CEILING_DIRECTORIES": str(tmp_path)}).unknown


def test_what_looks_like_an_option_is_no_option(repository, tmp_path):
    repository.commit(second="2")
    found = repository.changed(since=f"--output={tmp_path / 'written'}")
    assert found.unknown
    assert not (tmp_path / "written").exists()
