"""`modelyard doctor` on the machine that runs the tests."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.cli.doctor import doctor
from modelyard.errors import MissingToolError, UnknownEnvironmentError, exit_code_of

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose tools are there, so that nothing is looked for in the network."""
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    monkeypatch.setenv("MODELYARD_STATE", str(tmp_path / "state"))
    for name in ("uv", "pulumi"):
        tool = tmp_path / "state" / "bin" / name
        tool.parent.mkdir(parents=True, exist_ok=True)
        tool.touch()
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(doctor, arguments)


def test_a_machine_that_runs_the_tests_can_run_local(project):
    looked = run()
    assert looked.exit_code == 0, looked.output
    assert "local can run: modelyard infra up local" in looked.stdout
    document = json.loads(run("--format", "json").stdout)
    assert document["environment"] == "local"
    assert document["ready"] is True
    assert {"Python", "git", "uv", "Pulumi CLI", "disk space", "state folder"} <= {
        one["name"] for one in document["checks"]
    }


def test_nothing_is_written(project):
    before = sorted(project.rglob("*"))
    run()
    assert sorted(project.rglob("*")) == before


def test_what_is_missing_ends_with_3_and_the_next_step(project):
    looked = run("dev")
    assert isinstance(looked.exception, MissingToolError)
    assert exit_code_of(looked.exception) == 3
    assert "example values" in looked.exception.message
    assert looked.exception.hint.startswith("replace them in")
    assert "what to do:" in looked.stdout


def test_an_unknown_environment_is_refused(project):
    assert isinstance(run("staging").exception, UnknownEnvironmentError)
