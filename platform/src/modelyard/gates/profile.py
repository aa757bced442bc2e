"""The profile of a batch: what is kept of it, so that later batches can be compared without reading it again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from modelyard.gates.contract import Contract
from modelyard.gates.sketch import Sketch, merged, sketch_of

TOP = 1_000
"""How many categories are kept by name; the rest is counted together."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of one batch, or of several merged."""

    rows: int
    nulls: int
    sketch: Sketch | None = None
    """The distribution of a column of numbers; None for other columns, and where every value is null."""
    categories: Mapping[str, int] | None = None
    """How often each value occurs in a column of categories; None for other columns."""
    other: int = 0
    """How many rows have a category that is not kept by name."""

    @property
    def null_share(self) -> float:
        """The share of rows without a value."""
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A batch in some hundred kilobytes at most."""

    rows: int
    columns: Mapping[str, ColumnProfile]

    def to_json(self) -> str:
        """The profile as one JSON object."""
        return json.dumps({"rows": self.rows, "columns": {name: _plain(each) for name, each in self.columns.items()}})

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """The profile that `to_json` wrote."""
        fields = json.loads(text)
        return cls(fields["rows"], {name: _from_plain(each) for name, each in fields["columns"].items()})


def profile_of(frame: pl.DataFrame, contract: Contract) -> Profile:
    """The profile of everything that the contract compares, in a frame that already has the derived columns."""
    return Profile(frame.height, {name: _column(frame[name]) for name in contract.compared})


def merge(profiles: Sequence[Profile]) -> Profile:
    """The profile of all batches together. Only columns that all of them have are kept."""
    if len(profiles) == 1:
        return profiles[0]
    names = [name for name in profiles[0].columns if all(name in each.columns for each in profiles)]
    columns = {name: _merged([each.columns[name] for each in profiles]) for name in names}
    return Profile(sum(each.rows for each in profiles), columns)


def _column(values: pl.Series) -> ColumnProfile:
    if values.dtype.is_numeric():
        present = values.drop_nulls().drop_nans() if values.dtype.is_float() else values.drop_nulls()
        return ColumnProfile(len(values), len(values) - len(present), sketch=sketch_of(present.to_numpy()))
    present = values.drop_nulls()
    counts = present.cast(pl.String).value_counts().sort(["count", values.name], descending=[True, False])
    top = dict(counts.head(TOP).iter_rows())
    return ColumnProfile(len(values), values.null_count(), categories=top, other=len(present) - sum(top.values()))


def _merged(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    rows, nulls = sum(each.rows for each in columns), sum(each.nulls for each in columns)
    if any(each.categories is not None for each in columns):
        total: Counter[str] = Counter()
        for each in columns:
            total.update(each.categories or {})
        top = dict(total.most_common(TOP))
        other = sum(each.other for each in columns) + total.total() - sum(top.values())
        return ColumnProfile(rows, nulls, categories=top, other=other)
    return ColumnProfile(rows, nulls, sketch=merged([each.sketch for each in columns if each.sketch is not None]))


def _plain(column: ColumnProfile) -> dict[str, object]:
    sketch = None if column.sketch is None else column.sketch.to_dict()
    categories = None if column.categories is None else dict(column.categories)
    return {
        "rows": column.rows,
        "nulls": column.nulls,
        "sketch": sketch,
        "categories": categories,
        "other": column.other,
    }


def _from_plain(fields: dict[str, object]) -> ColumnProfile:
    sketch = fields.pop("sketch")
    return ColumnProfile(**fields, sketch=Sketch.from_dict(sketch) if isinstance(sketch, dict) else None)  # type: ignore[arg-type]
