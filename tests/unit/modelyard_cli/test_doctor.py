"""`modelyard doctor` on the machine that runs the tests."""

import json
import shutil
import textwrap
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


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Another room that knows what Azure needs: a package with an entry point, as an installation leaves it."""
    module = f"room_{tmp_path.name}"  # one of its own for each test: a module is imported once

    def knows(*statuses):
        place = tmp_path / "installed"
        metadata = place / "stand_in_room-1.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stand-in-room\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[modelyard.doctor]\nazure = {module}:checks\n")
        (place / f"{module}.py").write_text(
            textwrap.dedent(f"""\
            from modelyard.environment.readiness import Check

            def checks(environment, *, simulate):
                for status in {statuses!r}:
                    yield Check(f"{{status}} in {{environment.name}}", status, "x" * 70, f"{{simulate}}", "mend it")
            """)
        )
        monkeypatch.syspath_prepend(str(place))

    return knows


def own_values(project):
    """Replaces what every environment file has as an example."""
    for file in (project / "environments").glob("*.yaml"):
        text = file.read_text()
        for mark, own in (
            ("00000000-0000-0000-0000-", "10000000-0000-0000-0000-"),
            ("203.0.113.", "203.0.112."),
            ("@example.com", "@company.example"),
            ("example-org", "company"),
            ("sha256:00000000", "sha256:10000000"),
        ):
            text = text.replace(mark, own)
        file.write_text(text)


def found_by_the_room(answer):
    document = json.loads(answer.stdout)
    return [one for one in document["checks"] if one["name"].endswith(" in dev")]


def test_what_another_room_finds_comes_last_and_can_be_missing(project, room):
    own_values(project)
    room("note", "missing")
    looked = run("dev", "--format", "json")
    assert [one["name"] for one in json.loads(looked.stdout)["checks"]][-2:] == ["note in dev", "missing in dev"]
    assert looked.exception.message == "dev cannot run yet: missing in dev"
    assert looked.exception.hint == "mend it"


def test_azure_is_not_asked_about_example_values(project, room):
    room("missing")
    looked = run("dev", "--format", "json")
    assert found_by_the_room(looked) == []
    assert "everything in Azure" in looked.stdout


def test_a_rehearsal_runs_with_example_values_and_asks_no_real_azure(project, room):
    room("ok")
    looked = run("dev", "--simulate", "--format", "json")
    assert looked.exit_code == 0, looked.output
    assert [one["needed"] for one in found_by_the_room(looked)] == ["True"]
    assert json.loads(looked.stdout)["simulated"] is True
    assert "dev can run: modelyard infra up dev --simulate" in run("dev", "--simulate").stdout


def test_long_findings_are_wrapped_and_not_cut(project, room):
    own_values(project)
    room("ok")
    lines = run("dev").stdout.splitlines()
    place = next(place for place, line in enumerate(lines) if "ok in dev" in line)
    assert "x" * 60 in lines[place]
    assert lines[place + 1].strip() == "x" * 10


def test_other_rooms_are_not_asked_about_this_machine(project, room):
    room("missing")
    assert run("local").exit_code == 0
