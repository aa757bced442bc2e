"""The search space of a model, declared as data: what may be tried, how often, for how long, and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from modelyard.errors import InvalidModelError

Value = int | float | str | bool | None
Parameters = Mapping[str, Value]
Sampler = Literal["optuna", "hyperopt", "grid", "random"]
GivingUp = Literal["halving", "wilcoxon"]
SAMPLERS: tuple[Sampler, ...] = ("optuna", "hyperopt", "grid", "random")
FEWEST_FOLDS: Mapping[GivingUp, int] = {"halving": 1, "wilcoxon": 5}
"""With fewer folds nothing could be saved."""


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
    """The metric on validation rows that decides; with folds, on the rows of each fold."""
    trials: int = 10
    seconds: float = 60.0
    """No trial starts after this time. It is a fuse against slow machines: one that blows costs reproducibility."""
    rows: int = 50_000
    """A trial learns from this many training rows at most, spread evenly over time."""
    sampler: Sampler = "optuna"
    """Who proposes what to try next."""
    together: int = 2
    """Trials are proposed in rounds of this many. So the result does not depend on how many processes try them."""
    folds: int = 1
    """1 judges by the validation rows. More judge within the training rows: by blocks of time, one after another, or
    by stretches of hashes, so that the validation rows stay new. A trial that falls behind on the first is given up."""
    giving_up: GivingUp = "halving"
    """When a trial has fallen behind. `halving`: it is among the worse half of those that passed 1, 2, 4 … folds:
    quick, and often unjust. `wilcoxon`: it is worse than the best so far, fold against fold, beyond chance: for five
    folds or more, since after three of them nothing is beyond chance yet."""
    trial_seconds: float = 600.0
    """A trial that takes longer is stopped and counts as failed, where trials run in processes of their own."""

    def __post_init__(self) -> None:
        for name, found, least in (("together", self.together, 1), ("folds", self.folds, 1)):
            if found < least:
                raise InvalidModelError(f"search: {name} is {found}, allowed is {least} or more")
        if self.sampler not in SAMPLERS:
            raise InvalidModelError(f"search: sampler is {self.sampler!r}, allowed is one of {', '.join(SAMPLERS)}")
        if self.giving_up not in FEWEST_FOLDS:
            raise InvalidModelError(
                f"search: giving_up is {self.giving_up!r}, allowed is one of {', '.join(FEWEST_FOLDS)}"
            )
        if self.folds < (fewest := FEWEST_FOLDS[self.giving_up]):
            raise InvalidModelError(
                f"search: giving_up is {self.giving_up!r} with folds {self.folds}, allowed is {fewest} or more"
            )


def fits(space: Mapping[str, Dimension], parameters: Mapping[str, Value]) -> bool:
    """Whether these parameters are in the space: the same names, and every value within its bounds."""
    return set(space) == set(parameters) and all(_holds(space[name], value) for name, value in parameters.items())


def _holds(dimension: Dimension, value: Value) -> bool:
    if isinstance(dimension, Choices):
        return value in dimension.values
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = isinstance(dimension, Floats) or isinstance(value, int)
    return whole and dimension.low <= value <= dimension.high
