"""Rows that can be found again: a stretch of time, or a stretch of hashes, of one version of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modelyard.errors import DataNotReadyError
from modelyard.models.hashing import shares

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenRows:
    """The versions of the data, and the stretch from `start` until before `end`.

    Split by time, both are ISO 8601. Split by hash, both are places on the line from 0 to 1 on which every row has
    its place for good: `0.8 of hash(customer)`. Whatever has learned until such a place has not seen what lies after.
    """

    data_versions: Mapping[str, int]
    column: str
    """The column with the time; `hash(…)` of the key columns."""
    start: str
    end: str
    """Not included."""
    rows: int
    key: tuple[str, ...] = ()
    """Split by hash: the columns that are hashed."""

    def select(self, frame: pl.DataFrame) -> pl.DataFrame:
        """These rows out of `frame`, which must be the same version of the data.

        Raises:
            DataNotReadyError: `frame` has another number of rows in this stretch.
        """
        found = frame.filter(self._within(frame))
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
            **({"key": list(self.key)} if self.key else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> FrozenRows:
        """The description in a JSON object."""
        return cls(**{**document, "key": tuple(document.get("key", ()))})

    def _within(self, frame: pl.DataFrame) -> pl.Expr | pl.Series:
        if self.key:
            return within_hashes(frame, self.key, share_of(self.start), share_of(self.end))
        return within_time(frame, self.column, self.start, self.end)


def within_time(frame: pl.DataFrame, column: str, start: str | None, end: str) -> pl.Expr:
    """Rows from `start` until before `end`."""
    import polars as pl

    zone = getattr(frame.schema[column], "time_zone", None)

    def instant(text: str) -> pl.Expr:
        found = datetime.fromisoformat(text)
        return pl.lit(found).dt.convert_time_zone(zone) if zone else pl.lit(found)

    before = pl.col(column) < instant(end)
    return before if start is None else before & (pl.col(column) >= instant(start))


def within_hashes(frame: pl.DataFrame, key: Sequence[str], low: float, high: float) -> pl.Series:
    """Rows whose hash lies from `low` until before `high`."""
    places = shares(frame, key)
    return (places >= low) & (places < high)


def place(key: Sequence[str], share: float) -> str:
    """A place on the line of hashes, as text."""
    return f"{share:g} of {axis(key)}"


def axis(key: Sequence[str]) -> str:
    """The line of hashes of these columns, as text."""
    return f"hash({', '.join(key)})"


def share_of(text: str) -> float:
    """The number in a place on the line of hashes."""
    return float(text.partition(" ")[0])


def _shown(versions: Mapping[str, int]) -> str:
    return ", ".join(f"{table} version {version}" for table, version in versions.items())
