"""Differences as the real provider sees them.

Source of every rule: pulumi/pulumi-azure-native, provider/pkg/provider/diff.go and pull request 4785.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator.paths import Json
from modelyard_infra.simulator.request import normal_location

ADD, DELETE, UPDATE = "add", "delete", "update"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    path: str
    """Where, as Pulumi writes it: `template.containers[0].image`."""
    what: str
    """add, delete or update."""
    replaces: bool = False
    """Whether it takes a new resource."""


def changes(old: Properties, new: Properties, replacing: Collection[str], outputs: Properties) -> list[Change]:
    """What tells new inputs from old ones.

    Args:
        old: the inputs that were applied last.
        new: the wanted ones.
        replacing: paths whose change takes a new resource, with `[]` for elements of lists.
        outputs: what Azure answered last.
    """
    found = list(_objects(_comparable(old), _comparable(new), "", "", replacing))
    return [_kept(change, old, new, outputs) for change in found]


def _comparable(inputs: Properties) -> Properties:
    return {name: normal_location(value) if name == "location" else value for name, value in inputs.items()}


def _kept(change: Change, old: Properties, new: Properties, outputs: Properties) -> Change:
    """To write down what is so anyway replaces nothing."""
    name = change.path
    if (
        change.replaces
        and change.what == ADD
        and name not in old
        and name in outputs
        and outputs[name] == new.get(name)
    ):
        return Change(change.path, change.what)
    return change


def _objects(
    old: Mapping[str, Json], new: Mapping[str, Json], path: str, place: str, replacing: Collection[str]
) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        here, spot = path + name, place + name
        if name not in old:
            yield Change(here, ADD, spot in replacing)
        elif name not in new:
            # What is no longer said stays as it is: nothing must be made anew for that.
            yield Change(here, DELETE)
        elif old[name] != new[name]:
            yield from _values(old[name], new[name], here, spot, replacing)


def _values(old: Json, new: Json, path: str, place: str, replacing: Collection[str]) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for change in _objects(old, new, f"{path}.", f"{place}.", replacing):
            inherits = change.what == UPDATE and place in replacing
            yield Change(change.path, change.what, change.replaces or inherits)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            here = f"{path}[{index}]"
            if index >= len(old):
                yield Change(here, ADD)
            elif index >= len(new):
                yield Change(here, DELETE)
            elif old[index] != new[index]:
                yield from _values(old[index], new[index], here, f"{place}[]", replacing)
    else:
        yield Change(path, UPDATE, place in replacing)


def drifted(inputs: Json, before: Json, after: Json) -> Json:
    """Inputs with what changed behind the stack's back: the difference of two answers, applied to what was sent.

    Args:
        inputs: what was sent.
        before: the answer then, without what only Azure sets.
        after: the answer now, likewise.
    """
    if all(isinstance(value, Mapping) for value in (inputs, before, after)):
        return _drifted_object(inputs, before, after)
    if all(isinstance(value, list) for value in (inputs, before, after)):
        return [
            drifted(inputs[index], before[index], value) if index < min(len(inputs), len(before)) else value
            for index, value in enumerate(after)
        ]
    return after


def _drifted_object(inputs: Mapping[str, Json], before: Mapping[str, Json], after: Mapping[str, Json]) -> Properties:
    result = {name: value for name, value in inputs.items() if name in after or name not in before}
    for name, value in after.items():
        if name not in before:
            result[name] = value
        elif before[name] != value:
            result[name] = drifted(inputs[name], before[name], value) if name in inputs else value
    return result
