"""Rows that hang together: the visits of one customer, the flights of one day.

They are no independent witnesses, however many they are. So clusters are drawn, each with all of its rows (Davison and
Hinkley 1997, section 3.8), and what rows say is summed within clusters before its spread is taken (Obuchowski 1997
for the area under the ROC curve; Liang and Zeger 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.drawing import Counts, Drawing

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which rows hang together."""

    of: NDArray[np.int64]
    """For each row the number of its cluster, from 0 and without gaps."""
    count: int

    def sums(self, parts: Values) -> Values:
        """One sum a cluster, of numbers that are one a row."""
        return np.asarray(np.bincount(self.of, weights=parts, minlength=self.count), dtype=np.float64)

    def among(self, rows: NDArray[np.bool_]) -> Clusters:
        """The clusters of some of the rows."""
        return clusters_of(self.of[rows].tolist())

    def holding(self, rows: NDArray[np.bool_]) -> int:
        """How many clusters have at least one of these rows."""
        return len(np.unique(self.of[rows]))


def clusters_of(values: Sequence[object]) -> Clusters:
    """Rows with the same value hang together. Rows without one do so too, which is the careful answer."""
    numbers: dict[object, int] = {}
    of = np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)
    return Clusters(of, len(numbers))


@dataclass(frozen=True, slots=True)
class ClusterDrawing:
    """As `Drawing`, of whole clusters: all rows of one are drawn equally often."""

    clusters: Clusters
    drawing: Drawing

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.clusters.of)

    def counts(self, resample: int, out: Counts | None = None) -> Counts:
        """How often each row is drawn in this resample."""
        drawn = self.drawing.counts(resample)
        return np.take(drawn, self.clusters.of, out=np.empty(self.rows, dtype=np.uint8) if out is None else out)


def drawing_of(rows: int, seed: int, clusters: Clusters | None) -> Drawing | ClusterDrawing:
    """Resamples of rows, or of the clusters that they are in."""
    return Drawing(rows, seed) if clusters is None else ClusterDrawing(clusters, Drawing(clusters.count, seed))
