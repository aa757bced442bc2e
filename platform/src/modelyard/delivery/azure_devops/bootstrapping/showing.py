"""A plan as people read it."""

from __future__ import annotations

from collections import Counter

from modelyard.delivery.azure_devops.bootstrapping.planning import Plan
from modelyard.delivery.azure_devops.bootstrapping.thing import Change, Mark

MEANING: dict[Mark, str] = {"+": "to make", "~": "to change", "=": "right", "!": "for a person", ".": "waiting"}
DONE: dict[Mark, str] = {"+": "made", "~": "changed", "=": "right already", "!": "for a person", ".": "waiting"}


def plan_text(plan: Plan) -> str:
    """A table with a mark, the thing and what it is for; below each what differs; then a count, and what people do."""
    width = max((len(change.kind) for change in plan.changes), default=0)
    lines = [line for change in plan.changes for line in _lines(change, width)]
    counted = Counter(change.mark for change in plan.changes)
    words = DONE if plan.applied else MEANING
    lines += ["", ", ".join(f"{counted[mark]} {word}" for mark, word in words.items() if counted[mark])]
    if plan.for_people:
        lines += ["for a person, in this order; then run this again:"]
        lines += [f"  {change.kind} {change.name}: {'; '.join(change.details)}" for change in plan.for_people]
    return "\n".join(lines)


def _lines(change: Change, width: int) -> list[str]:
    first = f"{change.mark} {change.kind.ljust(width)}  {change.name}: {change.why}"
    return [first, *(f"    {' ' * width}{line}" for line in change.details)]
