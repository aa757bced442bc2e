"""The image of one model: a shared runtime and one layer with the signed bundle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from modelyard.release.bundling import Bundle
from modelyard.release.images.builder import BuildOrder
from modelyard.release.images.folders import Content, write_folder
from modelyard.release.images.lock import written
from modelyard.release.images.runtimes import DIGITS, RuntimePlan
from modelyard_bundle import sha256_of
from modelyard_bundle.manifest import MANIFEST

DOCKERFILE = "ml/serving/model.Dockerfile"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinPlan:
    """One model's image, ready to be built once its runtime is there."""

    order: BuildOrder
    bundle_digest: str
    """SHA-256 of the bundle's manifest, which names the digest of everything else in it."""


def plan_thin(
    bundle: Bundle, runtime: RuntimePlan, *, root: Path, sbom_digest: str, commit: str, folders: Path
) -> ThinPlan:
    """The folder and the order of a model's image.

    Args:
        bundle: What it serves.
        runtime: What it stands on.
        root: The checkout.
        sbom_digest: SHA-256 of the list of what is in it.
        commit: The checkout's.
        folders: Where folders to build from are kept.
    """
    manifest, pointer = bundle.manifest, bundle.pointer
    files: dict[str, Content] = {
        "Dockerfile": (root / DOCKERFILE).read_bytes(),
        f"srv/deployments/{manifest.model}.json": pointer.to_json(),
        **{f"srv/bundles/{pointer.bundle}/{file.name}": file.read_bytes() for file in sorted(bundle.folder.iterdir())},
    }
    epoch = _epoch(manifest.created_at)
    tag = f"{manifest.version}-{manifest.digest[:DIGITS]}-{runtime.short}"
    bundle_digest = sha256_of((bundle.folder / MANIFEST).read_bytes())
    order = BuildOrder(
        context=write_folder(folders / f"{manifest.model}-{tag}", files, epoch=epoch),
        dockerfile="Dockerfile",
        reference=f"{repository_of(manifest.model)}:{tag}",
        arguments={
            "RUNTIME": runtime.order.reference,
            "TITLE": manifest.model,
            "VERSION": manifest.version,
            "REVISION": commit,
            "CREATED": written(epoch),
            "DIGEST": manifest.digest,
            "BUNDLE": bundle_digest,
            "SBOM": sbom_digest,
        },
        epoch=epoch,
    )
    return ThinPlan(order=order, bundle_digest=bundle_digest)


def repository_of(model: str) -> str:
    """Where a model's images lie in a registry."""
    return f"modelyard/{model.replace('_', '-')}"


def _epoch(created_at: str) -> int:
    """When the version was registered: the image of a version is the same whenever it is built."""
    try:
        return int(datetime.fromisoformat(created_at).timestamp())
    except ValueError:
        return 0
