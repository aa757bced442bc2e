"""The difference of two models and its standard error, in one pass and without resampling.

For the area under the ROC curve this is the method of DeLong, DeLong and Clarke-Pearson (1988), in O(n log n) as Sun
and Xu (2014) made it; for metrics that are made of means it is the delta method. Both models are measured on the same
rows, so each row's part in the difference is taken first: what the models have in common cancels out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.metrics import direction
from modelyard.evaluation.paired.clusters import Clusters
from modelyard.evaluation.paired.quantiles import student_quantile
from modelyard.evaluation.paired.ranking import rank
from modelyard.evaluation.resampling import ROC_AUC, Prepared

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, how far it would move on other rows of the same kind, and from how much that was learned."""

    value: float
    error: float
    """The standard error."""
    freedom: float
    """Degrees of freedom of the error: how well the error itself is known."""

    def interval(self, level: float) -> tuple[float, float]:
        """The two-sided interval."""
        half = self.error * student_quantile((1 + level) / 2, self.freedom)
        return self.value - half, self.value + half

    def is_above(self, limit: float, confidence: float) -> bool:
        """Whether the true value lies above the limit, at this one-sided confidence."""
        return self.value - limit > self.error * student_quantile(confidence, self.freedom)

    def is_below(self, limit: float, confidence: float) -> bool:
        """Whether it lies below the limit."""
        return limit - self.value > self.error * student_quantile(confidence, self.freedom)


def estimate(metric: str, labels: Values, model: Prepared, *, clusters: Clusters | None = None) -> Estimate | None:
    """One model's metric; None where there are too few rows, or clusters of rows, for an error."""
    return _estimated(metric, labels, model.parts, clusters)


def paired_difference(
    metric: str, labels: Values, candidate: Prepared, production: Prepared, *, clusters: Clusters | None = None
) -> Estimate | None:
    """The candidate's metric minus production's, above 0 in favour of the candidate; None where rows are too few."""
    return _estimated(metric, labels, lambda: direction(metric) * (candidate.parts() - production.parts()), clusters)


def delong(labels: Values, scores: Sequence[Values]) -> tuple[Values, Values]:
    """The areas under the ROC curves of several models on the same rows, and their covariance matrix."""
    placed = np.array([rank(labels, one).parts() for one in scores])
    ones, zeros = placed[:, labels == 1], placed[:, labels != 1]
    covariance = np.atleast_2d(np.cov(ones)) / ones.shape[1] + np.atleast_2d(np.cov(zeros)) / zeros.shape[1]
    return ones.mean(axis=1), covariance


def _estimated(metric: str, labels: Values, parts: Callable[[], Values], clusters: Clusters | None) -> Estimate | None:
    chosen = [labels == 1, labels != 1] if metric == ROC_AUC else [np.full(len(labels), fill_value=True)]
    if min(int(rows.sum()) for rows in chosen) < 2:  # noqa: PLR2004 - one row has no spread
        return None
    found = parts()
    if clusters is not None:
        return _clustered(found, chosen, clusters)
    groups = [found[rows] for rows in chosen]
    variances = [float(group.var(ddof=1)) / len(group) for group in groups]
    whole = sum(variances)
    freedom = _freedom(groups, variances) if whole else min(len(group) for group in groups) - 1.0
    return Estimate(value=float(groups[0].mean()), error=whole**0.5, freedom=freedom)


def _clustered(parts: Values, classes: Sequence[NDArray[np.bool_]], clusters: Clusters) -> Estimate | None:
    """Each row's influence on the figure, summed within clusters: the sums are independent, the rows are not."""
    if clusters.count < 2:  # noqa: PLR2004 - one cluster has no spread
        return None
    influence = np.zeros(len(parts))
    for rows in classes:
        influence[rows] = (parts[rows] - parts[rows].mean()) / rows.sum()
    sums = clusters.sums(influence)
    variance = float(np.sum(sums**2)) * clusters.count / (clusters.count - 1)
    freedom = _freedom([sums], [variance]) if variance else clusters.count - 1.0
    return Estimate(value=float(parts[classes[0]].mean()), error=variance**0.5, freedom=freedom)


def _freedom(groups: Sequence[Values], variances: Sequence[float]) -> float:
    """By Welch and Satterthwaite, where a group with heavy tails counts for less.

    The relative variance of a sample variance is 2 / (n - 1) + kurtosis / n (Cramer 1946, 27.4). Without the second
    term, equal models would win more often than declared where ones are rare.
    """
    unsure = sum(
        variance**2 * (2 / (len(group) - 1) + _excess_kurtosis(group) / len(group))
        for group, variance in zip(groups, variances, strict=True)
    )
    return max(1.0, 2 * sum(variances) ** 2 / unsure)


def _excess_kurtosis(group: Values) -> float:
    """Above 0; light tails are not counted in favour of anybody."""
    apart = (group - group.mean()) ** 2
    middle = float(apart.mean())
    return max(0.0, float((apart**2).mean()) / middle**2 - 3) if middle else 0.0
