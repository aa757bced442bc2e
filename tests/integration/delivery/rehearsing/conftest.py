"""A small project in a git repository of its own, whose pipelines are rehearsed."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.delivery.rehearsing.running import rehearse
from modelyard.delivery.rehearsing.wishes import Company, Wishes

NAMED = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com"}
COMMITTED = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
FILE = "pipeline.yml"


class Project:
    """A repository, and the rehearsals of it."""

    def __init__(self, folder):
        self.root = folder / "project"
        self.home = folder / "state" / "rehearsals"
        self.said = folder / "said"
        """Where steps leave marks that outlive every agent."""
        self.said.mkdir()
        self.root.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main", ".")

    def git(self, *words):
        surroundings = {**os.environ, **NAMED, **COMMITTED}
        done = subprocess.run(
            ["git", "-C", self.root, *words], env=surroundings, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, text, file=FILE, **others):
        """Commits a pipeline and other files; `@said` stands for a folder that outlives agents."""
        content = textwrap.dedent(text).replace("@said", str(self.said))
        for name, value in {file: content, **{key.replace("__", "."): value for key, value in others.items()}}.items():
            (self.root / name).write_text(value)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def wishes(self, **given):
        file = "" if "rerun" in given else FILE
        return replace(Wishes(root=self.root, home=self.home, file=file), **given)

    def rehearse(self, company=None, **wishes):
        return rehearse(self.wishes(**wishes), company or Company(person="Ada"))

    def marks(self):
        """What steps wrote into @said/marks, in order."""
        file = self.said / "marks"
        return file.read_text().split() if file.is_file() else []

    def texts(self, finished):
        """Every file of a run, but not git's own."""
        files = [path for path in finished.folder.path.rglob("*") if path.is_file() and ".git" not in path.parts]
        return {
            path.relative_to(finished.folder.path).as_posix(): path.read_bytes().decode(errors="replace")
            for path in files
        }

    def log(self, finished, stage, job, ending):
        found = [path for path in finished.folder.logs(stage, job).iterdir() if path.name.endswith(f"{ending}.log")]
        assert len(found) == 1, sorted(path.name for path in finished.folder.logs(stage, job).iterdir())
        return found[0].read_text()


def results(record):
    """Results by stage and job."""
    return {
        **{stage.name: stage.result for stage in record.stages},
        **{f"{stage.name}/{job.key}": job.result for stage in record.stages for job in stage.jobs},
    }


def step_results(record):
    """Results by the label of each step."""
    return {step.label: step.result for _, _, step in record.steps}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def results_of():
    return results


@pytest.fixture
def step_results_of():
    return step_results


@pytest.fixture
def environments():
    """The environment files of this project, for those tests that go through the command line."""
    return Path(__file__).resolve().parents[4] / "environments"


@pytest.fixture
def workspace(project, environments):
    """The project with environment files, so that the command line finds its workspace there."""
    shutil.copytree(environments, project.root / "environments")
    return project
