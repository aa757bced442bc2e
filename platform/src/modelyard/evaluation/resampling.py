"""Metrics over weighted rows, prepared once so that thousands of resamples stay cheap.

A bootstrap resample of n rows is the same as weighting each row by how often it was drawn. The area under the ROC
curve is then a sum over rows in the order of their scores, which is sorted once and not in every resample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Weights = NDArray[np.int64]
WeightedMetric = Callable[[Weights], float]
"""Weights, one a row, to the metric over the rows so weighted; NaN where it is not defined."""

_CERTAIN = 1e-15


def prepare_metric(metric: str, labels: Values, scores: Values) -> WeightedMetric:
    """The metric of these scores as a function of the rows' weights.

    Raises:
        KeyError: this metric cannot be resampled.
    """
    return _PREPARED[metric](labels, scores)


def resampled_metrics() -> tuple[str, ...]:
    """The metrics that two models can be compared by."""
    return tuple(sorted(_PREPARED))


def _roc_auc(labels: Values, scores: Values) -> WeightedMetric:
    """Mann-Whitney: the share of pairs of a 1 and a 0 in which the 1 has the higher score, ties counted half."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    positive = labels[order] == 1
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])

    def weighted(weights: Weights) -> float:
        drawn = weights[order]
        ones = np.add.reduceat(np.where(positive, drawn, 0), starts)
        zeros = np.add.reduceat(np.where(positive, 0, drawn), starts)
        pairs = float(ones.sum()) * float(zeros.sum())
        if not pairs:
            return float("nan")
        below = np.cumsum(zeros) - zeros
        # Twice the sum, in whole numbers: exact up to 2^63, so that ties are ties.
        return float(np.dot(ones, 2 * below + zeros)) / (2 * pairs)

    return weighted


def _mean_of(loss: Callable[[Values, Values], Values]) -> Callable[[Values, Values], WeightedMetric]:
    """A metric that is the mean of a loss over rows."""

    def prepare(labels: Values, scores: Values) -> WeightedMetric:
        losses = loss(labels, scores)
        return lambda weights: float(np.dot(weights, losses)) / float(weights.sum())

    return prepare


def _rmse(labels: Values, scores: Values) -> WeightedMetric:
    squared = _mean_of(_squared)(labels, scores)
    return lambda weights: squared(weights) ** 0.5


def _squared(labels: Values, scores: Values) -> Values:
    return np.asarray((labels - scores) ** 2)


def _absolute(labels: Values, scores: Values) -> Values:
    return np.abs(labels - scores)


def _log_loss(labels: Values, scores: Values) -> Values:
    certain = np.clip(scores, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(-np.where(labels == 1, np.log(certain), np.log1p(-certain)))


_PREPARED: dict[str, Callable[[Values, Values], WeightedMetric]] = {
    "roc_auc": _roc_auc,
    "brier": _mean_of(_squared),
    "log_loss": _mean_of(_log_loss),
    "mse": _mean_of(_squared),
    "mae": _mean_of(_absolute),
    "rmse": _rmse,
}
