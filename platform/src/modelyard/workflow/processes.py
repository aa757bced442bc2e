"""A task as a process: the same command line as this one, with nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modelyard.errors import RETRY_EXIT_CODE
from modelyard.workflow.flow import Task

COMMAND = "modelyard"
THIS_COMMAND = (sys.executable, "-c", "from modelyard.cli.main import main; main()")
"""`modelyard` of this very installation, whatever PATH says."""
GRACE_SECONDS = 10.0
SIGNALLED = 128
"""A shell's word for a process that was ended by a signal: this, and the signal's number."""
SECONDS_IN_A_MINUTE = 60


def run_process(task: Task, say: Callable[[str], None]) -> int:
    """Runs a task's command and passes on, line by line, what it says. Its own children end with it.

    Returns:
        Its exit code; 75 where its time was up, since every task may be run again.
    """
    first, *words = task.command
    with subprocess.Popen(
        [*(THIS_COMMAND if first == COMMAND else (first,)), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        late = threading.Event()
        timer = threading.Timer(task.timeout_minutes * SECONDS_IN_A_MINUTE, _time_is_up, (process, late))
        timer.start()
        try:
            for line in process.stdout or ():
                say(line.rstrip())
            exit_code = process.wait()
        finally:
            timer.cancel()
            end(process)
    if late.is_set():
        say(f"stopped: {task.timeout_minutes} minutes were up")
        return RETRY_EXIT_CODE
    return exit_code if exit_code >= 0 else SIGNALLED - exit_code


@contextmanager
def ended_by_a_signal() -> Iterator[None]:
    """Lets SIGTERM end the block as Ctrl-C does, so that the process of a task is not left behind."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end(process: subprocess.Popen[str]) -> None:
    """Ends a process and everything that it has started: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE_SECONDS)
        except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
            continue


def _time_is_up(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    end(process)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt
