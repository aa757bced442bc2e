"""Running a flow on this machine: task after task; what does not depend on a failure goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from time import monotonic, sleep
from typing import Any, Literal

from modelyard.errors import RETRY_EXIT_CODE
from modelyard.workflow.flow import Flow, Task

State = Literal["done", "failed", "left out"]
Execute = Callable[[Task], int]
"""Does a task and gives its exit code."""
RETRY_SECONDS = 20.0
"""Between two attempts: what may be retried is held up by something that passes."""


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What became of a task."""

    task: str
    command: tuple[str, ...]
    state: State
    exit_code: int | None
    """None if it was left out."""
    attempts: int
    seconds: float
    because_of: tuple[str, ...] = ()
    """The tasks that it needs and that did not end well."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return asdict(self)


def run_flow(
    flow: Flow,
    execute: Execute,
    *,
    begin: Callable[[Task], None],
    pause: Callable[[float], None] = sleep,
) -> Iterator[TaskRun]:
    """Runs the tasks in order and yields each as it ends.

    A task that needs one that failed is left out. Every task may be run again at any time, so a flow that ended badly
    or was killed is continued by running it again.

    Args:
        flow: written out, with every place filled in.
        execute: does one task.
        begin: told of each task before it runs.
        pause: waits before a task is tried again. That happens only where its exit code says that it may help.
    """
    bad: set[str] = set()
    for task in flow.order():
        because_of = tuple(need for need in task.needs if need in bad)
        if because_of:
            bad.add(task.name)
            yield TaskRun(task.name, task.command, "left out", None, 0, 0.0, because_of)
            continue
        begin(task)
        begun = monotonic()
        exit_code, attempts = _attempt(task, execute, pause)
        if exit_code:
            bad.add(task.name)
        state: State = "failed" if exit_code else "done"
        yield TaskRun(task.name, task.command, state, exit_code, attempts, round(monotonic() - begun, 3))


def exit_code_of(runs: list[TaskRun]) -> int:
    """How the whole flow ended: 0, or as its first failure did."""
    return next((run.exit_code for run in runs if run.exit_code), 0)


def _attempt(task: Task, execute: Execute, pause: Callable[[float], None]) -> tuple[int, int]:
    attempts, exit_code = 1, execute(task)
    while exit_code == RETRY_EXIT_CODE and attempts <= task.retries:
        pause(RETRY_SECONDS)
        attempts, exit_code = attempts + 1, execute(task)
    return exit_code, attempts
