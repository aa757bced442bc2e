"""Paths into properties: `a.b` goes into objects, `a[].b` into every element of a list or every key of a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from modelyard_infra.plugin.wire import UNKNOWN, Properties

Json: TypeAlias = Any
"""A value of properties: whatever JSON can say."""


def values_at(properties: Json, path: str) -> list[Json]:
    """Every value at a path; none where there is nothing."""
    return [value for value in _walk(properties, path.split(".") if path else []) if value is not None]


def _walk(value: Json, steps: list[str]) -> Iterator[Json]:
    if not steps:
        yield value
        return
    name, each = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    inner = value.get(name) if isinstance(value, Mapping) else None
    if inner is None:
        return
    # Iterating a map gives its keys, which is where Azure keeps the ids of identities.
    for part in inner if each and isinstance(inner, list | Mapping) else [inner]:
        yield from _walk(part, steps[1:])


def texts_at(properties: Json, path: str) -> list[str]:
    """The known texts at a path."""
    return [value for value in values_at(properties, path) if isinstance(value, str) and value and value != UNKNOWN]


def first_at(properties: Json, path: str) -> Json:
    """The first value at a path, or None."""
    return next(iter(values_at(properties, path)), None)


def put_at(properties: Properties, path: str, value: Json) -> None:
    """Sets the value at a path without `[]`, making objects on the way; None takes the property away."""
    *way, last = path.split(".")
    inner = properties
    for name in way:
        step = inner.get(name)
        if not isinstance(step, dict):
            step = inner[name] = {}
        inner = step
    if value is None:
        inner.pop(last, None)
    else:
        inner[last] = value


def without_nulls(value: Json) -> Json:
    """The same without properties that are null: the engine sends those for what is not set."""
    if isinstance(value, Mapping):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value
