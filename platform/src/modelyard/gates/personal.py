"""Personal data on its way into CLEAN: columns are dropped or replaced by a keyed digest, as the contract says.

A digest without a key hides nothing when all possible values can be listed (there are under a million tail numbers),
so the key matters: without one, this is pseudonymous only against a casual reader. The same value and key give the
same digest in every table, on every engine, so joins still work.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import narwhals as nw

from modelyard.gates.contract import Contract

if TYPE_CHECKING:
    import polars as pl

DIGITS = 16
"""Hex digits that are kept of a digest: 64 bits, so that a million values practically never collide."""


def protect(frame: nw.LazyFrame[Any], contract: Contract, *, key: str = "") -> nw.LazyFrame[Any]:
    """`frame`, still under the source's column names, without personal data in the clear.

    Args:
        frame: A lazy frame of RAW rows, on Polars or Spark.
        contract: Says which columns are personal, and whether to drop or hash them.
        key: A secret that is put before each value; from the environment's settings, never from code.
    """
    dropped = [column.name for column in contract.personal if column.clean == "drop"]
    hashed = [column.name for column in contract.personal if column.clean == "hash"]
    kept = frame.drop(*dropped) if dropped else frame
    return _hashed(kept, hashed, key) if hashed else kept


def pseudonym(value: str, *, key: str = "") -> str:
    """What `protect` puts in place of a value: the first hex digits of sha256 over key and value."""
    return hashlib.sha256(f"{key}{value}".encode()).hexdigest()[:DIGITS]


def _hashed(frame: nw.LazyFrame[Any], names: list[str], key: str) -> nw.LazyFrame[Any]:
    """Narwhals has no cryptographic digest, so this one step is said once per engine."""
    native: Any = frame.to_native()
    if frame.implementation.is_polars():
        return nw.from_native(_hashed_polars(native, names, key)).lazy()
    if frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect():
        from pyspark.sql import functions as spark  # type: ignore[import-not-found, unused-ignore]

        for name in names:
            digest = spark.sha2(spark.concat(spark.lit(key), spark.col(name).cast("string")), 256)
            native = native.withColumn(name, spark.substring(digest, 1, DIGITS))
        protected: nw.LazyFrame[Any] = nw.from_native(native)
        return protected
    raise NotImplementedError(f"personal data cannot be hashed on {frame.implementation}")


def _hashed_polars(frame: pl.LazyFrame, names: list[str], key: str) -> pl.LazyFrame:
    import polars as pl

    def digests(values: pl.Series) -> pl.Series:
        # Few values occur many times: each is hashed once.
        texts = values.cast(pl.String)
        distinct = texts.drop_nulls().unique()
        mapped = [pseudonym(value, key=key) for value in distinct]
        return texts.replace_strict(distinct, mapped, default=None, return_dtype=pl.String)

    return frame.with_columns(pl.col(names).map_batches(digests, return_dtype=pl.String))
