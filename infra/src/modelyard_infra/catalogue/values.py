"""Values of a resource's inputs: known data, or what stands for data that is not known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value down that is known only after another resource exists."""


def is_known(value: object) -> bool:
    """Whether a value is data; an engine's own stand-ins for what is not known yet are none."""
    return value != UNKNOWN and isinstance(value, str | bool | int | float | Mapping | Sequence)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list of values; a text is none."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def at(properties: Mapping[str, Any], path: str) -> object:
    """The value at a path with dots; None if it is not given."""
    value: object = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
