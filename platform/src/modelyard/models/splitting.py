"""Splitting by time: a model never learns from rows that lie after the ones it is judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modelyard.errors import DataNotReadyError, InvalidModelError

if TYPE_CHECKING:
    import polars as pl


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenRows:
    """Rows that can be found again: the versions of the data, and the time from `start` until before `end`."""

    data_versions: Mapping[str, int]
    column: str
    start: str
    """ISO 8601."""
    end: str
    """ISO 8601, not included."""
    rows: int

    def select(self, frame: pl.DataFrame) -> pl.DataFrame:
        """These rows out of `frame`, which must be the same version of the data.

        Raises:
            DataNotReadyError: `frame` has another number of rows in this time.
        """
        found = frame.filter(_within(frame, self.column, self.start, self.end))
        if found.height != self.rows:
            raise DataNotReadyError(
                f"the frozen rows from {self.start} to {self.end} were {self.rows}, but {found.height} were found; "
                f"they belong to {_shown(self.data_versions)}",
                hint="read the data at these versions",
            )
        return found

    def to_document(self) -> dict[str, Any]:
        """The description as JSON values."""
        return {
            "data_versions": dict(self.data_versions),
            "column": self.column,
            "start": self.start,
            "end": self.end,
            "rows": self.rows,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> FrozenRows:
        """The description in a JSON object."""
        return cls(**document)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeParts:
    """The three parts of a frame, one after another in time; within a part, rows keep the order of the frame."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    validation_rows: FrozenRows
    test_rows: FrozenRows

    @property
    def learned_until(self) -> str:
        """The time before which every row of train and validation lies, ISO 8601."""
        return self.test_rows.start


def split_by_time(frame: pl.DataFrame, split: TimeSplit, *, data_versions: Mapping[str, int]) -> TimeParts:
    """Train, validation and test, each strictly before the next.

    Raises:
        InvalidModelError: the column is missing, holds no times, or some are missing.
        DataNotReadyError: there are too few periods.
    """
    starts = _period_starts(frame, split)
    bounds = [start.isoformat() for start in starts]
    column, (validation, test, end) = split.column, bounds
    parts = TimeParts(
        train=frame.filter(_within(frame, column, None, validation)),
        validation=frame.filter(_within(frame, column, validation, test)),
        test=frame.filter(_within(frame, column, test, end)),
        validation_rows=_frozen(frame, column, validation, test, data_versions),
        test_rows=_frozen(frame, column, test, end, data_versions),
    )
    for name in ("train", "validation", "test"):
        if getattr(parts, name).is_empty():
            raise DataNotReadyError(
                f"no row is left for {name}: the data must span more than {split.validation + split.test} "
                f"periods of {split.every} in {column}, and ends before {end}",
                hint="ingest more data, or declare shorter periods in the model's split",
            )
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


def _within(frame: pl.DataFrame, column: str, start: str | None, end: str) -> pl.Expr:
    """Rows from `start` until before `end`."""
    import polars as pl

    zone = getattr(frame.schema[column], "time_zone", None)

    def instant(text: str) -> pl.Expr:
        found = datetime.fromisoformat(text)
        return pl.lit(found).dt.convert_time_zone(zone) if zone else pl.lit(found)

    before = pl.col(column) < instant(end)
    return before if start is None else before & (pl.col(column) >= instant(start))


def _frozen(frame: pl.DataFrame, column: str, start: str, end: str, versions: Mapping[str, int]) -> FrozenRows:
    rows = frame.filter(_within(frame, column, start, end)).height
    return FrozenRows(data_versions=dict(versions), column=column, start=start, end=end, rows=rows)


def _shown(versions: Mapping[str, int]) -> str:
    return ", ".join(f"{table} version {version}" for table, version in versions.items())
