"""Who proposes what to try next. One interface, and an adapter of a page for each library behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from modelyard.models.searching import Choices, Dimension, Floats, Parameters, Search, Value, fits

GRID_POINTS = 5
"""On a grid, a range is tried at this many places."""


class Sampler(Protocol):
    """Asked for a round of proposals, told how they did. The same seed and answers give the same proposals."""

    def ask(self, count: int) -> list[Parameters]:
        """The next parameters to try: `count` of them, or fewer where the space has no more."""

    def tell(self, losses: Sequence[float | None]) -> None:
        """What the last round led to, in its order. Less is better; none for a trial that failed."""


def sampler_of(search: Search, *, seed: int, first: Sequence[Parameters] = ()) -> Sampler:
    """The sampler that a search declares, which proposes `first` before anything of its own."""
    begin = completed(first, search.space, seed=seed)
    if search.sampler == "optuna":
        from modelyard_training.search.optuna_sampler import OptunaSampler

        return OptunaSampler(search.space, seed=seed, trials=search.trials, first=begin)
    if search.sampler == "hyperopt":
        from modelyard_training.search.hyperopt_sampler import HyperoptSampler

        return HyperoptSampler(search.space, seed=seed, first=begin)
    if search.sampler == "grid":
        return GridSampler(search.space, seed=seed, first=begin)
    return RandomSampler(search.space, seed=seed, first=begin)


def completed(first: Sequence[Parameters], space: Mapping[str, Dimension], *, seed: int) -> list[Parameters]:
    """Declared beginnings may name some parameters only; chance fills in the rest. What is outside is left out."""
    generator = np.random.default_rng(seed)
    found: list[Parameters] = []
    for some in first:
        whole = {name: some[name] if name in some else drawn(one, generator) for name, one in space.items()}
        if set(some) <= set(space) and fits(space, whole) and whole not in found:
            found.append(whole)
    return found


class RandomSampler:
    """Every proposal is drawn on its own. Slow to improve and impossible to mislead: the measure for all others."""

    def __init__(self, space: Mapping[str, Dimension], *, seed: int, first: Sequence[Parameters] = ()) -> None:
        self._space = space
        self._waiting = list(first)
        self._generator = np.random.default_rng(seed)

    def ask(self, count: int) -> list[Parameters]:
        """What waits, then draws."""
        return [self._waiting.pop(0) if self._waiting else self._draw() for _ in range(count)]

    def tell(self, losses: Sequence[float | None]) -> None:
        """Chance does not learn."""

    def _draw(self) -> Parameters:
        return {name: drawn(dimension, self._generator) for name, dimension in self._space.items()}


class GridSampler:
    """Every corner of a grid once, in an order drawn by the seed, so that a grid cut short is still spread out."""

    def __init__(self, space: Mapping[str, Dimension], *, seed: int, first: Sequence[Parameters] = ()) -> None:
        self._lines = {name: grid_line(dimension) for name, dimension in space.items()}
        self._waiting = list(first)
        self._size = math.prod(len(line) for line in self._lines.values())
        self._order = _permuted(self._size, seed)

    def ask(self, count: int) -> list[Parameters]:
        """What waits, then corners; none are left at the end."""
        found: list[Parameters] = []
        while len(found) < count:
            if self._waiting:
                found.append(self._waiting.pop(0))
            elif self._order:
                found.append(self._corner(self._order.pop(0)))
            else:
                break
        return found

    def tell(self, losses: Sequence[float | None]) -> None:
        """A grid does not learn."""

    def _corner(self, number: int) -> Parameters:
        chosen: dict[str, Value] = {}
        for name, line in self._lines.items():
            number, place = divmod(number, len(line))
            chosen[name] = line[place]
        return chosen


_LONGEST_GRID = 100_000


def _permuted(size: int, seed: int) -> list[int]:
    """Distinct numbers below `size` in a drawn order; of a huge grid, as many as anybody could try."""
    found: list[int] = np.random.default_rng(seed).choice(size, size=min(size, _LONGEST_GRID), replace=False).tolist()
    return found


def grid_line(dimension: Dimension) -> list[Value]:
    """The places of a dimension that a grid tries."""
    if isinstance(dimension, Choices):
        return list(dimension.values)
    low, high = dimension.low, dimension.high
    spread = np.geomspace if dimension.log else np.linspace
    places = [float(place) for place in spread(low, high, GRID_POINTS)]
    if isinstance(dimension, Floats):
        return list(dict.fromkeys([float(low), *places[1:-1], float(high)]))
    return list(dict.fromkeys(min(max(round(place), int(low)), int(high)) for place in places))


def drawn(dimension: Dimension, generator: np.random.Generator) -> Value:
    """One value by chance."""
    if isinstance(dimension, Choices):
        return dimension.values[int(generator.integers(len(dimension.values)))]
    if isinstance(dimension, Floats):
        return _between(dimension.low, dimension.high, dimension.log, generator)
    if dimension.log:
        # Each whole number owns the stretch around it, so that both ends are as likely as they should be.
        found = round(_between(dimension.low - 0.5, dimension.high + 0.5, True, generator))
        return min(max(found, dimension.low), dimension.high)
    return int(generator.integers(dimension.low, dimension.high + 1))


def _between(low: float, high: float, log: bool, generator: np.random.Generator) -> float:  # noqa: FBT001 - as the dimension calls it
    if not log:
        return float(generator.uniform(low, high))
    return min(max(math.exp(generator.uniform(math.log(low), math.log(high))), low), high)
