"""Looks into the properties of resources, some of which are not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value, refs_in
from modelyard_infra.policies.finding import Finding

UNKNOWN = Joined(())
"""A value that Azure will know, and that nothing is known about yet."""


def at(value: Value | Resource, path: str) -> Value:
    """The value under a path with dots; None when there is none."""
    found: Value = value.properties if isinstance(value, Resource) else value
    for name in path.split("."):
        if isinstance(found, Ref | Joined):
            return found
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def is_known(value: Value) -> bool:
    """Whether a value is decided now, rather than by Azure."""
    return not isinstance(value, Ref | Joined)


def items(value: Value | Resource, path: str) -> Sequence[Value]:
    """The list under a path; empty when there is none."""
    found = at(value, path)
    is_list = isinstance(found, Sequence) and not isinstance(found, str)
    return found if is_list else ()  # type: ignore[return-value]  # narrowed by the line above


def text(value: Value | Resource, path: str) -> str:
    """The text under a path; empty when there is none or it is not known."""
    found = at(value, path)
    return found if isinstance(found, str) else ""


def number(value: Value | Resource, path: str) -> float:
    """The number under a path; 0 when there is none."""
    found = at(value, path)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else 0.0


def targets(value: Value) -> frozenset[str]:
    """Keys of the resources that a value refers to."""
    return frozenset(ref.resource for ref in refs_in(value))


def texts(value: Value, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every text in a value, however deep."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Joined):
        yield path, "".join(part for part in value.parts if isinstance(part, str))
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from texts(part, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence):
        for place, part in enumerate(value):
            yield from texts(part, f"{path}.{place}")


def shown(value: Value) -> str:
    """A value as a message shows it."""
    if isinstance(value, Ref):
        return f"{value.output} of {value.resource}"
    if isinstance(value, Joined):
        return "a value that Azure makes"
    if isinstance(value, Mapping | list | tuple):
        parts = value.values() if isinstance(value, Mapping) else value
        return ", ".join(shown(part) for part in parts) or "nothing"
    return _shown_scalar(value)


def _shown_scalar(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}"
    return str(value) or "an empty text"


def expect(resource: Resource, path: str, *allowed: Value) -> Iterator[Finding]:
    """A finding when the value under a path is decided and is none of the allowed ones."""
    found = at(resource, path)
    if is_known(found) and not any(_same(found, value) for value in allowed):
        yield Finding(resource.key, path, shown(found), " or ".join(shown(value) for value in allowed))


def at_least(resource: Resource, path: str, least: float) -> Iterator[Finding]:
    """A finding when the number under a path is decided and too small."""
    found = at(resource, path)
    if is_known(found) and number(resource, path) < least:
        yield Finding(resource.key, path, shown(found), f"{least:g} or more")


def _same(found: Value, allowed: Value) -> bool:
    """Equal, and not only because Python counts True as 1. Azure reads capitals and small letters alike."""
    if isinstance(found, str) and isinstance(allowed, str):
        return found.casefold() == allowed.casefold()
    return found == allowed and isinstance(found, bool) == isinstance(allowed, bool)
