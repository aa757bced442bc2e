"""Likely causes of a difference, so that a refusal names the mistake and not only its symptom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.gates.profile import ColumnProfile, Profile
from modelyard.gates.sketch import Sketch, largest_gap

QUANTILES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
CLOSE = 0.05
"""How near to stored data a column must come after a mistake is undone, for the mistake to be named."""
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Conversion:
    """A unit taken for another: found = factor * expected + offset."""

    factor: float
    offset: float
    mistake: str


CONVERSIONS: Sequence[Conversion] = (
    Conversion(1.609344, 0.0, "kilometres where miles are expected"),
    Conversion(1 / 1.609344, 0.0, "miles where kilometres are expected"),
    Conversion(1.852, 0.0, "kilometres where nautical miles are expected"),
    Conversion(1 / 1.150779, 0.0, "knots where miles per hour are expected"),
    Conversion(0.44704, 0.0, "metres per second where miles per hour are expected"),
    Conversion(5 / 9, -160 / 9, "degrees Celsius where Fahrenheit are expected"),
    Conversion(9 / 5, 32.0, "degrees Fahrenheit where Celsius are expected"),
    Conversion(25.4, 0.0, "millimetres where inches are expected"),
    Conversion(2.54, 0.0, "centimetres where inches are expected"),
    Conversion(0.3048, 0.0, "metres where feet are expected"),
    Conversion(0.0295300, 0.0, "inches of mercury where millibars are expected"),
    Conversion(60.0, 0.0, "seconds where minutes are expected, or minutes where hours are"),
    Conversion(1 / 60, 0.0, "hours where minutes are expected, or minutes where seconds are"),
    Conversion(1000.0, 0.0, "values a thousand times too large"),
    Conversion(0.001, 0.0, "values a thousand times too small"),
    Conversion(100.0, 0.0, "per cent where shares are expected"),
    Conversion(0.01, 0.0, "shares where per cent are expected"),
    Conversion(-1.0, 0.0, "values whose sign is the other way round"),
)


def number_cause(name: str, batch: Profile, stored: Profile) -> str:
    """Why a column of numbers may look unlike its stored self; "" where nothing fits."""
    ours, theirs = batch.columns[name].sketch, stored.columns[name].sketch
    if ours is None or theirs is None:
        return ""
    return _other_column(name, batch, stored) or _unit(ours, theirs)


def category_cause(ours: ColumnProfile, theirs: ColumnProfile) -> str:
    """Which categories vanished and which appeared; "" where the same ones are only more or less frequent."""
    here, there = ours.categories or {}, theirs.categories or {}
    common = 0.001
    vanished = [name for name, count in there.items() if count / max(theirs.rows, 1) > common and name not in here]
    appeared = [name for name, count in here.items() if count / max(ours.rows, 1) > common and name not in there]
    parts = []
    if vanished:
        parts.append(f"no longer there: {_some(vanished)}")
    if appeared:
        parts.append(f"new: {_some(appeared)}")
    return "; ".join(parts)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _other_column(name: str, batch: Profile, stored: Profile) -> str:
    """The column with which this one seems to have changed places."""
    ours, theirs = batch.columns[name].sketch, stored.columns[name].sketch
    for other, column in batch.columns.items():
        before = stored.columns.get(other)
        if other == name or column.sketch is None or before is None or before.sketch is None:
            continue
        there = ours is not None and largest_gap(ours, before.sketch) < CLOSE
        back = theirs is not None and largest_gap(column.sketch, theirs) < CLOSE
        if there and back and largest_gap(column.sketch, before.sketch) > CLOSE:
            return f"looks swapped with {other}"
    return ""


def _unit(ours: Sketch, theirs: Sketch) -> str:
    fits = [(_misfit(ours, theirs, each), each.mistake) for each in CONVERSIONS]
    misfit, mistake = min(fits)
    return f"looks like {mistake}" if misfit < CLOSE else ""


def _misfit(ours: Sketch, theirs: Sketch, conversion: Conversion) -> float:
    """How far the batch still is from the stored data once the conversion is undone, in units of the stored spread."""
    spread = theirs.quantile(0.95) - theirs.quantile(0.05)
    if spread <= 0:
        return 1.0
    expected = ((share, theirs.quantile(share) * conversion.factor + conversion.offset) for share in QUANTILES)
    # A change of sign turns the order round.
    gaps = [abs(ours.quantile(share if conversion.factor > 0 else 1 - share) - value) for share, value in expected]
    return sum(gaps) / len(gaps) / (spread * abs(conversion.factor))
