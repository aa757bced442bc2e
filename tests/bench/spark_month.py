"""The peer: one month through gates, RAW, CLEAN and CURATED with PySpark and delta-spark, in one cold process.

Cleaning and joining are the platform's own functions: they are written against Narwhals, and run here on Spark frames.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession  # type: ignore[import-not-found, unused-ignore]
    from spark_gates import Accepted

SHORT = 16


def main() -> None:
    """Runs the month, and prints what each part took and what the gates said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--month", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--jar", type=Path, action="append", required=True)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    wanted = parser.parse_args()
    parts: dict[str, float] = {}
    with _timed(parts, "session"):
        from spark_session import open_session

        spark = open_session(wanted.jar, wanted.work, **dict(one.split("=", 1) for one in wanted.settings))
    try:
        checks = _month(spark, wanted.lake, wanted.month, parts)
    finally:
        with _timed(parts, "stop"):
            spark.stop()
    print(json.dumps({"parts": parts, "checks": checks}, default=str))


def _month(spark: SparkSession, lake: Path, month: str, parts: dict[str, float]) -> dict[str, list[dict[str, Any]]]:
    with _timed(parts, "imports"):
        from spark_gates import judge

        from modelyard.environment.pseudonyms import pseudonym_key
        from modelyard_pipelines.purposes.catalog import find_purpose
        from modelyard_pipelines.sources.catalog import find_source

        key = pseudonym_key(lake.parent)
        purpose = find_purpose("flight_delay")
    batches: dict[str, Accepted] = {}
    for name in (purpose.driving, *purpose.increments):
        source = find_source(name)
        with _timed(parts, f"{name}: gates"):
            batches[name] = judge(spark, lake / "source" / name / f"{name}-{month}.csv", source.contract, lake)
        with _timed(parts, f"{name}: RAW"):
            _append(_marked(batches[name].frame, batches[name].digest), lake / "RAW" / name, batches[name].digest)
        with _timed(parts, f"{name}: CLEAN"):
            clean = _native(source.clean(_lazy(batches[name].frame), pseudonym_key=key))
            _append(_marked(clean, batches[name].digest), lake / "CLEAN" / name, batches[name].digest)
        _record(lake, name, batches[name])
    with _timed(parts, "CURATED"):
        _curate(spark, lake, purpose, batches)
    return {name: batch.checks for name, batch in batches.items()}


def _curate(spark: SparkSession, lake: Path, purpose: Any, batches: dict[str, Accepted]) -> None:
    def clean(name: str) -> Any:
        frame = spark.read.format("delta").load(str(lake / "CLEAN" / name))
        if name in batches:
            frame = frame.where(f"_batch = '{batches[name].digest[:SHORT]}'")
        return _lazy(frame.drop("_batch"))

    digest = batches[purpose.driving].digest
    joined = _native(purpose.join(*(clean(name) for name in purpose.sources)))
    _append(_marked(joined, digest), lake / "CURATED" / purpose.name, digest)


def _lazy(frame: DataFrame) -> Any:
    import narwhals as nw

    return nw.from_native(frame)


def _native(frame: Any) -> DataFrame:
    native: DataFrame = frame.to_native()
    return native


def _marked(frame: DataFrame, digest: str) -> DataFrame:
    from pyspark.sql import functions as sql  # type: ignore[import-not-found, unused-ignore]

    return frame.withColumn("_batch", sql.lit(digest[:SHORT]))


def _append(frame: DataFrame, place: Path, digest: str) -> None:
    """One commit that carries the batch's digest as its transaction, as one file."""
    write = frame.coalesce(1).write.format("delta").mode("append")
    write.option("txnAppId", digest).option("txnVersion", "1").save(str(place))


def _record(lake: Path, source: str, batch: Accepted) -> None:
    document = {"source": source, "digest": batch.digest, "period": batch.period, "profile": batch.profile.to_json()}
    file = lake / "batches" / source / f"{batch.digest[:SHORT]}.json"
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({**document, "state": "stored", "report": {"checks": batch.checks}}), encoding="utf-8")
    draft.replace(file)


@contextmanager
def _timed(parts: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    try:
        yield
    finally:
        parts[name] = round(parts.get(name, 0.0) + time.perf_counter() - begun, 3)


if __name__ == "__main__":
    main()
