"""Metrics by slice: better overall may be worse for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.evaluation.resampling import prepare_metric

Values = NDArray[np.float64]

FEWEST_ROWS = 50
"""A slice with fewer rows is left out: its metric would be noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """The metric within one value of one column."""

    column: str
    value: str
    rows: int
    candidate: float
    production: float | None
    difference: float | None
    """Above 0 in favour of the candidate, whatever the metric."""


def slice_rows(
    labels: Values,
    candidate: Values,
    production: Values | None,
    metric: str,
    *,
    slices: Mapping[str, Sequence[object]],
) -> tuple[SliceRow, ...]:
    """The metric of both versions in every slice with enough rows, largest slices first within a column."""
    return tuple(
        row
        for column, values in slices.items()
        for row in sorted(_rows_of(labels, candidate, production, metric, column, values), key=lambda row: -row.rows)
    )


def _rows_of(
    labels: Values,
    candidate: Values,
    production: Values | None,
    metric: str,
    column: str,
    values: Sequence[object],
) -> Iterator[SliceRow]:
    words = np.array(["(missing)" if value is None else str(value) for value in values])
    for word in np.unique(words):
        chosen = words == word
        if chosen.sum() < FEWEST_ROWS:
            continue
        new = _measure(metric, labels[chosen], candidate[chosen])
        old = None if production is None else _measure(metric, labels[chosen], production[chosen])
        if np.isnan(new):
            continue
        sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
        yield SliceRow(
            column=column,
            value=str(word),
            rows=int(chosen.sum()),
            candidate=new,
            production=old,
            difference=None if old is None else sign * (new - old),
        )


def _measure(metric: str, labels: Values, scores: Values) -> float:
    return prepare_metric(metric, labels, scores)(np.ones(len(labels), dtype=np.int64))
