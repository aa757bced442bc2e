"""A model as files: skops only, audited against the platform's list of types before anything is built.

A Spark ML model is the folder that Spark writes, audited against a list of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelyard.errors import InvalidModelError
from modelyard.models.interface import Model, SklearnModel
from modelyard.models.spark import SparkModel
from modelyard.models.spark_files import SPARK_FOLDER, read_spark, write_spark
from modelyard_bundle.audit import audit_model
from modelyard_bundle.documents import sha256_of
from modelyard_bundle.errors import BundleError
from modelyard_bundle.signature import Signature
from modelyard_bundle.trust import TRUSTED_TYPES

SKOPS_FILE = "model.skops"


def dump_pipeline(pipeline: Any) -> bytes:  # noqa: ANN401
    """The fitted pipeline as the bytes of model.skops.

    Raises:
        InvalidModelError: it holds something that skops cannot write, or that is not on the list of trusted types.
    """
    import skops.io
    from skops.io.exceptions import UnsupportedTypeException

    try:
        content: bytes = skops.io.dumps(pipeline)
    except UnsupportedTypeException as error:
        raise InvalidModelError(f"the pipeline cannot be written as skops: {error}", hint=_HINT) from error
    _audit(content)
    return content


def load_model(content: bytes, signature: Signature, *, digest: str) -> SklearnModel:
    """The model in the bytes of model.skops, if they are the ones that were registered.

    Raises:
        InvalidModelError: the digest differs, or the file holds what is not on the list of trusted types.
    """
    import skops.io

    if (found := sha256_of(content)) != digest:
        raise InvalidModelError(
            f"model.skops of {signature.model} has digest {found[:12]}, the registry says {digest[:12]}; not loaded",
            hint=f"somebody changed the artifact: train again with `modelyard model train {signature.model}`",
        )
    _audit(content)
    pipeline = skops.io.loads(content, trusted=sorted(TRUSTED_TYPES))
    return SklearnModel(pipeline, task=signature.task, features=signature.features)


def write_model(model: Model, folder: Path) -> str:
    """Write a fitted model into a folder, as `model.skops` or as Spark's own folder; returns its digest.

    Raises:
        InvalidModelError: it holds what cannot be written, or what is not on the list of trusted types.
    """
    if isinstance(model, SparkModel):
        return write_spark(model, folder / SPARK_FOLDER)
    content = dump_pipeline(model.pipeline)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SKOPS_FILE).write_bytes(content)
    return sha256_of(content)


def open_model(folder: Path, *, digest: str) -> Model:
    """The model in a folder with its files and signature.json, as a registry downloads a version.

    Raises:
        InvalidModelError: the digest differs, a file is not what it has to be, or a type is not trusted.
        MissingToolError: it is a Spark ML model, and PySpark or Java is not there.
    """
    try:
        signature = Signature.from_json((folder / "signature.json").read_bytes())
        if (folder / SPARK_FOLDER).is_dir():
            return read_spark(folder / SPARK_FOLDER, signature, digest=digest)
        content = (folder / SKOPS_FILE).read_bytes()
    except (OSError, BundleError) as error:
        raise InvalidModelError(
            f"{folder} does not hold a model: {error}", hint="download the version again"
        ) from error
    return load_model(content, signature, digest=digest)


def _audit(content: bytes) -> None:
    try:
        audit_model(content)
    except BundleError as error:
        raise InvalidModelError(f"the model is not trusted: {error}", hint=_HINT) from error


_HINT = "use trusted types, or add the type to modelyard_bundle.trust after a review"
