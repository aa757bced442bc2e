"""A workspace with the repository's own environment files."""

import shutil
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def repository():
    return REPOSITORY


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    return Workspace(root=tmp_path, state=tmp_path / ".modelyard")


@pytest.fixture
def environment(workspace):
    return load_environment(workspace, "local")
