"""The repository's own Azure environments, and a bootstrap of one of them."""

import shutil
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.bootstrap.plan import bootstrap_steps

REPOSITORY = Path(__file__).resolve().parents[4]
ROLE = "7f951dda-4ed3-4680-a7ca-43fe172d538d"


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    monkeypatch.delenv("MODELYARD_STATE", raising=False)
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    return Workspace.at(tmp_path)


@pytest.fixture
def load(project):
    return lambda name: load_environment(project, name)


@pytest.fixture
def plan(load):
    """The steps of an environment whose graph assigns one role."""
    return lambda name: bootstrap_steps(load(name), [ROLE])
