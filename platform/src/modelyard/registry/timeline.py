"""What was in production at a given moment, by the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from modelyard.registry.entries import LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment in time, and the words in which somebody asked for it."""

    instant: datetime
    """In UTC."""
    zone: str
    """The time zone in which the question was read."""

    @classmethod
    def read(cls, text: str, *, zone: str = "UTC") -> Moment:
        """The moment that `text` names: ISO 8601. An offset in the text counts; without one, the time is in `zone`.

        Raises:
            ValueError: it is no time, the zone is none, or the clocks of the zone showed that time twice or never.
        """
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no time; write it like 2013-09-01T12:00 or 2013-09-01T12:00+02:00") from None
        if local.tzinfo is not None:
            return cls(instant=local.astimezone(UTC), zone=f"UTC{local:%z}")
        try:
            place = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone; write one like Europe/Rome or UTC") from None
        first, second = (local.replace(tzinfo=place, fold=fold) for fold in (0, 1))
        _check_clocks(first, second, zone=zone)
        return cls(instant=first.astimezone(UTC), zone=zone)


def in_production_at(entries: Sequence[LedgerEntry], instant: datetime) -> LedgerEntry | None:
    """The entry that held at this instant; none before the first.

    A decision holds from the very instant that it names. Entries count in the order of the chain.
    """
    return next((entry for entry in reversed(entries) if entry.decision.time <= instant), None)


def ended(entries: Sequence[LedgerEntry], entry: LedgerEntry) -> str | None:
    """When the entry was replaced by the next one; none if it holds still."""
    return next((later.decision.at for later in entries if later.sequence == entry.sequence + 1), None)


def _check_clocks(first: datetime, second: datetime, *, zone: str) -> None:
    """Where clocks are put back a time happens twice; where they are put forward, some times never happen."""
    if first.utcoffset() == second.utcoffset():
        return
    shown = first.replace(tzinfo=None).isoformat(timespec="minutes")
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise ValueError(f"{shown} never happened in {zone}: the clocks were put forward; write an offset with it")
    offsets = " or ".join(f"{shown}{one:%z}" for one in (first, second))
    raise ValueError(f"{shown} happened twice in {zone}; write {offsets}")
