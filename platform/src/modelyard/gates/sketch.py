"""A column of numbers in a few kilobytes: exact cumulative counts at some hundred knots.

Knots lie at the quantiles, so every value that makes up more than one part in `KNOTS` of the column is a knot, and
its count is exact. Between knots, the distribution is taken as even. Two sketches merge into the sketch of both
columns, so stored data need not be read again; the error of a distribution function stays below 1 / KNOTS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

KNOTS = 256

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The distribution of a column's values that are not null."""

    count: float
    knots: Floats
    """Values in ascending order; the first is the minimum, the last the maximum."""
    below: Floats
    """How many values are less than each knot."""
    upto: Floats
    """How many values are at most each knot."""

    @property
    def minimum(self) -> float:
        """The smallest value."""
        return float(self.knots[0])

    @property
    def maximum(self) -> float:
        """The largest value."""
        return float(self.knots[-1])

    def quantile(self, share: float) -> float:
        """The smallest knot below or at which at least `share` of the values lie."""
        place = int(np.searchsorted(self.upto, share * self.count - 1e-9))
        return float(self.knots[min(place, len(self.knots) - 1)])

    def cumulative(self, at: Floats) -> tuple[Floats, Floats]:
        """How many values are less than, and at most, each of the points `at`."""
        place = np.searchsorted(self.knots, at)
        inside = np.clip(place, 0, len(self.knots) - 1)
        exact = (place < len(self.knots)) & (self.knots[inside] == at)
        between = np.interp(at, *self._slopes())
        return np.where(exact, self.below[inside], between), np.where(exact, self.upto[inside], between)

    def _slopes(self) -> tuple[Floats, Floats]:
        """Points of the distribution function with each knot twice: before and after its own values."""
        # A step needs two different places: the one before the knot is the next smaller number there is.
        before = np.nextafter(self.knots, -np.inf)
        return np.column_stack([before, self.knots]).ravel(), np.column_stack([self.below, self.upto]).ravel()

    def to_dict(self) -> dict[str, object]:
        """The sketch as plain lists."""
        lists = {"knots": self.knots.tolist(), "below": self.below.tolist(), "upto": self.upto.tolist()}
        return {"count": self.count, **lists}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Sequence[float]]) -> Sketch:
        """The sketch that `to_dict` wrote."""
        arrays = {name: np.asarray(fields[name], dtype=np.float64) for name in ("knots", "below", "upto")}
        return cls(count=float(fields["count"]), **arrays)  # type: ignore[arg-type]


def sketch_of(values: npt.NDArray[np.generic]) -> Sketch | None:
    """The sketch of finite numbers; None where there are none."""
    if not len(values):
        return None
    ordered = np.sort(values)
    places = np.linspace(0, len(ordered) - 1, KNOTS + 1).astype(np.int64)
    knots = np.unique(ordered[places])
    below = np.searchsorted(ordered, knots, side="left")
    upto = np.searchsorted(ordered, knots, side="right")
    return Sketch(float(len(ordered)), knots.astype(np.float64), below.astype(np.float64), upto.astype(np.float64))


def merged(sketches: Sequence[Sketch]) -> Sketch | None:
    """The sketch of all values together; None where there are none."""
    if len(sketches) <= 1:
        return sketches[0] if sketches else None
    knots = np.unique(np.concatenate([each.knots for each in sketches]))
    counts = [each.cumulative(knots) for each in sketches]
    below, upto = sum(low for low, _ in counts), sum(high for _, high in counts)
    return _thinned(Sketch(sum(each.count for each in sketches), knots, np.asarray(below), np.asarray(upto)))


def _thinned(sketch: Sketch) -> Sketch:
    """The same sketch with about `KNOTS` knots: the ends, the heavy values, and one knot per quantile."""
    if len(sketch.knots) <= 2 * KNOTS:
        return sketch
    share = sketch.count / KNOTS
    heavy = np.flatnonzero(sketch.upto - sketch.below >= share)
    targets = np.linspace(0, sketch.count, KNOTS + 1)
    spread = np.clip(np.searchsorted(sketch.upto, targets), 0, len(sketch.knots) - 1)
    keep = np.unique(np.concatenate([[0, len(sketch.knots) - 1], heavy, spread]))
    return Sketch(sketch.count, sketch.knots[keep], sketch.below[keep], sketch.upto[keep])


def largest_gap(one: Sketch, other: Sketch) -> float:
    """The two-sample Kolmogorov-Smirnov statistic D: the largest difference of the two distribution functions."""
    points = np.union1d(one.knots, other.knots)
    below_one, upto_one = one.cumulative(points)
    below_other, upto_other = other.cumulative(points)
    before = np.abs(below_one / one.count - below_other / other.count).max()
    after = np.abs(upto_one / one.count - upto_other / other.count).max()
    return float(max(before, after))
