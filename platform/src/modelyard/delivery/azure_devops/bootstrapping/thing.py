"""One thing that the service should have: how it is looked for, what it should say, how it is made and changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Mark = Literal["+", "~", "=", "!", "."]
"""+ is made, ~ is changed, = is right, ! is for a person, . waits for one of the others."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one thing."""

    mark: Mark
    kind: str
    name: str
    why: str
    """What it is for."""
    details: tuple[str, ...] = ()
    """What differs, or what a person has to do."""

    def to_json(self) -> dict[str, Any]:
        """The change for machines."""
        return {
            "mark": self.mark,
            "kind": self.kind,
            "name": self.name,
            "why": self.why,
            "details": list(self.details),
        }


class Known:
    """Ids that were found or made so far, by kind and name."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}

    def keep(self, kind: str, name: str, identity: object) -> None:
        """Remember an id."""
        self._ids[kind, name] = str(identity)

    def has(self, kind: str, name: str) -> bool:
        """Whether the thing is there."""
        return (kind, name) in self._ids

    def id(self, kind: str, name: str) -> str:
        """The thing's id."""
        return self._ids[kind, name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing. The functions talk to the service; they are called only once everything in `needs` is known."""

    kind: str
    name: str
    why: str
    find: Callable[[], Json | None]
    """What the service has."""
    wanted: Callable[[], Json]
    """What it should have."""
    make: Callable[[Json], Json] | None = None
    """None: a person has to."""
    change: Callable[[Json, Json], Json] | None = None
    """Takes what was found and what is wanted. None: a person has to."""
    keep: Callable[[Json], None] = lambda _: None
    """Remembers the id of what was found or made."""
    needs: tuple[tuple[str, str], ...] = field(default=())
    """Kind and name of what must be known before."""
    after: tuple[tuple[str, str], ...] = field(default=())
    """Kind and name of what must stand before this is written; it is looked at in any case."""
    person: str = ""
    """What a person has to do where there is no way to make or to change it."""
    differs: Callable[[Json, Json], tuple[str, ...]] | None = None
    """How wanted and found are compared, where that is not key by key."""
