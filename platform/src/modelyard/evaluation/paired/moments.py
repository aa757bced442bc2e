"""Metrics that follow from means over rows: every one but those of a ranking.

Each comes with the influence of a single row on it. The mean squared influence over the number of rows is the
metric's variance (the delta method; Hampel 1974), so that intervals cost one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.ranking import Weights
from modelyard.evaluation.paired.scratch import Scratch

Values = NDArray[np.float64]
Columns = tuple[Values, ...]
Means = Sequence[float]

_CERTAIN = 1e-15


@dataclass(frozen=True, slots=True)
class Moments:
    """One model's losses against the labels, ready to be weighted."""

    columns: Columns
    """Numbers, one a row, whose weighted means the metric is made of."""
    value: Callable[..., float]
    """The metric, from the columns' means."""
    influence: Callable[[Columns, Means], Values]
    """Each row's influence, from the columns and their means."""

    def weighted(self, weights: Weights, scratch: Scratch | None = None) -> float:
        """The metric with these weights; NaN where they are all 0."""
        floats = (scratch or Scratch()).floats("weights as floats", weights)
        total = float(floats.sum())
        return self.value(*(float(np.dot(floats, column)) / total for column in self.columns)) if total else np.nan

    def parts(self) -> Values:
        """Numbers, one a row, whose mean is the metric: the metric plus the row's influence on it."""
        means = [float(column.mean()) for column in self.columns]
        return self.value(*means) + self.influence(self.columns, means)


def of_means(metric: str, labels: Values, scores: Values) -> Moments:
    """The metric of these scores.

    Raises:
        KeyError: it is not made of means.
    """
    return MEANS[metric](labels, scores)


def _mean(loss: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Moments]:
    def prepare(labels: Values, scores: Values) -> Moments:
        return Moments((loss(labels, scores),), float, lambda columns, means: columns[0] - means[0])

    return prepare


def _rmse(labels: Values, scores: Values) -> Moments:
    def influence(columns: Columns, means: Means) -> Values:
        apart = columns[0] - means[0]
        return apart / (2 * means[0] ** 0.5) if means[0] else apart

    return Moments((_squared(labels, scores),), lambda mean: float(mean**0.5), influence)


def _r2(labels: Values, scores: Values) -> Moments:
    # Labels are counted from their mean, so that a variance is not the difference of two huge numbers.
    middle = labels - labels.mean()

    def value(squared: float, label: float, label_squared: float) -> float:
        spread = label_squared - label**2
        return 1 - squared / spread if spread > 0 else float("nan")

    def influence(columns: Columns, means: Means) -> Values:
        squared, label, _ = columns
        spread = means[2] - means[1] ** 2
        share = means[0] / spread if spread > 0 else float("nan")
        return np.asarray((share * (label - means[1]) ** 2 - squared) / spread) if spread > 0 else 0 * squared

    return Moments((_squared(labels, scores), middle, middle**2), value, influence)


def _squared(labels: Values, scores: Values) -> Values:
    return np.asarray((labels - scores) ** 2)


def _absolute(labels: Values, scores: Values) -> Values:
    return np.abs(labels - scores)


def _log_loss(labels: Values, scores: Values) -> Values:
    certain = np.clip(scores, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(-np.where(labels == 1, np.log(certain), np.log1p(-certain)))


MEANS: dict[str, Callable[[Values, Values], Moments]] = {
    "brier": _mean(_squared),
    "log_loss": _mean(_log_loss),
    "mse": _mean(_squared),
    "mae": _mean(_absolute),
    "rmse": _rmse,
    "r2": _r2,
}
"""Metric to how it is prepared."""
