"""Goes through everything that the service should have: looks, compares, and changes only what differs.

Nothing is written down here between two runs: the service itself is the memory. A run that is killed, or whose answer
gets lost, is followed by one that looks first and makes nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from modelyard.delivery.azure_devops.bootstrapping.comparing import differences
from modelyard.delivery.azure_devops.bootstrapping.thing import Change, Json, Known, Mark, Thing
from modelyard.delivery.azure_devops.rest.refusals import ConflictError
from modelyard.errors import ServiceUnavailableError

LOOKS = 3
"""How often a thing is looked at again after a change whose answer was lost, or that somebody else was faster with."""
PAUSE_SECONDS = 2.0
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be, or was, done."""

    changes: tuple[Change, ...]
    applied: bool = False

    @property
    def drift(self) -> tuple[Change, ...]:
        """Everything that is not as it should be."""
        return tuple(change for change in self.changes if change.mark != "=")

    @property
    def for_people(self) -> tuple[Change, ...]:
        """What no command does."""
        return tuple(change for change in self.changes if change.mark == "!")

    def to_json(self) -> dict[str, object]:
        """The plan for machines."""
        return {
            "applied": self.applied,
            "in_order": not self.drift,
            "changes": [change.to_json() for change in self.changes],
        }


def work_through(
    things: Iterable[Thing],
    known: Known,
    *,
    apply: bool,
    tell: Callable[[Change], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> Plan:
    """Look at everything in order; change what differs, if asked to.

    Args:
        things: in an order in which each comes after what it needs.
        known: ids found on the way.
        apply: whether anything is changed.
        tell: hears about each thing.
        wait: pauses between two looks.

    Raises:
        ExternalServiceError: the service refused. What was done stays; the next run goes on from there.
    """
    changes = []
    for thing in things:
        change = _worked(thing, known, apply=apply, wait=wait)
        tell(change)
        changes.append(change)
    return Plan(tuple(changes), applied=apply)


def _worked(thing: Thing, known: Known, *, apply: bool, wait: Callable[[float], None]) -> Change:
    missing = _missing(thing.needs, known)
    if missing:
        automatic = thing.make is not None or thing.change is not None
        return _change("+" if automatic and not apply else ".", thing, (f"after {_listed(missing)}",))
    first: Change | None = None
    for attempt in range(1, LOOKS + 1):
        found, wanted = thing.find(), thing.wanted()
        change = _compared(thing, found, wanted)
        # A second look that finds the change in place reports what the first one set out to do.
        first = first or change
        if found is not None:
            thing.keep(found)
        if not apply or change.mark not in "+~":
            return change if change.mark == "!" else first
        if unguarded := _missing(thing.after, known):
            return _change(".", thing, (f"after {_listed(unguarded)}",))
        try:
            thing.keep(_written(thing, found, wanted))
        except (ServiceUnavailableError, ConflictError):
            if attempt == LOOKS:
                raise
            wait(PAUSE_SECONDS * attempt)
        else:
            return first
    raise AssertionError("the loop ends with an answer or an error")


def _missing(names: tuple[tuple[str, str], ...], known: Known) -> list[str]:
    return [f"{kind} {name}" for kind, name in names if not known.has(kind, name)]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _compared(thing: Thing, found: Json | None, wanted: Json) -> Change:
    if found is None:
        return _change("+", thing) if thing.make else _change("!", thing, (thing.person,))
    differs = (thing.differs or _key_by_key)(wanted, found)
    if not differs:
        return _change("=", thing)
    if thing.change:
        return _change("~", thing, differs)
    return _change("!", thing, (*differs, thing.person) if thing.person else differs)


def _key_by_key(wanted: Json, found: Json) -> tuple[str, ...]:
    return differences(wanted, found)


def _written(thing: Thing, found: Json | None, wanted: Json) -> Json:
    if found is None:
        if thing.make is None:
            raise AssertionError(f"{thing.kind} {thing.name} is for a person")
        return thing.make(wanted)
    if thing.change is None:
        raise AssertionError(f"{thing.kind} {thing.name} is for a person")
    return thing.change(found, wanted)


def _change(mark: Mark, thing: Thing, details: tuple[str, ...] = ()) -> Change:
    return Change(mark, thing.kind, thing.name, thing.why, tuple(line for line in details if line))
