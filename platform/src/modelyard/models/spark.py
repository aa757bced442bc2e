"""Spark ML behind the model interface. PySpark and Java are optional: they are asked for where a model needs them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from modelyard.errors import MissingToolError
from modelyard.models.features import feature_frame
from modelyard_bundle.signature import Feature, Task

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

LABEL_COLUMN = "label"
"""Where an estimator of Spark ML looks for the label, unless told otherwise."""
OLDEST_JAVA = 17
"""What Spark 4 runs on; an older Java ends with a stack trace."""
_ROW = "_row"
_SCORE = "_score"
_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A fold over rows in another order gives other last digits; one partition keeps the order.
    "spark.default.parallelism": "1",
}


class SparkModel:
    """A Spark ML Pipeline (Transformers and an Estimator) behind the model interface; fitted, a PipelineModel."""

    def __init__(self, pipeline: Any, *, task: Task, features: Sequence[Feature]) -> None:  # noqa: ANN401 - an estimator of any kind
        self.pipeline = pipeline
        self.task = task
        self.features = tuple(features)

    def fit(self, frame: pl.DataFrame, labels: NDArray[np.float64]) -> Self:
        """Fit the whole pipeline on the features in `frame`, with the label in the column `label`."""
        import polars as pl

        rows = feature_frame(frame, self.features).with_columns(pl.Series(LABEL_COLUMN, labels))
        self.pipeline = self.pipeline.fit(spark_frame(rows))
        return self

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The probability of the positive class (binary), or the number (regression), one a row."""
        import polars as pl
        from pyspark.ml.functions import vector_to_array
        from pyspark.sql import functions

        rows = feature_frame(frame, self.features).with_row_index(_ROW)
        answered = self.pipeline.transform(spark_frame(rows.with_columns(pl.col(_ROW).cast(pl.Int64))))
        binary = self.task == "binary"
        score = vector_to_array(functions.col("probability"))[1] if binary else functions.col("prediction")
        with without_pandas_warning():
            table = answered.select(_ROW, score.alias(_SCORE)).toArrow()
        found = pl.DataFrame(table.to_pydict(), schema={_ROW: pl.Int64, _SCORE: pl.Float64}).sort(_ROW)
        scores: NDArray[np.float64] = found.get_column(_SCORE).to_numpy()
        return scores


def spark_session() -> Any:  # noqa: ANN401 - PySpark is optional
    """The session of this process: local, with two threads, speaking with nobody else.

    Raises:
        MissingToolError: PySpark or Java is not there.
    """
    if not _is_running() and (problem := spark_problem()):
        raise MissingToolError(f"a Spark ML model needs PySpark and Java: {problem}", hint=_HINT)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("modelyard").master("local[2]")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _is_running() -> bool:
    """Whether this process has a session; then Java was found before, and need not be asked again."""
    import sys

    loaded = sys.modules.get("pyspark.sql")
    return loaded is not None and loaded.SparkSession.getActiveSession() is not None


def spark_problem() -> str:
    """Why Spark cannot be started here; empty if nothing speaks against it."""
    import importlib.util

    return "pyspark is not installed" if importlib.util.find_spec("pyspark") is None else java_problem()


def java_problem() -> str:
    """Why Spark has no Java to run on; empty if it has. Spark takes that of JAVA_HOME, else the one on PATH."""
    import os
    import re
    import shutil
    import subprocess

    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    if shutil.which(java) is None:
        return f"there is no {java}, which JAVA_HOME names" if home else "java is neither on PATH nor under JAVA_HOME"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    if said.returncode or version is None:
        return f"{java} -version does not say what it is: {' '.join(said.stderr.split())[:200] or 'it says nothing'}"
    found = int(version[1])
    return "" if found >= OLDEST_JAVA else f"{java} is of version {found}, and Spark needs {OLDEST_JAVA} or newer"


def spark_frame(rows: pl.DataFrame) -> Any:  # noqa: ANN401 - Spark has no types here
    """A Polars frame as a frame of Spark, in one partition and in order."""
    import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

    table = rows.to_arrow()
    short = [pa.string() if pa.types.is_large_string(field.type) else field.type for field in table.schema]
    plain = table.cast(pa.schema(list(zip(table.column_names, short, strict=True))))
    with without_pandas_warning():
        return spark_session().createDataFrame(plain).coalesce(1)


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """PySpark warns of pandas 3 wherever Arrow passes by. No pandas frame is made here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


_HINT = f"install the extra: pip install 'modelyard[spark]', and Java {OLDEST_JAVA} or newer"
