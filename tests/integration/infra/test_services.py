"""Services under a real supervisord, without Pulumi's engine: what goes wrong with processes and ports."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from modelyard_infra.local import ports
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.local.processes import MARK, marked, marked_below
from modelyard_infra.local.service import ServiceKind
from modelyard_infra.local.supervisor import SupervisorKind, stop
from modelyard_infra.testing.drawing import stand_in_command

KIND = ServiceKind()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yard") / "local"
    yield folder
    stop(folder)
    assert marked_below(folder) == []


@pytest.fixture(scope="module")
def supervisor(home):
    inputs = {"home": str(home), "run": str(home / "run"), "logs": str(home / "logs")}
    return SupervisorKind().create(inputs, Call()).outputs


@pytest.fixture
def inputs(home, supervisor, request):
    """A service's inputs, named like the test; it is stopped after the test."""
    name = request.node.name.removeprefix("test_")[:40]

    def make(*more, **changed):
        return {
            "name": name,
            "command": list(stand_in_command(*more)),
            "environment": {},
            "folder": str(home),
            "port": "auto",
            "port_setting": "",
            "health": "/health",
            "log": str(home / "logs" / f"{name}.log"),
            "start_seconds": 20,
            "stop_seconds": 1,
            "home": str(home),
            "run": str(home / "run"),
            "logs": str(home / "logs"),
            "socket": supervisor["socket"],
            "supervisor": supervisor["instance"],
            "status": "running",
            **changed,
        }

    yield make
    KIND.delete(make(), Call())
    assert marked(f"{home}/{name}") == []


def processes_of(found):
    return marked(found.id)


def read(found):
    again = KIND.read(found.id, found.inputs, found.outputs)
    assert again is not None
    return again


def test_a_service_that_answers_with_an_error_is_unhealthy_and_that_is_drift(inputs, tmp_path):
    sick = tmp_path / "sick"
    found = KIND.create(inputs("--sick-while", str(sick)), Call())
    assert read(found).outputs["status"] == "running"
    sick.touch()
    ill = read(found)
    assert ill.outputs["status"] == "unhealthy: /health answers 503"
    assert KIND.diff(ill.inputs, ill.outputs, found.inputs).changed == ("status",)


def test_a_service_that_hangs_is_unhealthy(inputs):
    found = KIND.create(inputs(), Call())
    processes_of(found)[0].send_signal(signal.SIGSTOP)
    hung = ServiceKind(health_seconds=0.3).read(found.id, found.inputs, found.outputs)
    assert hung is not None
    assert hung.outputs["status"] == "unhealthy: no answer on /health within 0.3 s"


def test_a_service_that_was_asked_to_end_by_somebody_else_says_so(inputs):
    found = KIND.create(inputs(), Call())
    processes_of(found)[0].terminate()
    psutil.wait_procs(processes_of(found), timeout=10)
    assert read(found).outputs["status"] == "stopped: killed by signal 15 (SIGTERM)"


def test_a_child_that_outlives_its_killed_parent_is_cleared_and_the_port_is_kept(inputs):
    found = KIND.create(inputs("--in-child"), Call())
    parent, child = sorted(processes_of(found), key=lambda process: process.create_time())
    parent.kill()
    psutil.wait_procs([parent], timeout=10)
    broken = read(found)
    assert broken.outputs["status"] == "stopped: killed by signal 9 (SIGKILL)"
    assert not ports.is_free(found.outputs["port"])

    repaired = KIND.update(found.inputs, broken.outputs, Call())

    assert repaired["port"] == found.outputs["port"]
    assert not child.is_running()


def test_a_stranger_on_the_kept_port_is_left_alone(inputs):
    found = KIND.create(inputs(), Call())
    KIND.delete(found.outputs, Call())
    port = found.outputs["port"]
    command = [sys.executable, "-m", "modelyard_infra.testing.stand_in", "--port", str(port)]
    stranger = subprocess.Popen(command, env={k: v for k, v in os.environ.items() if k != MARK})
    try:
        until = time.monotonic() + 20
        while ports.is_free(port) and time.monotonic() < until:
            threading.Event().wait(0.05)
        told = []
        again = KIND.create(inputs(), Call(warn=told.append))
        assert again.outputs["port"] != port
        assert f"is now taken by python (process {stranger.pid})" in told[0]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_that_is_lost_between_choice_and_start_is_replaced_by_another(inputs, tmp_path):
    file = tmp_path / "stranger"
    told = []
    found = KIND.create(inputs("--give-away", str(file)), Call(note=told.append))
    try:
        assert [line for line in told if "starting" in line and str(found.outputs["port"]) in line]
        assert len([line for line in told if "starting" in line]) == 2
    finally:
        stranger = psutil.Process(int(file.read_text()))
        stranger.kill()
        psutil.wait_procs([stranger], timeout=10)


def test_a_service_that_never_gets_ready_is_stopped_and_told(inputs, tmp_path):
    with pytest.raises(LocalResourceError, match=r"not healthy after 1 s: nothing listens on port \d+; see "):
        KIND.create(inputs("--ready-when", str(tmp_path / "never"), start_seconds=1), Call())


def test_a_cancelled_start_leaves_nothing(inputs, tmp_path):
    call = Call()
    call.cancelled.set()
    with pytest.raises(LocalResourceError, match="the update was cancelled"):
        KIND.create(inputs("--ready-when", str(tmp_path / "never")), call)


def test_a_service_that_listens_to_nobody_is_killed(inputs):
    found = KIND.create(inputs(), Call())
    process = processes_of(found)[0]
    process.send_signal(signal.SIGSTOP)
    KIND.delete(found.outputs, Call())
    assert not process.is_running()


def test_a_command_that_does_not_exist_is_told(inputs):
    with pytest.raises(LocalResourceError, match="ended while it was starting"):
        KIND.create(inputs(command=["/no/such/program", "{port}"]), Call())


def test_values_reach_the_service_as_they_are(inputs, home):
    odd = "50% of \"it\"; 'quoted' # and $HOME\nin two lines"
    found = KIND.create(inputs(environment={"ODD": odd}), Call())
    assert processes_of(found)[0].environ()["ODD"] == odd


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    from modelyard_infra.local.daemon import socket_folder

    home = tmp_path / "home"
    socket_folder(home).symlink_to(tmp_path)
    inputs = {"home": str(home), "run": str(home / "run"), "logs": str(home / "logs")}
    with pytest.raises(LocalResourceError, match="belongs to somebody else"):
        SupervisorKind().create(inputs, Call())
