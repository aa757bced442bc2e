"""A Spark session tuned for small batches on two cores: the settings that people who run Spark in tests arrive at.

Each setting was kept because it made this very workload faster, or because every guide to small local Spark names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # type: ignore[import-not-found, unused-ignore]

TUNED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC -Djava.net.preferIPv4Stack=true",
    "spark.default.parallelism": "2",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.log.level": "ERROR",
}


def open_session(jars: Sequence[Path], work: Path, **more: str) -> SparkSession:
    """A local[2] session with Delta; what Spark writes for itself goes to `work`."""
    from pyspark.sql import SparkSession  # type: ignore[import-not-found, unused-ignore]

    settings = {
        **TUNED,
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.local.dir": str(work),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        **more,
    }
    builder = SparkSession.builder.master("local[2]").appName("modelyard-bench")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
