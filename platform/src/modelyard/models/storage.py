"""A model as bytes: skops only, audited against the platform's list of types before anything is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelyard.errors import InvalidModelError
from modelyard.models.interface import SklearnModel
from modelyard_bundle.audit import audit_model
from modelyard_bundle.documents import sha256_of
from modelyard_bundle.errors import BundleError
from modelyard_bundle.signature import Signature
from modelyard_bundle.trust import TRUSTED_TYPES


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


def open_model(folder: Path, *, digest: str) -> SklearnModel:
    """The model in a folder with model.skops and signature.json, as a registry downloads a version.

    Raises:
        InvalidModelError: the digest differs, a file is not what it has to be, or a type is not trusted.
    """
    try:
        signature = Signature.from_json((folder / "signature.json").read_bytes())
        content = (folder / "model.skops").read_bytes()
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
