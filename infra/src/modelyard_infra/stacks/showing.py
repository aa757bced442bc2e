"""Results of operations on a stack, as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from modelyard_infra.costs.showing import summary
from modelyard_infra.stacks.results import StackResult

FORGET = "forget"
"""What becomes of a folder when its stack goes: it holds data."""
NOTHING = {
    "preview": "nothing would change",
    "up": "nothing had to change",
    "refresh": "nothing was changed behind the stack's back",
    "down": "there was nothing to destroy",
}


def result_text(result: StackResult) -> str:
    """What happened, line by line: warnings, findings, changes, a summary, addresses."""
    lines = [f"warning: {warning}" for warning in result.warnings]
    lines += [f"{violation.level}: {violation.message}" for violation in result.findings.violations]
    if result.action != "refresh":
        lines += [f"found {finding}" for finding in result.found]
    lines += [str(change) for change in result.changes if change.operation != FORGET]
    lines += _by_concern(result)
    lines += result.notes
    lines.append(_summary(result))
    if result.estimate is not None:
        lines.append(f"environment {result.environment}: {summary(result.estimate)}")
    if result.action == "up" and result.outputs:
        lines.append(outputs_text(result.outputs))
    return "\n".join(lines)


def outputs_text(outputs: Mapping[str, Any]) -> str:
    """Outputs as indented `name: value` lines."""
    return "\n".join(_lines(outputs, depth=0))


def _by_concern(result: StackResult) -> list[str]:
    """How much there is to each concern of an environment in Azure: `network: 4 create, 1 update`."""
    counted: dict[str, Counter[str]] = {}
    for change in result.changes:
        if change.concern:
            counted.setdefault(change.concern, Counter())[change.operation] += 1
    return [
        f"{concern}: {', '.join(f'{number} {operation}' for operation, number in numbers.items())}"
        for concern, numbers in counted.items()
    ]


def _summary(result: StackResult) -> str:
    told = NOTHING[result.action] if not result.has_changes else f"{len(result.changes)} {_verb(result)}"
    next_step = ""
    if result.action == "refresh" and result.has_changes:
        next_step = f"; repair it with: {result.command('up')}"
    if result.simulated:
        next_step += " (simulated: nothing was touched in Azure)"
    forgotten = sum(change.operation == FORGET for change in result.changes)
    if forgotten:
        kept = f"{forgotten} folders are kept with what is in them (--with-data removes them)"
        return f"environment {result.environment}: {len(result.changes) - forgotten} changed, {kept}"
    return f"environment {result.environment}: {told}, {result.unchanged} as before{next_step}"


def _verb(result: StackResult) -> str:
    return "would change" if result.action == "preview" else "changed"


def _lines(values: Mapping[str, Any], *, depth: int) -> list[str]:
    lines = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += [f"{'  ' * depth}{name}:", *_lines(value, depth=depth + 1)]
        elif value is not None:
            lines.append(f"{'  ' * depth}{name}: {value}")
    return lines
