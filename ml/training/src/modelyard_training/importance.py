"""How much a model rests on each feature: what is lost when the feature's values are shuffled (Breiman 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.evaluation.resampling import prepare_metric
from modelyard.models.preparing import label_values
from modelyard_training.learning import thinned

if TYPE_CHECKING:
    import polars as pl

    from modelyard.models.interface import Model

ROWS = 5_000
"""Enough to tell what matters."""


def importances(model: Model, rows: pl.DataFrame, *, metric: str, seed: int) -> Mapping[str, float]:
    """The loss of `metric` for each feature; near or below 0 where the model does not need it."""
    import polars as pl

    sample = thinned(rows, ROWS)
    labels, generator = label_values(sample), np.random.default_rng(seed)
    once = np.ones(sample.height, dtype=np.int64)
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0

    def value(frame: pl.DataFrame) -> float:
        return sign * prepare_metric(metric, labels, model.predict(frame))(once)

    whole = value(sample)
    return {
        feature.name: whole
        - value(
            sample.with_columns(sample.get_column(feature.name).gather(pl.Series(generator.permutation(sample.height))))
        )
        for feature in model.features
    }
