"""What goes wrong around Pulumi's engine: it is killed, it is called twice, its state is spoilt, a port is taken."""

import dataclasses
import os
import socket
import subprocess
import threading
import time

import psutil
import pytest

from modelyard.environment.sections import Ports
from modelyard.environment.stack_outputs import checkpoint_file, read_checkpoint, read_connections
from modelyard.errors import ConfigurationError, ModelyardError, ProvisioningFailedError, StackBusyError
from modelyard_infra.engine.homes import local_home
from modelyard_infra.engine.locks import locks_of
from modelyard_infra.stacks.stack_state import pending_creates
from modelyard_infra.testing.drawing import draw_light, stand_in_command


def await_that(condition, *, what, seconds=30):
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"{what} did not happen within {seconds} s"
        pause.wait(0.05)


def with_ports(environment, tracking, model_api):
    ports = Ports(tracking=tracking, model_api=model_api)
    return environment.model_copy(update={"local": environment.local.model_copy(update={"ports": ports})})


def with_command(service, *more):
    def draw(environment, workspace):
        plan = draw_light(environment, workspace)
        services = [
            dataclasses.replace(one, command=stand_in_command(*more)) if one.name == service else one
            for one in plan.services
        ]
        return dataclasses.replace(plan, services=tuple(services))

    return draw


def has_pending_creates(place):
    return bool(pending_creates(read_checkpoint(place.workspace, "local") or {}))


SLOW_PROGRAM = """import dataclasses
from modelyard_infra.program import provision
from modelyard_infra.testing.drawing import draw_light, stand_in_command


def draw(environment, workspace):
    plan = draw_light(environment, workspace)
    slow = stand_in_command("--ready-when", GATE)
    return dataclasses.replace(plan, services=tuple(dataclasses.replace(one, command=slow) for one in plan.services))


provision(draw=draw)
"""


@pytest.fixture
def half_way(own_place):
    """A plain `pulumi up` that waits for its services until the gate is opened. The process is the engine's."""
    gate = own_place.workspace.root / "gate"
    (own_place.workspace.infra / "__main__.py").write_text(SLOW_PROGRAM.replace("GATE", repr(str(gate))))
    own_place.operation().preview()  # makes the wrapper and the stack
    running = subprocess.Popen(
        [str(own_place.workspace.state / "bin" / "pulumi"), "up", "-s", "local", "--yes", "--skip-preview"],
        cwd=own_place.workspace.infra,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await_that(lambda: has_pending_creates(own_place), what="a creation that had begun")
    await_that(lambda: len(own_place.processes()) == 3, what="a start of the services")
    yield running
    gate.touch()
    running.kill()
    running.wait()


def test_an_engine_killed_in_the_middle_locks_nobody_out_and_up_converges(own_place, half_way):
    with pytest.raises(StackBusyError, match=f"process {half_way.pid}") as refused:
        own_place.operation().up()
    assert "modelyard infra up local" in refused.value.hint

    plugins = psutil.Process(half_way.pid).children(recursive=True)
    half_way.kill()
    half_way.wait()
    assert [lock.is_stale for lock in locks_of(local_home(own_place.workspace), "local")] == [True]
    result = own_place.operation().up()

    assert {change.name for change in result.changes} >= {"mlflow", "model-api"}
    assert not has_pending_creates(own_place)
    _, left = psutil.wait_procs(plugins, timeout=10)
    assert left == []
    assert len(own_place.processes()) == 3
    assert not own_place.operation().up().has_changes
    own_place.operation().down()
    assert own_place.processes() == []


def test_down_after_an_engine_was_killed_leaves_no_process(own_place, half_way):
    half_way.kill()
    half_way.wait()
    own_place.operation().down()
    assert own_place.processes() == []


def test_down_leaves_no_process_even_if_the_state_is_spoilt(own_place):
    own_place.operation().up()
    checkpoint_file(own_place.workspace, "local").write_text("{ half a file")
    with pytest.raises(ModelyardError, match="no checkpoint of Pulumi"):
        own_place.operation().down()
    assert own_place.processes() == []


def test_two_checkouts_side_by_side_do_not_disturb_each_other(own_place, place):
    place.operation().up()
    before = {process.pid for process in place.processes()}
    own_place.operation().up()
    mine, theirs = (read_connections(one.workspace, "local") for one in (own_place, place))
    assert {mine.tracking, mine.model_api}.isdisjoint({theirs.tracking, theirs.model_api})
    own_place.operation().down(with_data=True)
    assert {process.pid for process in place.processes()} == before
    assert not place.operation().refresh().has_changes


def test_two_states_of_one_checkout_do_not_disturb_each_other(place, tmp_path):
    place.operation().up()
    other = dataclasses.replace(place, workspace=dataclasses.replace(place.workspace, state=tmp_path / "other"))
    try:
        other.operation().up()
        assert not place.operation().up().has_changes
    finally:
        other.operation().down(with_data=True)
    assert other.processes() == []
    assert not list(place.workspace.infra.glob("Pulumi.*.yaml"))


def test_a_taken_fixed_port_is_refused_with_its_holder_and_what_to_do(place):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        environment = with_ports(place.environment, port, "auto")
        with pytest.raises(ProvisioningFailedError) as refused:
            place.operation(environment).up()
    message = refused.value.message
    assert f"service mlflow: port {port} of mlflow is taken by " in message
    assert f"(process {os.getpid()})" in message
    assert "local.ports.tracking in environments/local.yaml" in message
    assert "Traceback" not in message
    result = place.operation().up()
    assert "mlflow" in {change.name for change in result.changes}


def test_a_kept_port_that_somebody_took_is_given_up_and_the_user_is_told(place):
    place.operation().up()
    old = int(read_connections(place.workspace, "local").tracking.rpartition(":")[2])
    process = place.process("mlflow")
    process.kill()
    psutil.wait_procs([process], timeout=10)
    with socket.create_server(("127.0.0.1", old)):
        result = place.operation().up()
    new = int(read_connections(place.workspace, "local").tracking.rpartition(":")[2])
    assert new != old
    assert [w for w in result.warnings if f"moves from port {old} to port {new}" in w]


def test_a_service_that_fails_is_told_with_the_end_of_its_log(place):
    place.operation().up()
    with pytest.raises(ProvisioningFailedError) as refused:
        place.operation(draw=with_command("model-api", "--fail")).up()
    assert "service model-api: model-api ended while it was starting: exit code 3" in refused.value.message
    assert "the stand-in was told to fail" in refused.value.message
    assert refused.value.hint.endswith("run again: modelyard infra up local; what exists is kept")
    result = place.operation().up()
    assert [change.name for change in result.changes] == ["model-api"]


def test_somebody_elses_passphrase_in_the_environment_does_no_harm(place, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of another project")
    place.operation().up()
    assert not place.operation().up().has_changes


def test_a_lost_passphrase_is_told_by_name(own_place):
    own_place.operation().preview()
    local_home(own_place.workspace).passphrase_file.unlink()
    with pytest.raises(ConfigurationError, match="passphrase of Pulumi's state is gone"):
        own_place.operation().preview()
