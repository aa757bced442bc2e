"""One model, one set of rows: fit it, measure it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from modelyard.evaluation.metrics import binary_metrics, regression_metrics
from modelyard.models.interface import Model, Predictor, new_model
from modelyard.models.preparing import label_values
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

Progress = Callable[[str], None]
"""Told what is done next, for people to see."""


def fitted(spec: ModelSpec, parameters: Mapping[str, Any], rows: pl.DataFrame) -> Model:
    """A model with these parameters that has learned from these rows."""
    return new_model(spec, parameters).fit(rows, label_values(rows))


def measure(spec: ModelSpec, model: Predictor, rows: pl.DataFrame, *, base_rate: float) -> dict[str, float]:
    """All metrics of a model on prepared rows."""
    return metrics_of(spec, label_values(rows), model.predict(rows), base_rate=base_rate)


def metrics_of(
    spec: ModelSpec, labels: NDArray[np.float64], scores: NDArray[np.float64], *, base_rate: float
) -> dict[str, float]:
    """All metrics of scores."""
    if spec.task == "regression":
        return regression_metrics(labels, scores)
    threshold = 0.5 if spec.output.threshold is None else spec.output.threshold
    return binary_metrics(labels, scores, threshold=threshold, base_rate=base_rate)


def thinned(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most `most` rows, spread evenly over the time-ordered rows."""
    return rows if rows.height <= most else rows.gather_every(-(-rows.height // most))
