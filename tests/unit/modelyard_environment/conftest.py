import shutil
from pathlib import Path

import pytest

from modelyard.environment.loading import read_settings
from modelyard.environment.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A project of its own with the repository's environment files."""
    monkeypatch.delenv("MODELYARD_STATE", raising=False)
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    return Workspace.at(tmp_path)


@pytest.fixture
def rewrite(workspace):
    """Replaces a text in one environment file; the text has to be there."""

    def replace(name, old, new):
        file = workspace.environments / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def findings(workspace):
    """What is wrong with an environment: {key: finding}."""

    def read(name):
        settings = read_settings(workspace, name)
        assert (settings.environment is None) == bool(settings.findings)
        return {finding.key: finding for finding in settings.findings}

    return read
