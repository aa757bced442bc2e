"""The deployment pointer: one small file a model that says which bundle the model API serves.

Replacing the file is the deployment. It is replaced in one step, so a reader sees the old pointer or the new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelyard_bundle.atomic import sync_folder, write_atomically
from modelyard_bundle.documents import DIGEST, MODEL_NAME, VERSION, Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError
from modelyard_bundle.rollout import Rollout

POINTER_SUFFIX = ".json"
MAX_POINTER_BYTES = 16 * 1024
BUNDLE_PATH = re.compile(r"[a-z][a-z0-9_]{0,62}/[0-9A-Za-z][0-9A-Za-z._-]{0,31}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Which version of a model is deployed."""

    model: str
    version: str
    digest: str
    """SHA-256 of the version's model.skops."""
    bundle: str
    """The bundle's folder, relative to the root of all bundles: `<model>/<version>-<first 12 of digest>`."""
    rollout: Rollout | None = None
    """The candidate that is tried beside this version; none where all requests are this version's."""

    def __post_init__(self) -> None:
        _check_bundle(self.bundle, f"{self.model}/{self.version}-{self.digest[:12]}", where="pointer")
        if self.rollout is None:
            return
        candidate = self.rollout.candidate
        expected = f"{self.model}/{candidate.version}-{candidate.digest[:12]}"
        _check_bundle(candidate.bundle, expected, where="pointer.rollout.candidate")
        if candidate.version == self.version:
            found = f"the candidate is version {shown(candidate.version)}"
            raise BundleError(f"{found}, which is deployed; allowed is another", where="pointer.rollout")

    @classmethod
    def to(cls, model: str, version: str, *, digest: str) -> Pointer:
        """The pointer to a version whose bundle lies where bundles lie."""
        return cls(model=model, version=version, digest=digest, bundle=f"{model}/{version}-{digest[:12]}")

    @property
    def candidate(self) -> Pointer | None:
        """The pointer to the candidate of the rollout; none where there is no rollout."""
        if self.rollout is None:
            return None
        found = self.rollout.candidate
        return Pointer(model=self.model, version=found.version, digest=found.digest, bundle=found.bundle)

    def alone(self) -> Pointer:
        """The same version without a rollout."""
        return replace(self, rollout=None)

    def to_json(self) -> bytes:
        """The content of the pointer file. Without a rollout it has no such field, as it always was."""
        document: dict[str, Any] = {
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "bundle": self.bundle,
        }
        if self.rollout is not None:
            document["rollout"] = self.rollout.to_document()
        return render_document(document)

    @classmethod
    def from_json(cls, content: bytes, *, where: str = "pointer") -> Pointer:
        """The pointer in the content of a pointer file.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form, or the bundle's path leaves its root.
        """
        document = parse_document(content, where=where)
        rollout = document.pop("rollout", None)
        fields = Fields(document, where=where)
        pointer = cls(
            model=fields.text("model", MODEL_NAME),
            version=fields.text("version", VERSION),
            digest=fields.text("digest", DIGEST),
            bundle=fields.text("bundle"),
            rollout=None if rollout is None else Rollout.from_document(rollout, where=f"{where}.rollout"),
        )
        fields.end()
        return pointer


def _check_bundle(bundle: str, expected: str, *, where: str) -> None:
    if BUNDLE_PATH.fullmatch(bundle) is None or bundle != expected:
        raise BundleError(f"bundle is {shown(bundle)}, allowed is {shown(expected)}", where=where)


def pointer_path(deployments: Path, model: str) -> Path:
    """Where the pointer of `model` lies."""
    if MODEL_NAME.fullmatch(model) is None:
        raise BundleError(f"model is {shown(model)}, allowed is {MODEL_NAME.pattern}")
    return deployments / f"{model}{POINTER_SUFFIX}"


def read_pointer(deployments: Path, model: str) -> Pointer | None:
    """The pointer of `model`; none where nothing is deployed.

    Raises:
        BundleError: There is a file, and it is not a pointer of this model.
    """
    path = pointer_path(deployments, model)
    try:
        if path.stat().st_size > MAX_POINTER_BYTES:
            raise BundleError(f"larger than {MAX_POINTER_BYTES} bytes", where=path.name)
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    pointer = Pointer.from_json(content, where=path.name)
    if pointer.model != model:
        raise BundleError(f"it points to the model {pointer.model}", where=path.name)
    return pointer


def replace_pointer(deployments: Path, pointer: Pointer) -> None:
    """Deploy: point the model to another bundle in one step."""
    write_atomically(pointer_path(deployments, pointer.model), pointer.to_json())


def remove_pointer(deployments: Path, model: str) -> None:
    """Take the model out of service. Nothing happens where it is not deployed."""
    pointer_path(deployments, model).unlink(missing_ok=True)
    if deployments.is_dir():
        sync_folder(deployments)
