"""The life of a stack, with Pulumi's real engine and light services."""

import json
import urllib.request

import psutil
import pytest

from modelyard.environment.stack_outputs import read_connections
from modelyard.errors import NotProvisionedError


@pytest.fixture(scope="module")
def first_up(place):
    return place.operation().up()


@pytest.fixture(autouse=True)
def _provisioned(first_up):
    assert first_up.has_changes


def kill(process):
    process.kill()
    psutil.wait_procs([process], timeout=10)


def test_up_makes_folders_and_services_and_gives_connections(place, first_up):
    assert {change.operation for change in first_up.changes} == {"create"}
    assert {change.name for change in first_up.changes if change.kind == "service"} == {"mlflow", "model-api"}
    connections = read_connections(place.workspace, "local")
    for layer in ("source", "RAW", "CLEAN", "CURATED", "quarantine", "batches", "ledger"):
        assert (place.home / "data" / "lake" / "lake" / layer).is_dir()
    assert connections.lake == str(place.home / "data" / "lake" / "lake")
    for address in (connections.tracking, connections.model_api):
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            assert answer.status == 200


def test_services_listen_on_this_machine_only_and_the_supervisor_nowhere(place):
    assert place.process("supervisor").net_connections(kind="tcp") == []
    for service in ("mlflow", "model-api"):
        listening = [c.laddr.ip for c in place.process(service).net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]


def test_services_do_not_see_the_passphrase_or_other_variables_of_the_user(place):
    with urllib.request.urlopen(read_connections(place.workspace, "local").model_api, timeout=5) as answer:
        variables = json.load(answer)["variables"]
    assert "MODELYARD_SERVICE" in variables
    assert [name for name in variables if name.startswith(("PULUMI", "PYTEST"))] == []


def test_a_second_up_changes_nothing(place):
    before = {process.pid for process in place.processes()}
    result = place.operation().up()
    assert not result.has_changes
    assert result.unchanged == 13
    assert {process.pid for process in place.processes()} == before


def test_the_plain_cli_sees_the_same_stack_and_expects_no_changes(place):
    answer = place.pulumi("preview", "--expect-no-changes")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_refresh_says_which_signal_ended_a_service_and_up_repairs_it_on_the_same_port(place):
    before = read_connections(place.workspace, "local")
    other = place.process("model-api").pid
    kill(place.process("mlflow"))

    result = place.operation().refresh()

    assert [str(change) for change in result.changes] == [
        "changed service mlflow: status: running → stopped: killed by signal 9 (SIGKILL)"
    ]
    repaired = place.operation().up()
    assert [(change.name, change.operation) for change in repaired.changes] == [("mlflow", "update")]
    assert read_connections(place.workspace, "local") == before
    assert place.process("model-api").pid == other
    assert not place.operation().refresh().has_changes


def test_a_plain_pulumi_up_repairs_too_without_a_refresh_before(place):
    (place.home / "data" / "bundles").rmdir()
    kill(place.process("model-api"))
    assert place.pulumi("preview", "--expect-no-changes").returncode != 0
    answer = place.pulumi("up", "--yes", "--skip-preview")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (place.home / "data" / "bundles").is_dir()
    assert place.process("model-api").is_running()


def test_refresh_names_a_removed_folder(place):
    (place.home / "data" / "deployments").rmdir()
    result = place.operation().refresh()
    assert [(change.name, change.operation) for change in result.changes] == [("deployments", "gone")]
    assert {change.name for change in place.operation().up().changes} == {"deployments"}


def test_a_supervisor_that_was_killed_takes_its_services_along_and_up_repairs_all(place):
    before = read_connections(place.workspace, "local")
    orphans = [place.process("mlflow"), place.process("model-api")]
    kill(place.process("supervisor"))

    found = {change.name: str(change) for change in place.operation().refresh().changes}

    assert found["supervisor"].startswith("gone supervisor")
    assert found["mlflow"].endswith("stopped: its supervisor is gone")
    place.operation().up()
    assert read_connections(place.workspace, "local") == before
    assert not any(orphan.is_running() for orphan in orphans)
    assert place.pulumi("preview", "--expect-no-changes").returncode == 0


def test_a_changed_setting_restarts_only_the_service_that_it_touches(place):
    tracking = place.process("mlflow").pid
    environment = place.environment
    serving = environment.serving.model_copy(update={"drain_seconds": 3.0})
    changed = place.operation(environment.model_copy(update={"serving": serving}))

    foreseen = changed.preview()
    result = changed.up()

    assert [str(change) for change in result.changes] == ["update service model-api: stop_seconds: 15 → 8"]
    assert foreseen.changes == result.changes
    assert place.process("mlflow").pid == tracking


def test_down_leaves_no_process_and_keeps_the_data(place):
    kept = place.home / "data" / "lake" / "lake" / "RAW" / "table"
    kept.write_text("rows")

    result = place.operation().down()

    assert place.processes() == []
    assert kept.read_text() == "rows"
    assert {change.operation for change in result.changes} == {"delete", "forget"}
    with pytest.raises(NotProvisionedError, match="not provisioned"):
        read_connections(place.workspace, "local")
    assert place.operation().down().changes == ()


def test_up_after_down_finds_its_ports_again_and_a_plain_destroy_leaves_no_process_either(place, first_up):
    result = place.operation().up()
    assert result.outputs["connections"] == first_up.outputs["connections"]
    answer = place.pulumi("destroy", "--yes", "--skip-preview")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert place.processes() == []


def test_down_with_data_removes_all(place):
    assert (place.home / "data" / "lake").is_dir()
    result = place.operation().down(with_data=True)
    assert [str(change) for change in result.changes] == [f"delete folder data: {place.home}"]
    assert not place.home.exists()
