"""What a step of the engine changes, as people read it: `sku.name: Basic → Premium`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modelyard_infra.plugin.wire import UNKNOWN

if TYPE_CHECKING:
    from pulumi.automation.events import StepEventMetadata

LONGEST_VALUE = 60
MOST = 4
"""Differences that are spelt out; of more, only how many there are is told."""
SPELT = {"None": "nothing", UNKNOWN: "what is known only afterwards"}
"""Values that say nothing to people."""
STEP = re.compile(r"\[(?:\"([^\"]*)\"|(\d+))\]|([^.\[\]]+)")
"""One step of a property's path: `name`, `[3]` or `["a.b"]`."""


def differences(step: StepEventMetadata) -> str:
    """What tells the new inputs from the old ones; where there is nothing to compare, where the resource is."""
    if step.old is None or step.new is None:
        return whereabouts(step)
    old, new = step.old.inputs or {}, step.new.inputs or {}
    paths = sorted({*(step.diffs or ()), *(step.detailed_diff or {})} - _covered(step))
    told = [_difference(path, _at(old, path), _at(new, path)) for path in paths[:MOST]]
    return "; ".join([*told, f"and {len(paths) - MOST} more"] if len(paths) > MOST else told)


def whereabouts(step: StepEventMetadata) -> str:
    """The path of a resource that has one."""
    state = step.new or step.old
    path = dict(state.inputs or {}).get("path") if state is not None else None
    return str(path or "")


def _covered(step: StepEventMetadata) -> set[str]:
    """Names of whole properties inside of which something is told in detail."""
    detailed = set(step.detailed_diff or {})
    return {name for name in step.diffs or () if any(re.match(rf"{re.escape(name)}[.\[]", path) for path in detailed)}


def _at(values: Mapping[str, Any], path: str) -> object:
    found: object = values
    for quoted, place, name in STEP.findall(path):
        if isinstance(found, Mapping):
            found = found.get(quoted or name)
        elif isinstance(found, Sequence) and not isinstance(found, str) and place and int(place) < len(found):
            found = found[int(place)]
        else:
            return None
    return found


def _difference(path: str, old: object, new: object) -> str:
    if isinstance(old, list | dict) or isinstance(new, list | dict):
        return f"{path} differs"
    return f"{path}: {_short(new)} as before" if old == new else f"{path}: {_short(old)} → {_short(new)}"


def _short(value: object) -> str:
    text = SPELT.get(str(value), str(value))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
