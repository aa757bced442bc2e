"""Curves by falling threshold, thinned to what a picture can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

POINTS = 400


def roc_curve(labels: Values, scores: Values) -> tuple[Values, Values]:
    """False and true positive rates."""
    true, false = _counted(labels, scores)
    kept = _thinned(len(true) + 1)
    return (
        np.r_[0.0, false / max(false[-1], 1)][kept],
        np.r_[0.0, true / max(true[-1], 1)][kept],
    )


def precision_recall_curve(labels: Values, scores: Values) -> tuple[Values, Values]:
    """Recall and precision."""
    true, false = _counted(labels, scores)
    kept = _thinned(len(true))
    return (true / max(true[-1], 1))[kept], (true / (true + false))[kept]


def _counted(labels: Values, scores: Values) -> tuple[Values, Values]:
    """True and false positives at every threshold that is a score; tied scores are one threshold."""
    order = np.argsort(-scores, kind="stable")
    ones = labels[order] == 1
    ends = np.flatnonzero(np.r_[np.diff(scores[order]) != 0, True])
    return np.cumsum(ones)[ends].astype(np.float64), np.cumsum(~ones)[ends].astype(np.float64)


def _thinned(points: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, points - 1, min(POINTS, points)).astype(np.int64))
