"""Splitting: a model never learns from rows that it is judged on, and those rows can be found again.

By time where there is time: what is judged lies after all that was learned. By hash where there is none: an entity's
place on a line from 0 to 1 is its own for all time, so that rows stay where they are when data grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.frozen import FrozenRows, axis, place, within_time
from modelyard.models.hashing import shares

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FrozenRows", "HashSplit", "Parts", "Split", "TimeSplit", "split_by_hash", "split_by_time", "split_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSplit:
    """The last whole periods are for test, the ones before for validation, the rest for training."""

    column: str
    """A date or datetime column."""
    every: str = "1mo"
    """The length of a period as Polars writes it: 1mo, 1w, 1d."""
    validation: int = 1
    """How many periods are for validation."""
    test: int = 1
    """How many periods are for test."""
    timezone: str | None = None
    """Where the periods begin at midnight, for a column that knows its time zone."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read to split by."""
        return (self.column,)

    @property
    def problem(self) -> str:
        """Why it cannot be split like this; empty where it can."""
        return "" if min(self.validation, self.test) >= 1 else "it splits off no validation or no test period"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSplit:
    """A row's part follows from a hash of its key: shares of the entities, and no entity falls apart."""

    key: tuple[str, ...]
    """The columns that name an entity: a customer, a patient, a machine."""
    validation: float = 0.2
    """The share of entities for validation."""
    test: float = 0.2
    """The share of entities for test."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read to split by."""
        return self.key

    @property
    def problem(self) -> str:
        """Why it cannot be split like this; empty where it can."""
        if not self.key:
            return "it splits by the hash of no column"
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            return "it splits off no validation or no test share, or leaves nothing to learn from"
        return ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Where validation starts, and where test starts, on the line from 0 to 1."""
        return round(1 - self.test - self.validation, 6), round(1 - self.test, 6)


Split = TimeSplit | HashSplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The three parts of a frame; within a part, rows keep the order of the frame."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    validation_rows: FrozenRows
    test_rows: FrozenRows

    @property
    def learned_until(self) -> str:
        """The place before which every row of train and validation lies, in the words of `FrozenRows.start`."""
        return self.test_rows.start


def split_rows(frame: pl.DataFrame, split: Split, *, data_versions: Mapping[str, int]) -> Parts:
    """Train, validation and test, as the split says.

    Raises:
        InvalidModelError: a column is missing, or of a type that cannot be split by.
        DataNotReadyError: there is too little to split.
    """
    if isinstance(split, HashSplit):
        return split_by_hash(frame, split, data_versions=data_versions)
    return split_by_time(frame, split, data_versions=data_versions)


def split_by_hash(frame: pl.DataFrame, split: HashSplit, *, data_versions: Mapping[str, int]) -> Parts:
    """Train, validation and test by the hashes of the key.

    Raises:
        InvalidModelError: a column is missing, or of a type whose text is not exact.
        DataNotReadyError: there are too few entities.
    """
    validation, test = split.bounds
    places = shares(frame, split.key)

    def chosen(low: float, high: float) -> pl.DataFrame:
        return frame.filter((places >= low) & (places < high))

    def frozen(low: float, high: float) -> FrozenRows:
        return FrozenRows(
            data_versions=dict(data_versions),
            column=axis(split.key),
            start=place(split.key, low),
            end=place(split.key, high),
            rows=chosen(low, high).height,
            key=split.key,
        )

    parts = Parts(
        train=chosen(0, validation),
        validation=chosen(validation, test),
        test=chosen(test, 1),
        validation_rows=frozen(validation, test),
        test_rows=frozen(test, 1),
    )
    return _checked(parts, f"there are too few entities by {', '.join(split.key)} to split", "ingest more data")


def split_by_time(frame: pl.DataFrame, split: TimeSplit, *, data_versions: Mapping[str, int]) -> Parts:
    """Train, validation and test, each strictly before the next.

    Raises:
        InvalidModelError: the column is missing, holds no times, or some are missing.
        DataNotReadyError: there are too few periods.
    """
    starts = _period_starts(frame, split)
    bounds = [start.isoformat() for start in starts]
    column, (validation, test, end) = split.column, bounds
    parts = Parts(
        train=frame.filter(within_time(frame, column, None, validation)),
        validation=frame.filter(within_time(frame, column, validation, test)),
        test=frame.filter(within_time(frame, column, test, end)),
        validation_rows=_frozen(frame, column, validation, test, data_versions),
        test_rows=_frozen(frame, column, test, end, data_versions),
    )
    said = (
        f"the data must span more than {split.validation + split.test} periods of {split.every} in {column}, "
        f"and ends before {end}"
    )
    return _checked(parts, said, "ingest more data, or declare shorter periods in the model's split")


def _checked(parts: Parts, why: str, hint: str) -> Parts:
    for name in ("train", "validation", "test"):
        if getattr(parts, name).is_empty():
            raise DataNotReadyError(f"no row is left for {name}: {why}", hint=hint)
    return parts


def _period_starts(frame: pl.DataFrame, split: TimeSplit) -> tuple[datetime, datetime, datetime]:
    """Where validation starts, where test starts, and where the last period ends."""
    import polars as pl

    times = _times(frame, split.column)
    last = pl.Series([times.max()], dtype=times.dtype)
    if split.timezone and isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        last = last.dt.convert_time_zone(split.timezone)
    period = last.cast(pl.Datetime("us", getattr(last.dtype, "time_zone", None))).dt.truncate(split.every)

    def moved(periods: int) -> datetime:
        start = period
        for _ in range(abs(periods)):
            start = start.dt.offset_by(split.every if periods > 0 else f"-{split.every}")
        instant: datetime = start[0]
        return instant

    return moved(1 - split.test - split.validation), moved(1 - split.test), moved(1)


def _times(frame: pl.DataFrame, column: str) -> pl.Series:
    if column not in frame.columns:
        raise InvalidModelError(f"the split is by {column!r}, which is no column; found {', '.join(frame.columns)}")
    times = frame.get_column(column)
    if not times.dtype.is_temporal():
        raise InvalidModelError(f"the split is by {column!r}, which holds {times.dtype}, not dates or times")
    if times.is_empty() or times.null_count():
        raise DataNotReadyError(f"{times.null_count()} of {len(times)} rows have no {column}, by which they are split")
    return times


def _frozen(frame: pl.DataFrame, column: str, start: str, end: str, versions: Mapping[str, int]) -> FrozenRows:
    rows = frame.filter(within_time(frame, column, start, end)).height
    return FrozenRows(data_versions=dict(versions), column=column, start=start, end=end, rows=rows)
