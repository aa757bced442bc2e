"""The process of a task: heard while it runs, stopped with everything it started, never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from modelyard.workflow.flow import Task
from modelyard.workflow.processes import run_process

GRANDCHILD = "import time; time.sleep(600)"
CHILD = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {GRANDCHILD!r}])
print("grandchild", child.pid, flush=True)
time.sleep(600)
"""
PARENT = """
import sys
from modelyard.workflow.flow import Task
from modelyard.workflow.processes import ended_by_a_signal, run_process

task = Task(name="a", title="a", command=(sys.executable, "-c", sys.argv[1]))
with ended_by_a_signal():
    run_process(task, lambda line: print(line, flush=True))
"""


def python(code, **more):
    return Task(name="a", title="a", command=(sys.executable, "-c", code), **more)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pid):
    """Waits until a process is gone."""
    deadline = time.monotonic() + 30
    while is_running(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return not is_running(pid)


def test_every_line_is_passed_on_and_the_exit_code_is_the_commands():
    said = []
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(5)"
    assert run_process(python(code), said.append) == 5
    assert sorted(said) == ["one", "two"]


def test_a_command_of_ours_is_run_by_this_very_python():
    said = []
    assert run_process(Task(name="a", title="a", command=("modelyard", "--version")), said.append) == 0
    assert said[0].startswith("modelyard")


def test_a_task_whose_time_is_up_is_stopped_with_all_that_it_started(monkeypatch):
    monkeypatch.setattr("modelyard.workflow.processes.SECONDS_IN_A_MINUTE", 3)
    said = []
    assert run_process(python(CHILD, timeout_minutes=1), said.append) == 75
    (pid,) = [int(line.split()[1]) for line in said if line.startswith("grandchild")]
    assert gone(pid)
    assert said[-1] == "stopped: 1 minutes were up"


def test_a_task_that_is_killed_says_so_as_a_shell_would():
    assert run_process(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), lambda line: None) == 137


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_running_when_the_flow_itself_is_ended(number):
    flow = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with flow:
        pid = int(flow.stdout.readline().split()[1])
        assert is_running(pid)
        os.kill(flow.pid, number)
        flow.wait(60)
    assert gone(pid)
    assert not Path(f"/proc/{flow.pid}").exists()
