"""Signs that a feature knows the answer: skill that is too good to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelyard.models.preparing import LABEL, label_values
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

FEWEST_OF_A_VALUE = 5
"""A category's mean over fewer rows says nothing."""


def too_good_features(spec: ModelSpec, rows: pl.DataFrame) -> dict[str, float]:
    """The features that predict the label nearly perfectly all on their own, with how well they do.

    A number is ranked by its value, a category by the mean label that its values have in every other row; both are
    judged on the rows that were not used for it. What is measured is the AUC (binary) or |correlation| (regression).
    """
    learned, judged = rows.gather_every(2), rows.gather_every(2, 1)
    found = {}
    for feature in spec.features:
        score, present = _single_score(feature.name, feature.kind, learned, judged)
        skill = _skill(spec, label_values(judged)[present], score[present])
        if skill > spec.believable:
            found[feature.name] = skill
    return found


def _single_score(
    name: str, kind: str, learned: pl.DataFrame, judged: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One score per judged row, and where there is one."""
    import polars as pl

    if kind in ("number", "integer"):
        values = judged.get_column(name).cast(pl.Float64).to_numpy()
    else:
        means = learned.group_by(name).agg(pl.col(LABEL).mean().alias("mean"), pl.len().alias("rows"))
        known = means.filter(pl.col("rows") >= FEWEST_OF_A_VALUE)
        values = (
            judged.select(name).join(known, on=name, how="left", maintain_order="left").get_column("mean").to_numpy()
        )
    return values, ~np.isnan(values)


def _skill(spec: ModelSpec, labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """How well scores order labels, whatever the direction; 0 where it cannot be said."""
    if len(labels) < FEWEST_OF_A_VALUE or np.ptp(labels) == 0 or np.ptp(scores) == 0:
        return 0.0
    if spec.task == "regression":
        return abs(float(np.corrcoef(labels, scores)[0, 1]))
    area = auc(labels, scores)
    return max(area, 1 - area)


def auc(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """The area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))
