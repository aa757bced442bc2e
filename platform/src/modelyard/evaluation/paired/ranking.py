"""The area under the ROC curve of weighted rows, with everything that costs a sort done once.

The area is the share of pairs of a 1 and a 0 in which the 1 has the higher score, ties counted half (Mann and Whitney
1947). Zeros are put in the order of their scores, and each 1 remembers how many zeros lie below it and how many are
tied with it. With other weights, only a running sum over the zeros and two look-ups for each 1 are left. All sums are
whole numbers below 2^53, so that the area is exact and equal models are equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.scratch import Scratch

Values = NDArray[np.float64]
Places = NDArray[np.int64]
Weights = NDArray[Any]
"""Whole numbers: how often each row counts."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One model's scores against the labels, ready to be weighted."""

    zeros: Places
    """The rows with label 0, by rising score."""
    ones: Places
    """The rows with label 1, by rising score: then the look-ups go through memory in order."""
    below: Places
    """For each 1: how many zeros have a lower score."""
    upto: Places | None
    """For each 1: how many zeros have no higher score. None where no 1 is tied with a 0."""

    def weighted(self, weights: Weights, scratch: Scratch | None = None) -> float:
        """The area with these weights, one a row; NaN where one class has no weight."""
        room = scratch or Scratch()
        ones = room.floats("ones as floats", room.take("ones", weights, self.ones))
        sums = room.array("sums", len(self.zeros) + 1, narrowest(weights))
        sums[0] = 0
        np.cumsum(room.take("zeros", weights, self.zeros), out=sums[1:], dtype=sums.dtype)
        pairs = float(ones.sum()) * float(sums[-1])
        if not pairs:
            return float("nan")

        def won(places: Places) -> float:
            return float(np.dot(room.floats("below as floats", room.take("below", sums, places)), ones))

        below = won(self.below)
        return (below + (below if self.upto is None else won(self.upto))) / (2 * pairs)

    def parts(self) -> Values:
        """For each 1 the share of zeros below it, for each 0 the share of ones above it; ties are half.

        Over either class they have the area as their mean: the structural components of DeLong et al. (1988), here
        from counts instead of midranks.
        """
        upto = self.below if self.upto is None else self.upto
        zeros, ones = len(self.zeros), len(self.ones)
        placed = np.empty(zeros + ones)
        placed[self.ones] = (self.below + upto) / (2 * zeros)
        # A 1 stands above the zeros before `below`, and half above those between `below` and `upto`.
        ends = np.bincount(self.below, minlength=zeros + 1) + np.bincount(upto, minlength=zeros + 1)
        placed[self.zeros] = np.cumsum(ends[::-1])[::-1][1:] / (2 * ones)
        return placed


def rank(labels: Values, scores: Values) -> Ranked:
    """Sorts once: O(n log n)."""
    ones, of_ones = by_score(np.flatnonzero(labels == 1), scores)
    zeros, of_zeros = by_score(np.flatnonzero(labels != 1), scores)
    below, upto = np.searchsorted(of_zeros, of_ones, "left"), np.searchsorted(of_zeros, of_ones, "right")
    return Ranked(zeros, ones, below, None if np.array_equal(below, upto) else upto)


def by_score(rows: Places, scores: Values) -> tuple[Places, Values]:
    """These rows by rising score, and their scores."""
    found = scores[rows]
    order = np.argsort(found, kind="stable")
    return rows[order], found[order]


def narrowest(weights: Weights) -> type[np.signedinteger[Any]]:
    """32 bits halve the memory that a resample touches, wherever the sum fits."""
    largest = 255 if weights.dtype == np.uint8 else int(weights.max(initial=0))
    return np.int32 if largest * len(weights) < np.iinfo(np.int32).max else np.int64
