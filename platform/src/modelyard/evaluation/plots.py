"""Plots as PNG bytes. Matplotlib is imported when one is drawn, and never opens a window."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.curves import roc_curve
from modelyard.evaluation.metrics import calibration_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = NDArray[np.float64]
_SHOWN_BARS = 20


def roc_plot(labels: Values, scores: Mapping[str, Values]) -> bytes:
    """The ROC curves of one or more models, by name."""
    figure, axes = _figure("ROC", x="false positive rate", y="true positive rate")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
    for name, values in scores.items():
        false, true = roc_curve(labels, values)
        axes.plot(false, true, label=name)
    axes.legend(loc="lower right")
    return _png(figure)


def calibration_plot(labels: Values, scores: Mapping[str, Values]) -> bytes:
    """Forecast against outcome in ten bins, for one or more models by name."""
    figure, axes = _figure("Calibration", x="mean forecast", y="share of ones")
    highest = 0.0
    for name, values in scores.items():
        bins = calibration_bins(labels, values)
        forecasts, outcomes = [b[0] for b in bins], [b[1] for b in bins]
        highest = max(highest, *forecasts, *outcomes)
        axes.plot(forecasts, outcomes, marker="o", label=name)
    axes.plot([0, highest], [0, highest], color="grey", linewidth=0.8, linestyle="--")
    axes.legend(loc="upper left")
    return _png(figure)


def importance_plot(importances: Mapping[str, float], *, metric: str) -> bytes:
    """How much of the metric is lost when a feature's values are shuffled."""
    figure, axes = _figure("Feature importance", x=f"loss of {metric} when shuffled", y="")
    shown = sorted(importances.items(), key=lambda item: item[1])[-_SHOWN_BARS:]
    axes.barh([name for name, _ in shown], [value for _, value in shown])
    return _png(figure)


def residual_plot(labels: Values, scores: Mapping[str, Values]) -> bytes:
    """Label minus prediction, against the prediction, for one or more models by name."""
    figure, axes = _figure("Residuals", x="prediction", y="label - prediction")
    axes.axhline(0, color="grey", linewidth=0.8, linestyle="--")
    for name, values in scores.items():
        axes.plot(values, labels - values, marker=".", linestyle="", alpha=0.5, label=name)
    axes.legend(loc="upper left")
    return _png(figure)


def _figure(title: str, *, x: str, y: str) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    # Without the library's version in it, the same figure is the same bytes.
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
