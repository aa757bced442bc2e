"""What every kind of local resource can do; the provider turns the engine's calls into these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from modelyard_infra.plugin.wire import Properties


class LocalResourceError(Exception):
    """A resource could not be brought about. The message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What tells the wanted from the recorded state."""

    changed: tuple[str, ...] = ()
    """Properties that differ."""
    replaces: tuple[str, ...] = ()
    """Those among them that cannot change in place."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is really there."""

    id: str
    inputs: Properties
    outputs: Properties


def _silent(message: str) -> None:
    del message


@dataclass(frozen=True, slots=True)
class Call:
    """The surroundings of one operation."""

    note: Callable[[str], None] = _silent
    """Says what is going on; may be shown for a moment only."""
    warn: Callable[[str], None] = _silent
    """Says what the user should know afterwards."""
    cancelled: Event = field(default_factory=Event)
    """Set when the user has had enough."""


class Kind(Protocol):
    """One kind of resource. Every operation may be repeated: the second time it changes nothing."""

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """What is wrong with the inputs: property and reason."""
        ...

    def diff(self, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        """What an update would change."""
        ...

    def foresee(self, inputs: Properties, old_outputs: Properties) -> Properties:
        """The outputs as far as they are known before the update."""
        ...

    def create(self, inputs: Properties, call: Call) -> Found:
        """Makes it exist.

        Raises:
            LocalResourceError: it could not be done; nothing is left behind.
        """
        ...

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> Found | None:
        """What is there now; None if it is gone."""
        ...

    def update(self, inputs: Properties, old_outputs: Properties, call: Call) -> Properties:
        """Makes it as wanted, in place; returns the outputs."""
        ...

    def delete(self, outputs: Properties, call: Call) -> None:
        """Takes it away; it may be gone already."""
        ...


def changed_keys(old: Properties, new: Properties) -> tuple[str, ...]:
    """The properties whose values differ, in alphabetical order."""
    return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))
