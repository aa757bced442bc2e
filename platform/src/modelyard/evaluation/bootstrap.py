"""The paired bootstrap: how often would the candidate win, had other rows of the same kind been drawn?

Both models are measured on the same resampled rows, so that what they have in common cancels out (Efron and
Tibshirani 1993, chapter 16). Scores are compared, never labels made from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.evaluation.resampling import prepare_metric

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBootstrap:
    """What the resamples say. A difference above 0 is in favour of the candidate, whatever the metric."""

    candidate: float
    """The metric on the rows themselves."""
    production: float
    difference: float
    interval: tuple[float, float]
    """The middle of the resampled differences, two-sided at `level`."""
    level: float
    share_won: float
    """The share of resamples in which the candidate was better; equals count half."""
    resamples: int
    """How many resamples had both classes and so could be judged."""
    seed: int


def paired_bootstrap(
    labels: Values,
    candidate: Values,
    production: Values,
    *,
    metric: str,
    resamples: int,
    confidence: float,
    seed: int,
) -> PairedBootstrap:
    """Compare two models' scores on the same rows.

    Args:
        labels: One a row.
        candidate: Scores, one a row.
        production: Scores, one a row.
        metric: One of `resampled_metrics()`.
        resamples: How many times rows are drawn anew.
        confidence: One-sided; the interval is two-sided at `2 * confidence - 1`, so that it excludes 0 when the
            share of resamples won reaches the confidence.
        seed: Of the drawing. The same seed gives the same answer.
    """
    new, old = prepare_metric(metric, labels, candidate), prepare_metric(metric, labels, production)
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    rows = len(labels)
    generator = np.random.default_rng(seed)

    def drawn_difference() -> float:
        weights = np.bincount(generator.integers(0, rows, rows), minlength=rows)
        return sign * (new(weights) - old(weights))

    drawn = np.array([drawn_difference() for _ in range(resamples)])
    drawn = drawn[~np.isnan(drawn)]
    level = 2 * confidence - 1
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) if drawn.size else (np.nan, np.nan)
    once = np.ones(rows, dtype=np.int64)
    values = new(once), old(once)
    return PairedBootstrap(
        candidate=values[0],
        production=values[1],
        difference=sign * (values[0] - values[1]),
        interval=(float(low), float(high)),
        level=level,
        share_won=_share_won(drawn),
        resamples=int(drawn.size),
        seed=seed,
    )


def _share_won(differences: Values) -> float:
    if not differences.size:
        return float("nan")
    return float(np.mean(differences > 0) + np.mean(differences == 0) / 2)
