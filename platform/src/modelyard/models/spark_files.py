"""A Spark ML model as files: Spark's own folder, whose digest and types are checked before Spark reads a word of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from modelyard.errors import InvalidModelError
from modelyard.models.spark import SparkModel, spark_session
from modelyard_bundle.digests import folder_digest
from modelyard_bundle.signature import Signature

SPARK_FOLDER = "sparkml"
"""Where MLflow's Spark flavour keeps the pipeline, and so do we."""
TRUSTED_PACKAGES = ("org.apache.spark.ml.", "pyspark.ml.")
"""Spark builds whatever class a folder's metadata names; only its own are built here."""
REFUSED = ("SQLTransformer",)
"""Not these of Spark's own: a statement may call any Java method."""


def write_spark(model: SparkModel, folder: Path) -> str:
    """Write a fitted pipeline into `folder`, which must not exist; returns its digest."""
    model.pipeline.write().save(folder.absolute().as_uri())
    _check_classes(folder)
    return folder_digest(folder)


def read_spark(folder: Path, signature: Signature, *, digest: str) -> SparkModel:
    """The fitted pipeline in `folder`, if it is the one that was registered.

    Raises:
        InvalidModelError: the digest differs, or the folder names a class that is not Spark's own.
        MissingToolError: PySpark or Java is not there.
    """
    if (found := folder_digest(folder)) != digest:
        raise InvalidModelError(
            f"{SPARK_FOLDER} of {signature.model} has digest {found[:12]}, the registry says {digest[:12]}; not loaded",
            hint=f"somebody changed the artifact: train again with `modelyard model train {signature.model}`",
        )
    _check_classes(folder)
    spark_session()
    from pyspark.ml import PipelineModel

    pipeline = PipelineModel.load(folder.absolute().as_uri())
    return SparkModel(pipeline, task=signature.task, features=signature.features)


def _check_classes(folder: Path) -> None:
    strange = sorted({name for name in _classes(folder) if not _is_trusted(name)})
    if strange:
        raise InvalidModelError(
            f"the model is not trusted: it names {', '.join(strange)}; allowed is what Spark ML itself has, "
            f"but for {' and '.join(REFUSED)}",
            hint="build the pipeline of Spark ML's own stages",
        )


def _is_trusted(name: str) -> bool:
    return name.startswith(TRUSTED_PACKAGES) and not name.endswith(REFUSED)


def _classes(folder: Path) -> Iterator[str]:
    """The classes that the metadata files name; a file that cannot be read names none that could be trusted."""
    files = list(folder.glob("**/metadata/part-*"))
    if not files:
        yield f"nothing in {folder.name}"
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                yield str(json.loads(line)["class"])
            except (ValueError, KeyError, TypeError):
                yield f"something unreadable in {file.name}"
