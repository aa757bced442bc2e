"""Metrics of scores against labels. Scores are probabilities (binary) or numbers (regression)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error", "rmse", "mse", "mae"})
BINARY_METRICS = (
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
    "brier_skill",
    "accuracy",
    "calibration_error",
)
REGRESSION_METRICS = ("rmse", "mse", "mae", "r2")
_BINS = 10


def is_better(metric: str, value: float, than: float) -> bool:
    """Whether `value` is strictly better than `than` by this metric."""
    return value < than if metric in LOWER_IS_BETTER else value > than


def direction(metric: str) -> float:
    """1 where a higher value is better, -1 where a lower one is."""
    return -1.0 if metric in LOWER_IS_BETTER else 1.0


def binary_metrics(labels: Values, scores: Values, *, threshold: float = 0.5, base_rate: float) -> dict[str, float]:
    """Every binary metric.

    Args:
        labels: 0 or 1, both present.
        scores: Probabilities of 1.
        threshold: The probability from which on 1 is predicted.
        base_rate: The share of 1 in the training rows. `brier_skill` is measured against always saying this:
            what a forecaster without a model would have known at the time (Murphy 1973: 1 - Brier / reference).
    """
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    brier = float(brier_score_loss(labels, scores))
    return {
        "roc_auc": float(roc_auc_score(labels, scores)),
        "pr_auc": float(average_precision_score(labels, scores)),
        "log_loss": float(log_loss(labels, scores)),
        "brier": brier,
        "brier_skill": 1 - brier / float(np.mean((labels - base_rate) ** 2)),
        "accuracy": float(np.mean((scores >= threshold) == (labels == 1))),
        "calibration_error": calibration_error(labels, scores),
    }


def regression_metrics(labels: Values, scores: Values) -> dict[str, float]:
    """Every regression metric; `r2` is NaN where all labels are equal."""
    errors = labels - scores
    spread = float(np.sum((labels - labels.mean()) ** 2))
    squared = float(np.mean(errors**2))
    return {
        "rmse": squared**0.5,
        "mse": squared,
        "mae": float(np.mean(np.abs(errors))),
        "r2": 1 - float(np.sum(errors**2)) / spread if spread else float("nan"),
    }


def calibration_error(labels: Values, scores: Values) -> float:
    """Expected calibration error: the mean gap between forecast and outcome over ten bins of equally many rows."""
    bins = calibration_bins(labels, scores)
    total = sum(count for _, _, count in bins)
    return sum(abs(forecast - outcome) * count for forecast, outcome, count in bins) / total


def calibration_bins(labels: Values, scores: Values) -> list[tuple[float, float, int]]:
    """Mean forecast, share of ones and number of rows in each of ten bins by rising forecast."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if part.size]
    return [(float(scores[part].mean()), float(labels[part].mean()), int(part.size)) for part in parts]
