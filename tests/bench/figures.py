"""What a benchmark says: one figure with its goal, its samples, and how far they lie apart."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Better = Literal["higher", "lower"]
Unit = Literal["s", "share", "/s", "ms", "MiB", "count"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One timed run of one process."""

    seconds: float
    peak_mb: float = 0.0
    """Largest resident memory of the process and its children together, in MiB."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each part, where the process says so."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured claim."""

    name: str
    what: str
    """What `ours` and `peer` did, in one sentence."""
    ours: float
    """Median, in seconds if `unit` does not say otherwise."""
    peer: float | None
    """The same of the peer; None where the goal is a time and not a comparison."""
    ratio: float | None
    """Median over the pairs of runs that were made side by side."""
    goal: str
    met: bool
    """True only if the least favourable pair (or run) meets the goal as well."""
    runs: int
    spread: tuple[float, float]
    """Smallest and largest ratio of a pair; smallest and largest seconds where there is no peer."""
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was compared, sizes, memory, settings: whatever one needs to believe the ratio."""
    unit: Unit = "s"
    """Of `ours` and `peer`: seconds, a share of trials, so many a second, milliseconds, memory, or a plain number."""

    def to_json(self) -> dict[str, Any]:
        """The figure for machines, with numbers rounded to what was measured."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str), parse_float=_rounded)
        return document


@dataclass(frozen=True, slots=True)
class Skipped:
    """A figure that could not be measured here, and why."""

    name: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """The gap for machines."""
        return {"name": self.name, "skipped": self.why}


def compared(
    name: str,
    what: str,
    ours: Sequence[Sample],
    peer: Sequence[Sample],
    *,
    goal: float,
    better: Better,
    **more: Any,
) -> Figure:
    """A figure with a peer; run i of one side was made beside run i of the other.

    Args:
        goal: the ratio to reach. With `better="higher"` the ratio is peer / ours (how many times faster we are),
            with `better="lower"` it is ours / peer (how many times the peer's time we take).
    """
    pairs = [
        other.seconds / own.seconds if better == "higher" else own.seconds / other.seconds
        for own, other in zip(ours, peer, strict=True)
    ]
    worst = min(pairs) if better == "higher" else max(pairs)
    return Figure(
        name=name,
        what=what,
        ours=statistics.median(one.seconds for one in ours),
        peer=statistics.median(one.seconds for one in peer),
        ratio=statistics.median(pairs),
        goal=f"{'at least' if better == 'higher' else 'at most'} {goal:g} times",
        met=worst >= goal if better == "higher" else worst <= goal,
        runs=len(pairs),
        spread=(min(pairs), max(pairs)),
        samples={"ours": [one.seconds for one in ours], "peer": [one.seconds for one in peer]},
        **more,
    )


def raced(
    name: str,
    what: str,
    ours: Sequence[float],
    peer: Sequence[float],
    *,
    goal: float,
    unit: Unit,
    better: Better,
    **more: Any,
) -> Figure:
    """A figure in another unit than seconds; number i of one side was measured beside number i of the other.

    Args:
        goal: how many times better we are to be: ours / peer where more is better, else peer / ours.
    """
    pairs = [own / other if better == "higher" else other / own for own, other in zip(ours, peer, strict=True)]
    return Figure(
        name=name,
        what=what,
        ours=statistics.median(ours),
        peer=statistics.median(peer),
        ratio=statistics.median(pairs),
        goal=f"at least {goal:g} times",
        met=min(pairs) >= goal,
        runs=len(pairs),
        spread=(min(pairs), max(pairs)),
        samples={"ours": ours, "peer": peer},
        unit=unit,
        **more,
    )


def timed(name: str, what: str, ours: Sequence[Sample], *, limit: float, **more: Any) -> Figure:
    """A figure without a peer: a time that must stay below `limit` seconds."""
    seconds = [one.seconds for one in ours]
    return Figure(
        name=name,
        what=what,
        ours=statistics.median(seconds),
        peer=None,
        ratio=None,
        goal=f"under {limit:g} s",
        met=max(seconds) < limit,
        runs=len(seconds),
        spread=(min(seconds), max(seconds)),
        samples={"ours": seconds},
        **more,
    )


def medians(samples: Sequence[Sample]) -> dict[str, float]:
    """The median seconds of each part that every sample names."""
    names = [name for name in samples[0].parts if all(name in one.parts for one in samples)] if samples else []
    return {name: statistics.median(one.parts[name] for one in samples) for name in names}


def table(figures: Sequence[Figure | Skipped]) -> str:
    """The figures for people: one line each, then what each part took."""
    rows: list[tuple[str, ...]] = [("figure", "ours", "peer", "ratio", "spread", "goal", "met", "runs")]
    rows += [_row(one) for one in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, *(line for one in figures for line in _detail(one))])


def _row(one: Figure | Skipped) -> tuple[str, ...]:
    if isinstance(one, Skipped):
        return (one.name, "-", "-", "-", "-", "-", "skipped", "0")
    unit = "" if one.peer is not None else f" {one.unit}"
    return (
        one.name,
        _amount(one.ours, one.unit),
        "-" if one.peer is None else _amount(one.peer, one.unit),
        "-" if one.ratio is None else f"{one.ratio:.2f}",
        f"{one.spread[0]:.2f} to {one.spread[1]:.2f}{unit}",
        one.goal,
        "yes" if one.met else "no",
        str(one.runs),
    )


def _amount(value: float, unit: Unit) -> str:
    if unit == "share":
        return f"{value:.1%}"
    if unit == "count":
        return f"{value:g}"
    return f"{value:,.0f} /s" if unit == "/s" else f"{value:.2f} {unit}"


def _detail(one: Figure | Skipped) -> list[str]:
    if isinstance(one, Skipped):
        return ["", f"{one.name} was skipped: {one.why}"]
    lines = ["", f"{one.name}: {one.what}"]
    lines += [f"  {seconds:8.2f} s  {part}" for part, seconds in one.parts.items()]
    return lines + [f"  {key}: {value}" for key, value in one.facts.items() if isinstance(value, str | int | float)]


def _rounded(text: str) -> float:
    return round(float(text), 4)
