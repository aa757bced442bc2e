"""What a model's scores rest on: how far they move when one feature's values are dealt out anew among the rows.

It needs no labels and no knowledge of the model, and so holds for every flavour (Breiman 2001, on scores in place of
errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from modelyard.models.interface import Predictor


def score_movements(model: Predictor, rows: pl.DataFrame, features: Sequence[str], *, seed: int) -> dict[str, float]:
    """Mean absolute change of the scores for each feature, the largest first; 0 where the model does not look at it."""
    import polars as pl

    generator = np.random.default_rng(seed)
    usual = np.asarray(model.predict(rows))
    found = {}
    for name in features:
        dealt = rows.get_column(name).gather(pl.Series(generator.permutation(rows.height)))
        found[name] = float(np.mean(np.abs(np.asarray(model.predict(rows.with_columns(dealt))) - usual)))
    return dict(sorted(found.items(), key=lambda one: -one[1]))
