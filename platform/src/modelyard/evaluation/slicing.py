"""Metrics by slice: better overall may be worse for somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.metrics import direction
from modelyard.evaluation.paired.asymptotic import Estimate, estimate, paired_difference
from modelyard.evaluation.paired.clusters import Clusters
from modelyard.evaluation.resampling import prepare
from modelyard.evaluation.validity import fewest_of_a_class

Values = NDArray[np.float64]

FEWEST_ROWS = 50
"""A slice with fewer rows is left out: its metric would be noise."""
_FEWEST_OF_A_CLASS = 10
"""With fewer the metric is shown, and no interval."""


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
    interval: tuple[float, float] | None = None
    """Of the difference; of the candidate's metric where there is nothing in production. None where rows are few."""
    worse: bool = False
    """A protected slice in which the candidate is worse beyond chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    row: SliceRow
    apart: Estimate | None


def slice_rows(
    labels: Values,
    candidate: Values,
    production: Values | None,
    metric: str,
    *,
    slices: Mapping[str, Sequence[object]],
    protected: Collection[str] = (),
    confidence: float = 0.95,
    margin: float = 0.0,
    clusters: Clusters | None = None,
) -> tuple[SliceRow, ...]:
    """The metric of both versions in every slice with enough rows, largest slices first within a column.

    Args:
        labels: One a row.
        candidate: Scores, one a row.
        production: Scores; None if there is nothing in production.
        metric: One of `resampled_metrics()`.
        slices: Column to its values, one a row.
        protected: The columns in whose slices the candidate must not be worse.
        confidence: At which a protected slice is called worse. It is shared between them (Bonferroni), so that a
            candidate that is worse nowhere is refused no more often than declared, however many slices there are.
        margin: By how much it may be worse all the same.
        clusters: Which rows hang together.
    """
    measured = [
        one
        for column, values in slices.items()
        for one in sorted(
            _measure_column(labels, candidate, production, metric, column, values, confidence, clusters),
            key=lambda one: -one.row.rows,
        )
    ]
    watched = [one for one in measured if one.row.column in protected and one.apart is not None]
    share = 1 - (1 - confidence) / max(len(watched), 1)
    worse = {id(one) for one in watched if one.apart is not None and one.apart.is_below(-margin, share)}
    return tuple(replace(one.row, worse=id(one) in worse) for one in measured)


def by_value(values: Sequence[object]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each value as a word, and which rows have it."""
    words = np.array(["(missing)" if value is None else str(value) for value in values])
    for word in np.unique(words):
        yield str(word), words == word


def _measure_column(
    labels: Values,
    candidate: Values,
    production: Values | None,
    metric: str,
    column: str,
    values: Sequence[object],
    confidence: float,
    clusters: Clusters | None,
) -> Iterator[_Measured]:
    for word, chosen in by_value(values):
        if chosen.sum() < FEWEST_ROWS:
            continue
        old = None if production is None else production[chosen]
        together = None if clusters is None else clusters.among(chosen)
        found = _measure(labels[chosen], candidate[chosen], old, metric, 2 * confidence - 1, clusters=together)
        if found is not None:
            yield replace(found, row=replace(found.row, column=column, value=word))


def _measure(
    labels: Values,
    candidate: Values,
    production: Values | None,
    metric: str,
    level: float,
    *,
    clusters: Clusters | None,
) -> _Measured | None:
    once = np.ones(len(labels), dtype=np.uint8)
    new = prepare(metric, labels, candidate)
    value = new.weighted(once)
    if np.isnan(value):
        return None
    enough = fewest_of_a_class(labels, metric, clusters) >= _FEWEST_OF_A_CLASS
    row = SliceRow(column="", value="", rows=len(labels), candidate=value, production=None, difference=None)
    if production is None:
        found = estimate(metric, labels, new, clusters=clusters) if enough else None
        return _Measured(row=replace(row, interval=found.interval(level) if found else None), apart=None)
    old = prepare(metric, labels, production)
    apart = paired_difference(metric, labels, new, old, clusters=clusters) if enough else None
    rival = old.weighted(once)
    row = replace(
        row,
        production=rival,
        difference=direction(metric) * (value - rival),
        interval=apart.interval(level) if apart else None,
    )
    return _Measured(row=row, apart=apart)
