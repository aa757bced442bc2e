"""The search space of a model, declared as data: what may be tried, how often, for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = int | float | str | bool | None
Parameters = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Integers:
    """A whole number from `low` to `high`, both included; `log` searches by orders of magnitude."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class Floats:
    """A real number from `low` to `high`; `log` searches by orders of magnitude."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """One of several values."""

    values: tuple[Value, ...]


Dimension = Integers | Floats | Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How the best parameters are looked for."""

    space: Mapping[str, Dimension]
    metric: str
    """The metric on validation rows that decides."""
    trials: int = 10
    seconds: float = 60.0
    """No trial starts after this time. It is a fuse against slow machines: one that blows costs reproducibility."""
    rows: int = 50_000
    """A trial learns from this many training rows at most, spread evenly over time."""
