"""A flow as a text: every task below what it needs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from modelyard.workflow.flow import Flow, Task


def draw(flow: Flow) -> str:
    """The graph as lines: a task stands below the last of the tasks that it needs, and names the others."""
    order = flow.order()
    below: dict[str, list[Task]] = {task.name: [] for task in order}
    roots: list[Task] = []
    for task in order:
        (below[task.needs[-1]] if task.needs else roots).append(task)
    lines = [line for root in roots for line in _lines(root, below, "", "")]
    width = max((len(left) for left, _ in lines), default=0)
    return "\n".join(f"{left.ljust(width)}  {right}" for left, right in lines)


def _lines(task: Task, below: dict[str, list[Task]], first: str, rest: str) -> Iterator[tuple[str, str]]:
    others = f"   (after {', '.join(task.needs[:-1])} too)" if len(task.needs) > 1 else ""
    yield f"{first}{task.name}", f"{shlex.join(task.command)}{others}"
    children = below[task.name]
    for child in children:
        last = child is children[-1]
        yield from _lines(child, below, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")
