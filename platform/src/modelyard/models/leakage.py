"""Signs that a column knows the answer: skill that is too good to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelyard.models.preparing import LABEL, label_values
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from modelyard_bundle.signature import Task

FEWEST_OF_A_VALUE = 5
"""A category's mean over fewer rows says nothing."""


def too_good_features(spec: ModelSpec, rows: pl.DataFrame) -> dict[str, float]:
    """The features that predict the label nearly perfectly all on their own, with how well they do."""
    skills = {name: single_skill(rows, name, task=spec.task) for name in spec.feature_names}
    return {name: skill for name, skill in skills.items() if skill > spec.believable}


def single_skill(rows: pl.DataFrame, name: str, *, task: Task) -> float:
    """How well one column predicts the label in `LABEL` all on its own: AUC (binary) or |correlation| (regression).

    A number is ranked by its value, anything else by the mean label that its values have in every other row; both are
    judged on the rows that were not used for it. That a value is missing may tell as well: a date of cancellation is
    there for those who cancelled. What tells more counts.
    """
    import polars as pl

    both = rows.select(name, LABEL)
    learned, judged = both.gather_every(2), both.gather_every(2, 1)
    labels = label_values(judged)
    scores, present = _single_score(name, learned, judged)
    gaps = judged.get_column(name).is_null()
    missing = _skill(task, labels, gaps.cast(pl.Float64).to_numpy()) if gaps.any() else 0.0
    return max(_skill(task, labels[present], scores[present]), missing)


def _single_score(
    name: str, learned: pl.DataFrame, judged: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One score per judged row, and where there is one."""
    import polars as pl

    if judged.schema[name].is_numeric():
        values = judged.get_column(name).cast(pl.Float64).to_numpy()
    else:
        means = learned.group_by(name).agg(pl.col(LABEL).mean().alias("mean"), pl.len().alias("rows"))
        known = means.filter(pl.col("rows") >= FEWEST_OF_A_VALUE)
        values = (
            judged.select(name).join(known, on=name, how="left", maintain_order="left").get_column("mean").to_numpy()
        )
    return values, ~np.isnan(values)


def _skill(task: Task, labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """How well scores order labels, whatever the direction; 0 where it cannot be said."""
    if len(labels) < FEWEST_OF_A_VALUE or np.ptp(labels) == 0 or np.ptp(scores) == 0:
        return 0.0
    if task == "regression":
        return abs(float(np.corrcoef(labels, scores)[0, 1]))
    area = auc(labels, scores)
    return max(area, 1 - area)


def auc(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """The area under the ROC curve: the share of pairs of a 1 and a 0 in which the 1 scores higher, ties half.

    Mann and Whitney's rank sum, without a library: it is asked for every column of a table.
    """
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))
