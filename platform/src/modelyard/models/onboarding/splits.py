"""How a new model's rows are split: by time where rows have one, else by a hash of what names an entity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.splitting import HashSplit, Split, TimeSplit, split_rows

if TYPE_CHECKING:
    import polars as pl

    from modelyard.models.onboarding.targets import Target

PERIODS = ("1mo", "1w", "1d", "1h")
FEWEST_PERIODS = 6
SHARE = 0.15
"""About so much of the time is for validation, and as much for test."""
FEWEST_ROWS = 30
"""A part with fewer rows says nothing."""
FEWEST_OF_A_CLASS = 5
DISTINCT_ENOUGH = 0.5
MOST_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class SplitProposal:
    """A split, and why it is this one."""

    split: Split
    why: str

    @property
    def said(self) -> str:
        """The split as people say it: the columns that it reads."""
        return ",".join(self.split.columns)


def find_split(rows: pl.DataFrame, target: Target, columns: tuple[str, ...]) -> SplitProposal:
    """The split by columns that somebody named: one with times, or some that name an entity.

    Raises:
        InvalidModelError: there is no such column, or it can't be split by.
        DataNotReadyError: there are too few periods or entities.
    """
    missing = [name for name in columns if name not in rows.columns]
    if missing or not columns:
        raise InvalidModelError(
            f"the table has no column {', '.join(map(repr, missing))} to split by; found {', '.join(rows.columns)}",
            hint="modelyard model new NAME --split COLUMN",
        )
    if len(columns) == 1 and rows.schema[columns[0]].is_temporal():
        found = _by_time(rows, target, columns[0])
        if found is None:
            raise DataNotReadyError(
                f"{columns[0]} holds too few periods to split by: found {_span(rows, columns[0])}; "
                f"allowed are at least {FEWEST_PERIODS} hours, days, weeks or months, "
                "with every outcome in the last of them",
                hint="ingest more data, or split by what names an entity: --split COLUMN",
            )
        return found
    split = HashSplit(key=columns)
    _check(rows, target, split)
    return SplitProposal(split, f"by hash of {', '.join(columns)}")


def propose_split(
    rows: pl.DataFrame, target: Target, *, key: tuple[str, ...], naming: tuple[str, ...]
) -> SplitProposal:
    """The likeliest split.

    Args:
        rows: Rows of the table.
        target: What is predicted; every part needs every outcome.
        key: The columns that name a row, if it is known.
        naming: Columns that name an entity, such as a customer, the likeliest first.

    Raises:
        DataNotReadyError: nothing in the table can be split by.
    """
    for name in rows.columns:
        if rows.schema[name].is_temporal() and not rows.get_column(name).null_count():
            found = _by_time(rows, target, name)
            if found is not None:
                return found
    for columns in _entities(rows.drop(target.column), key, naming):
        split = HashSplit(key=columns)
        if _problem(rows, target, split) is None:
            return SplitProposal(split, f"by hash of {', '.join(columns)}: no time to split by")
    raise DataNotReadyError(
        "nothing in the table says how to split it: no time with enough periods, and no column that names a row",
        hint="name the columns that tell rows apart: modelyard model new NAME --split COLUMN,COLUMN",
    )


def _by_time(rows: pl.DataFrame, target: Target, column: str) -> SplitProposal | None:
    """By the longest periods of which there are enough, so that a part sees whole weeks or months."""
    times = rows.get_column(column)
    zone = getattr(times.dtype, "time_zone", None)
    for every in PERIODS:
        if every == "1h" and not hasattr(times.dtype, "time_unit"):
            continue
        periods = times.dt.truncate(every).n_unique()
        if periods < FEWEST_PERIODS:
            continue
        count = max(1, round(SHARE * periods))
        split = TimeSplit(column=column, every=every, validation=count, test=count, timezone=zone)
        if _problem(rows, target, split) is None:
            return SplitProposal(split, f"by time: the last {count} of {periods} periods of {every} for test")
    return None


def _entities(rows: pl.DataFrame, key: tuple[str, ...], naming: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What may name an entity: a column that occurs again and again, the key, and at last whatever tells rows apart."""
    usable = [name for name in rows.columns if _hashable(rows, name) and not name.startswith("_")]
    single = [name for name in naming if name in usable]
    repeated = [name for name in single if FEWEST_ROWS <= rows.get_column(name).n_unique() < rows.height]
    found: list[tuple[str, ...]] = [(name,) for name in repeated]
    if key and set(key) <= set(usable):
        found.append(key)
    found += [(name,) for name in single if name not in repeated]
    telling = sorted(usable, key=lambda name: -rows.get_column(name).n_unique())[:MOST_COLUMNS]
    for count in range(1, len(telling) + 1):
        if rows.select(telling[:count]).n_unique() >= DISTINCT_ENOUGH * rows.height:
            return [*found, tuple(telling[:count])]
    return found


def _hashable(rows: pl.DataFrame, name: str) -> bool:
    import polars as pl

    dtype = rows.schema[name]
    exact = dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Date)
    return exact and not rows.get_column(name).null_count()


def _problem(rows: pl.DataFrame, target: Target, split: Split) -> str | None:
    try:
        _check(rows, target, split)
    except (DataNotReadyError, InvalidModelError) as error:
        return error.message
    return None


def _check(rows: pl.DataFrame, target: Target, split: Split) -> None:
    """Every part must hold enough rows, and of a binary target enough of either outcome."""
    parts = split_rows(rows, split, data_versions={})
    for name in ("train", "validation", "test"):
        labels = target.of(getattr(parts, name)).drop_nulls()
        ones = int(labels.sum()) if target.task == "binary" else len(labels)
        rarer = min(ones, len(labels) - ones) if target.task == "binary" else len(labels)
        if len(labels) < FEWEST_ROWS or rarer < FEWEST_OF_A_CLASS:
            found = f"{len(labels)} rows with a label" + (f", {ones} of them 1" if target.task == "binary" else "")
            raise DataNotReadyError(
                f"split by {', '.join(split.columns)}, the part {name} has {found}; allowed are at least {FEWEST_ROWS} "
                f"rows and {FEWEST_OF_A_CLASS} of each outcome",
                hint="ingest more data, or split by other columns with --split",
            )


def _span(rows: pl.DataFrame, column: str) -> str:
    times = rows.get_column(column)
    return f"{times.min()!s} to {times.max()!s}, missing in {times.null_count()} rows"
