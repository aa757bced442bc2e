"""Holds a resource's inputs against what Azure accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeAlias

from modelyard_infra.blueprint.graph import Joined, Ref
from modelyard_infra.catalogue.loading import load_catalogue
from modelyard_infra.catalogue.shapes import ObjectShape, Shape
from modelyard_infra.catalogue.values import is_known, is_list, is_number

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """Something in a resource's inputs that Azure would refuse."""

    path: str
    """Where, in azure-native's names: `networkRuleSet.ipRules[0].action`."""
    found: str
    """What stands there."""
    allowed: str
    """What may stand there."""

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}; allowed: {self.allowed}"


def problems(kind: str, properties: Mapping[str, Any]) -> list[SpecProblem]:
    """What Azure would refuse in these inputs; nothing if it would accept them.

    A reference counts as a text that is not known yet, and Pulumi's unknown value as whatever is right. A property
    whose value is None counts as not given.

    Raises:
        UnknownKindError: the catalogue has no table of this kind.
    """
    return list(_object("", properties, load_catalogue()[kind].object))


def _object(path: str, value: Mapping[str, Any], shape: ObjectShape) -> Iterator[SpecProblem]:
    before = f"{path}." if path else ""
    yield from _properties(before, value, shape.properties)
    for condition in shape.conditions:
        for where, found in condition.broken_at(value):
            yield SpecProblem(before + where, _shown(found), condition.says)


def _properties(before: str, value: Mapping[str, Any], level: Mapping[str, Shape]) -> Iterator[SpecProblem]:
    for name in value:
        if name not in level:
            near = get_close_matches(name, level, n=1)
            yield SpecProblem(before + name, "an unknown property", near[0] if near else ", ".join(level))
    for name, shape in level.items():
        given = value.get(name)
        if given is not None and shape.read_only:
            yield SpecProblem(before + name, _shown(given), "nothing: only Azure sets it")
        elif given is not None:
            yield from _value(before + name, given, shape)
        elif shape.required and not shape.read_only:
            yield SpecProblem(before + name, "nothing", f"required: {_wanted(shape)}")


def _value(path: str, value: object, shape: Shape) -> Iterator[SpecProblem]:
    if isinstance(value, Ref | Joined):
        if shape.type not in ("string", "any"):
            yield SpecProblem(path, "a reference, which is a text", _wanted(shape))
    elif is_known(value):
        fits, check = _CHECKS[shape.type]
        if not fits(value):
            yield SpecProblem(path, _shown(value), _wanted(shape))
        elif check:
            yield from check(path, value, shape)


def _text(path: str, value: str, shape: Shape) -> Iterator[SpecProblem]:
    if (
        (shape.allowed and value not in shape.allowed)
        or (shape.pattern and not _compiled(shape.pattern).search(value))
        or not _within(len(value), shape.min_length, shape.max_length)
    ):
        yield SpecProblem(path, _shown(value), _wanted(shape))


def _number(path: str, value: float, shape: Shape) -> Iterator[SpecProblem]:
    if not _within(value, shape.minimum, shape.maximum):
        yield SpecProblem(path, _shown(value), _wanted(shape))


def _list(path: str, value: Sequence[Any], shape: Shape) -> Iterator[SpecProblem]:
    if not _within(len(value), shape.min_items, shape.max_items):
        yield SpecProblem(path, f"{len(value)} entries", _wanted(shape))
    if shape.items:
        for index, item in enumerate(value):
            yield from _value(f"{path}[{index}]", item, shape.items)
    yield from _together(path, [item for item in value if isinstance(item, Mapping)], shape)


def _together(path: str, items: Sequence[Mapping[str, Any]], shape: Shape) -> Iterator[SpecProblem]:
    """What the entries of a list must be to each other."""
    for names in shape.unique:
        keys = [tuple(str(item.get(name)) for name in names) for item in items]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                yield SpecProblem(f"{path}[{index}]", " ".join(key), f"{' and '.join(names)} that no other entry has")
    for name, total in shape.sums_to.items():
        found = sum(item.get(name) or 0 for item in items)
        if items and found != total:
            yield SpecProblem(path, f"{name}s with the sum {found}", f"{name}s with the sum {total}")


def _map(path: str, value: Mapping[str, Any], shape: Shape) -> Iterator[SpecProblem]:
    if not _within(len(value), shape.min_items, shape.max_items):
        yield SpecProblem(path, f"{len(value)} entries", _wanted(shape))
    if shape.items:
        for key, item in value.items():
            yield from _value(f"{path}.{key}", item, shape.items)


def _fields(path: str, value: Mapping[str, Any], shape: Shape) -> Iterator[SpecProblem]:
    yield from _object(path, value, shape.object)


def _union(path: str, value: Mapping[str, Any], shape: Shape) -> Iterator[SpecProblem]:
    chosen = value.get(shape.discriminator)
    if isinstance(chosen, str) and chosen in shape.members:
        yield from _object(path, value, shape.choice(chosen))
    else:
        yield SpecProblem(f"{path}.{shape.discriminator}", _shown(chosen), f"one of {', '.join(shape.members)}")


_Check: TypeAlias = Callable[[str, Any, Shape], Iterator[SpecProblem]]
_CHECKS: Mapping[str, tuple[Callable[[object], bool], _Check | None]] = {
    "string": (lambda value: isinstance(value, str), _text),
    "boolean": (lambda value: isinstance(value, bool), None),
    "integer": (lambda value: is_number(value) and float(value).is_integer(), _number),
    "number": (is_number, _number),
    "array": (is_list, _list),
    "map": (lambda value: isinstance(value, Mapping), _map),
    "object": (lambda value: isinstance(value, Mapping), _fields),
    "union": (lambda value: isinstance(value, Mapping), _union),
    "any": (lambda _: True, None),
}


def _within(value: float, smallest: float | None, largest: float | None) -> bool:
    return (smallest is None or value >= smallest) and (largest is None or value <= largest)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def _wanted(shape: Shape) -> str:
    """What a shape accepts, in words."""
    if shape.allowed:
        return f"one of {', '.join(shape.allowed)}"
    parts = [_NOUNS[shape.type]]
    for smallest, largest, what in (
        (shape.min_length, shape.max_length, "characters"),
        (shape.min_items, shape.max_items, "entries"),
        (shape.minimum, shape.maximum, ""),
    ):
        if smallest is not None or largest is not None:
            parts.append(f"{_span(smallest, largest)} {what}".rstrip())
    if shape.pattern:
        parts.append(f"matching {shape.pattern}")
    return ", ".join(parts)


_NOUNS = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "map": "a mapping",
    "object": "an object",
    "union": "an object",
    "any": "anything",
}


def _span(smallest: float | None, largest: float | None) -> str:
    if smallest is None:
        return f"at most {largest}"
    return f"at least {smallest}" if largest is None else f"{smallest} to {largest}"
