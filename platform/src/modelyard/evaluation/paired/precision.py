"""The average precision of weighted rows, with everything that costs a sort done once.

It is the mean, over the ones, of the share of ones among all rows with at least their score: the sum over recall steps
that scikit-learn calls average precision, ties taken together. With other weights, only two running sums and two
look-ups for each 1 are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.ranking import Places, Weights, by_score, narrowest
from modelyard.evaluation.paired.scratch import Scratch

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One model's scores against the labels, ready to be weighted."""

    zeros: Places
    """The rows with label 0, by rising score."""
    ones: Places
    """The rows with label 1, by rising score."""
    zeros_below: Places
    """For each 1: how many zeros have a lower score."""
    ones_below: Places
    """For each 1: how many ones have a lower score."""
    reached: Places
    """For each 0: how many ones have no higher score."""

    def weighted(self, weights: Weights, scratch: Scratch | None = None) -> float:
        """The average precision with these weights, one a row; NaN where one class has no weight."""
        room = scratch or Scratch()
        ones = room.take("ones", weights, self.ones)
        right = _from(room, "right", ones, self.ones_below, narrowest(weights))
        wrong = _from(room, "wrong", room.take("zeros", weights, self.zeros), self.zeros_below, narrowest(weights))
        counted = room.floats("ones as floats", ones)
        total = float(counted.sum())
        if not total or not weights.sum(dtype=np.int64) > total:
            return float("nan")
        # A 1 without weight above which nothing has weight is 0 of 0; it counts for nothing.
        share = right / np.maximum(right + wrong, 1)
        return float(np.dot(share, counted)) / total

    def parts(self) -> Values:
        """The average precision plus each row's influence on it.

        Moving a row moves the precision at every 1 that it does not lie below, and a 1 is also counted itself: the
        derivative of the mean by the row's weight, times the number of rows (Hampel 1974).
        """
        count, rows = len(self.ones), len(self.ones) + len(self.zeros)
        right = count - self.ones_below.astype(np.float64)
        seen = right + (len(self.zeros) - self.zeros_below)
        precision = right / seen
        value = float(precision.mean())
        gained = np.concatenate([[0.0], np.cumsum(1 / seen)])
        lost = np.concatenate([[0.0], np.cumsum(right / seen**2)])
        upto = np.searchsorted(self.ones_below, self.ones_below, "right")
        placed = np.empty(rows)
        placed[self.ones] = precision - value + gained[upto] - lost[upto]
        placed[self.zeros] = -lost[self.reached]
        return np.asarray(value + placed * rows / count)


def retrieve(labels: Values, scores: Values) -> Retrieved:
    """Sorts once: O(n log n)."""
    ones, of_ones = by_score(np.flatnonzero(labels == 1), scores)
    zeros, of_zeros = by_score(np.flatnonzero(labels != 1), scores)
    return Retrieved(
        zeros=zeros,
        ones=ones,
        zeros_below=np.searchsorted(of_zeros, of_ones, "left"),
        ones_below=np.searchsorted(of_ones, of_ones, "left"),
        reached=np.searchsorted(of_ones, of_zeros, "right"),
    )


def _from(room: Scratch, name: str, weights: Weights, below: Places, kind: type[np.signedinteger]) -> Values:
    """For each 1, the weight of all rows of a class but those below it."""
    sums = room.array(f"{name} sums", len(weights) + 1, kind)
    sums[0] = 0
    np.cumsum(weights, out=sums[1:], dtype=sums.dtype)
    return room.floats(f"{name} as floats", sums[-1] - room.take(name, sums, below))
