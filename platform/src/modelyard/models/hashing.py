"""A place for every row on the line from 0 to 1: a keyed hash of what names its entity, the same for all time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelyard.errors import DataNotReadyError, InvalidModelError

if TYPE_CHECKING:
    import polars as pl

_DIGEST_BYTES = 8
_WHOLE = float(2 ** (8 * _DIGEST_BYTES))


def shares(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """One number from 0 until before 1 a row, uniform over entities and equal within one.

    It depends on the key's values and names alone: not on the other rows, the library's version, or the machine. So a
    row keeps its place when data grows, and two models over the same entities hold out the same ones.

    Raises:
        InvalidModelError: a key column is missing, or of a type whose text is not exact.
        DataNotReadyError: a row has no key.
    """
    import polars as pl

    _check(frame, key)
    entities = frame.select(key).unique()
    salt = hashlib.blake2b("\x1f".join(key).encode(), digest_size=16).digest()
    places = [_share(row, salt) for row in entities.iter_rows()]
    table = entities.with_columns(pl.Series("_share", places, dtype=pl.Float64))
    return frame.select(key).join(table, on=list(key), how="left", maintain_order="left").get_column("_share")


def _share(row: tuple[Any, ...], salt: bytes) -> float:
    text = json.dumps(row, default=str, ensure_ascii=True).encode()
    digest = hashlib.blake2b(text, digest_size=_DIGEST_BYTES, key=salt).digest()
    # 53 bits are what a float holds: more would round up to 1 now and then.
    return (int.from_bytes(digest, "big") >> 11 << 11) / _WHOLE


def _check(frame: pl.DataFrame, key: Sequence[str]) -> None:
    import polars as pl

    for column in key:
        if column not in frame.columns:
            raise InvalidModelError(f"the split is by {column!r}, which is no column; found {', '.join(frame.columns)}")
        dtype = frame.schema[column]
        if not (dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Date)):
            raise InvalidModelError(
                f"the split is by a hash of {column!r}, which holds {dtype}; "
                "allowed are texts, whole numbers and dates",
                hint="split by a column that names the entity",
            )
        if gaps := frame.get_column(column).null_count():
            raise DataNotReadyError(f"{gaps} of {frame.height} rows have no {column}, by which they are split")
