"""Floors: what a metric must reach in every value of a column, whatever it is overall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelyard.errors import InvalidModelError
from modelyard.evaluation.metrics import calibration_error
from modelyard.evaluation.resampling import prepare_metric, resampled_metrics
from modelyard.evaluation.slicing import by_value

Values = NDArray[np.float64]


class SliceFloor(Protocol):
    """A limit on a metric in every slice of a column."""

    @property
    def column(self) -> str:
        """The column whose values are the slices."""

    @property
    def metric(self) -> str:
        """One of `floor_metrics()`."""

    @property
    def at_least(self) -> float | None:
        """The lowest value that passes."""

    @property
    def at_most(self) -> float | None:
        """The highest value that passes."""

    @property
    def fewest(self) -> int:
        """A slice with fewer rows is not held to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorResult:
    """One slice held to one floor."""

    column: str
    value: str
    rows: int
    metric: str
    found: float | None
    """The metric; None where it is not defined in this slice, or the slice is too small."""
    limit: str
    """The floor in words."""
    passed: bool | None
    """None: not judged."""

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        where = f"{self.column} = {self.value} ({self.rows:,} rows)"
        if self.passed is None:
            return f"{where} is not held to its floor: {self.limit}"
        return f"in {where}, {self.metric} is {self.found:.4f}; {self.limit}"


def check_floors(
    labels: Values,
    scores: Values,
    floors: Sequence[SliceFloor],
    *,
    columns: Mapping[str, Sequence[object]],
    threshold: float = 0.5,
) -> tuple[FloorResult, ...]:
    """Every slice of every floor's column, held to that floor.

    A slice in which the metric is not defined (one class only) does not pass and does not fail: it is named.

    Args:
        labels: One a row.
        scores: One a row.
        floors: What must hold.
        columns: Column to its values, one a row; every floor's column must be there.
        threshold: The probability from which on 1 is predicted, for metrics of labels.

    Raises:
        InvalidModelError: a floor names a metric that is none of `floor_metrics()`, or a column that is not there.
    """
    for floor in floors:
        _check(floor, columns)
    return tuple(
        _held(floor, word, labels[chosen], scores[chosen], threshold)
        for floor in floors
        for word, chosen in by_value(columns[floor.column])
    )


def floor_metrics() -> tuple[str, ...]:
    """The metrics that a floor may be set on."""
    return (*resampled_metrics(), *_OF_LABELS, "calibration_error")


def _check(floor: SliceFloor, columns: Mapping[str, Sequence[object]]) -> None:
    wrong = (
        ("metric", floor.metric, floor_metrics()),
        ("column", floor.column, tuple(columns)),
    )
    for what, named, allowed in wrong:
        if named not in allowed:
            raise InvalidModelError(
                f"a floor names the {what} {named!r}, allowed is one of {', '.join(allowed) or 'none'}",
                hint="change floors in the model's declaration",
            )


def _held(floor: SliceFloor, word: str, labels: Values, scores: Values, threshold: float) -> FloorResult:
    few = len(labels) < floor.fewest
    found = float("nan") if few else _measure(floor.metric, labels, scores, threshold)
    defined = not np.isnan(found)
    too_low = floor.at_least is not None and found < floor.at_least
    too_high = floor.at_most is not None and found > floor.at_most
    return FloorResult(
        column=floor.column,
        value=word,
        rows=len(labels),
        metric=floor.metric,
        found=found if defined else None,
        limit=f"fewer than {floor.fewest} rows" if few else _in_words(floor) if defined else "it is not defined here",
        passed=not (too_low or too_high) if defined else None,
    )


def _in_words(floor: SliceFloor) -> str:
    said = [f"at least {floor.at_least:g} is needed"] if floor.at_least is not None else []
    return " and ".join(said + ([f"at most {floor.at_most:g} is allowed"] if floor.at_most is not None else []))


def _measure(metric: str, labels: Values, scores: Values, threshold: float) -> float:
    if metric in _OF_LABELS:
        return _OF_LABELS[metric](labels == 1, scores >= threshold)
    if metric == "calibration_error":
        return calibration_error(labels, scores)
    return prepare_metric(metric, labels, scores)(np.ones(len(labels), dtype=np.uint8))


Truth = NDArray[np.bool_]


def _share(hits: Truth) -> float:
    return float(hits.mean()) if hits.size else float("nan")


_OF_LABELS: dict[str, Callable[[Truth, Truth], float]] = {
    "accuracy": lambda ones, said: _share(ones == said),
    "recall": lambda ones, said: _share(said[ones]),
    "precision": lambda ones, said: _share(ones[said]),
}


def failures(results: Sequence[FloorResult]) -> Iterator[str]:
    """Every floor that is not met, as sentences."""
    return (result.sentence for result in results if result.passed is False)
