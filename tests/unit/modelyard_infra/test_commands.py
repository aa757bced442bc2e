import json

import pytest
from click.testing import CliRunner

from modelyard_infra.commands import infra
from modelyard_infra.stacks.results import Change, StackResult
from modelyard_infra.stacks.showing import outputs_text, result_text


def result(action, *changes, **more):
    given = {"found": (), "unchanged": 3, "outputs": {}, "warnings": (), "seconds": 1.5, **more}
    return StackResult(environment="local", action=action, changes=changes, **given)


@pytest.fixture
def in_workspace(workspace, monkeypatch):
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("MODELYARD_STATE", raising=False)
    monkeypatch.delenv("MODELYARD_ROOT", raising=False)
    return workspace


def test_down_with_data_asks_and_a_no_removes_nothing(in_workspace):
    lake = in_workspace.of("local") / "data" / "lake"
    lake.mkdir(parents=True)
    answer = CliRunner().invoke(infra, ["down", "local", "--with-data"], input="n\n")
    assert answer.exit_code == 1
    assert "Remove all data of environment local" in answer.stderr
    assert lake.is_dir()


def test_every_verb_takes_an_environment_and_a_format():
    for verb in ("preview", "up", "refresh", "outputs", "down"):
        usage = CliRunner().invoke(infra, [verb, "--help"]).output
        assert "ENV" in usage
        assert "--format" in usage


def test_a_result_for_people_says_what_was_found_done_and_left():
    text = result_text(
        result(
            "up",
            Change("mlflow", "service", "update", "status: stopped → running"),
            found=(Change("mlflow", "service", "changed", "status: running → stopped"),),
            warnings=("service mlflow moves",),
            outputs={"connections": {"lake": "/lake", "images": None}},
        )
    )
    assert text.splitlines() == [
        "warning: service mlflow moves",
        "found changed service mlflow: status: running → stopped",
        "update service mlflow: status: stopped → running",
        "environment local: 1 changed, 3 as before",
        "connections:",
        "  lake: /lake",
    ]


def test_a_refresh_that_found_something_names_the_command_that_repairs():
    text = result_text(result("refresh", Change("RAW", "folder", "gone", "/lake/RAW")))
    assert text.endswith("repair it with: modelyard infra up local")
    assert "repair" not in result_text(result("refresh"))


def test_a_result_for_machines_is_complete():
    document = json.loads(json.dumps(result("up", Change("RAW", "folder", "create", "/RAW")).to_json()))
    assert document["changes"] == [
        {"name": "RAW", "kind": "folder", "operation": "create", "detail": "/RAW", "concern": ""}
    ]
    assert document["action"] == "up"


def test_outputs_are_shown_indented():
    assert outputs_text({"a": {"b": {"c": 1}}, "d": 2}) == "a:\n  b:\n    c: 1\nd: 2"


def test_after_down_people_read_that_their_data_is_kept():
    forgotten = [Change(name, "folder", "forget", f"/{name} is kept") for name in ("RAW", "CLEAN")]
    text = result_text(result("down", Change("mlflow", "service", "delete"), *forgotten))
    assert text.splitlines() == [
        "delete service mlflow",
        "environment local: 1 changed, 2 folders are kept with what is in them (--with-data removes them)",
    ]


@pytest.mark.parametrize("options", [["--back"], ["--percent", "10"], ["--releases", "r", "--back", "--percent", "10"]])
@pytest.mark.parametrize("verb", ["up", "preview"])
def test_options_of_releases_that_do_not_go_together_are_refused_before_anything_is_done(in_workspace, verb, options):
    answer = CliRunner().invoke(infra, [verb, "dev", "--simulate", *options])
    assert answer.exit_code == 2
    assert "--releases DIR" in answer.stderr or "leave --percent out" in answer.stderr
    assert not in_workspace.state.exists()


@pytest.mark.parametrize("percent", ["0", "101", "ten"])
def test_a_share_that_is_none_is_refused(in_workspace, percent):
    answer = CliRunner().invoke(infra, ["up", "dev", "--simulate", "--releases", "r", "--percent", percent])
    assert answer.exit_code == 2


def test_this_machine_is_not_released_to_as_infrastructure(in_workspace):
    answer = CliRunner().invoke(infra, ["up", "local", "--releases", "r"])
    assert "is on this machine" in str(answer.exception)
