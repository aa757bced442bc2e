"""Metrics over weighted rows, prepared once so that thousands of resamples stay cheap.

A bootstrap resample of n rows is the same as weighting each row by how often it was drawn.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.moments import MEANS, of_means
from modelyard.evaluation.paired.precision import retrieve
from modelyard.evaluation.paired.ranking import Weights, rank
from modelyard.evaluation.paired.scratch import Scratch

Values = NDArray[np.float64]

ROC_AUC = "roc_auc"
PR_AUC = "pr_auc"


class WeightedMetric(Protocol):
    """Weights, one a row, to the metric over the rows so weighted; NaN where it is not defined."""

    def __call__(self, weights: Weights, scratch: Scratch | None = None) -> float:
        """The metric; with `scratch`, many calls ask for memory once."""


class Prepared(Protocol):
    """One model's scores against the labels, with everything done that does not depend on the weights."""

    def weighted(self, weights: Weights, scratch: Scratch | None = None) -> float:
        """The metric over weighted rows."""

    def parts(self) -> Values:
        """Numbers, one a row, whose mean is the metric: over all rows, or for the ROC area over either class."""


def prepare(metric: str, labels: Values, scores: Values) -> Prepared:
    """One model's scores, ready to be resampled.

    Raises:
        KeyError: this metric cannot be resampled.
    """
    if metric == ROC_AUC:
        return rank(labels, scores)
    return retrieve(labels, scores) if metric == PR_AUC else of_means(metric, labels, scores)


def prepare_metric(metric: str, labels: Values, scores: Values) -> WeightedMetric:
    """The metric of these scores as a function of the rows' weights.

    Raises:
        KeyError: this metric cannot be resampled.
    """
    return prepare(metric, labels, scores).weighted


def resampled_metrics() -> tuple[str, ...]:
    """The metrics that two models can be compared by."""
    return tuple(sorted([ROC_AUC, PR_AUC, *MEANS]))
