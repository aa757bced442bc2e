"""From a bundle to an image: folders, shared runtime, thin layer, and the papers that go with it.

Run again, it finds all that is there. Where nothing builds images, everything else is made all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from modelyard.release.bundling import Bundle
from modelyard.release.images.builder import Builder, BuiltImage
from modelyard.release.images.lock import Lock, read_lock
from modelyard.release.images.locked import Locked
from modelyard.release.images.papers import ImageRecord, read_papers, write_papers
from modelyard.release.images.provenance import Origin, commit_of, write_provenance
from modelyard.release.images.runtimes import SERVING, Runtime, RuntimePlan, plan_runtime
from modelyard.release.images.sbom import Contents, write_sbom
from modelyard.release.images.thin import ThinPlan, plan_thin, repository_of
from modelyard.release.sealing import Sealing
from modelyard_bundle import sha256_of
from modelyard_bundle.seal import keyid_of

NOTHING = "none"


def _silent(line: str) -> None:
    del line


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """What building an image did."""

    record: ImageRecord
    papers: Path
    """The folder with the papers."""
    context: Path
    """The folder that the image is built from."""
    runtime_context: Path
    """The folder that the shared image is built from."""
    built: bool
    """Whether this call built the image; no if it was there, or nothing builds images here."""

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        folders = {name: str(getattr(self, name)) for name in ("papers", "context", "runtime_context")}
        return {**asdict(self.record), **folders, "built": self.built}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a model's image is made of."""

    bundle: Bundle
    runtime: RuntimePlan
    thin: ThinPlan
    lock: Lock
    commit: str
    sbom: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuilding:
    """Everything that an environment's images are made with."""

    environment: str
    root: Path
    """The checkout."""
    state: Path
    """Where Modelyard keeps things."""
    releases: Path
    """Where papers are kept."""
    base: str
    """The image that ours stand on."""
    builder: Builder | None
    sealing: Sealing | None
    note: Callable[[str], None] = field(default=_silent)
    """Told what is going on."""

    def plan(self, runtime: Runtime = SERVING) -> RuntimePlan:
        """The folder and the order of a shared image. Nothing is built."""
        self.note("collecting the locked wheels")
        return plan_runtime(
            runtime,
            root=self.root,
            wheels=Locked(self.root, self.state).wheels(runtime.packages, extras=runtime.extras),
            lock=read_lock(self.root),
            base=self.base,
            trusted_keys=None if self.sealing is None else self.sealing.trusted_keys,
            folders=self._folders,
        )

    def build_runtime(self, plan: RuntimePlan) -> BuiltImage | None:
        """The shared image, built unless it is there; none where nothing builds images.

        Raises:
            ReleaseRefusedError: It could not be built.
        """
        if self.builder is None:
            return None
        if (found := self.builder.find(plan.order.reference)) is not None:
            return found
        self.note(f"building {plan.order.reference}")
        return self.builder.build(plan.order)

    def release(self, bundle: Bundle) -> ImageReport:
        """The image of a bundle, and its papers.

        Raises:
            ReleaseRefusedError: The image could not be built.
        """
        parts = self._parts(bundle)
        folder = self.releases / bundle.pointer.bundle
        record, built = self._kept(folder, parts), False
        if record is None:
            image = self._build(parts)
            record, built = self._write(folder, parts, image), image is not None
        return ImageReport(
            record=record,
            papers=folder,
            context=parts.thin.order.context,
            runtime_context=parts.runtime.order.context,
            built=built,
        )

    @property
    def _folders(self) -> Path:
        return self.state / "cache" / "images"

    def _parts(self, bundle: Bundle) -> _Parts:
        runtime, lock, commit = self.plan(), read_lock(self.root), commit_of(self.root)
        sbom = write_sbom(self._contents(bundle, runtime, lock))
        thin = plan_thin(
            bundle, runtime, root=self.root, sbom_digest=sha256_of(sbom), commit=commit, folders=self._folders
        )
        return _Parts(bundle=bundle, runtime=runtime, thin=thin, lock=lock, commit=commit, sbom=sbom)

    def _contents(self, bundle: Bundle, runtime: RuntimePlan, lock: Lock) -> Contents:
        return Contents(
            image=repository_of(bundle.manifest.model),
            tag=f"{bundle.folder.name}-{runtime.short}",
            created=runtime.order.arguments["CREATED"],
            base=self.base,
            wheels=runtime.wheels,
            lock=lock,
            manifest=bundle.manifest,
            signed_by=None if self.sealing is None else keyid_of(self.sealing.signer.public_key()),
        )

    def _kept(self, folder: Path, parts: _Parts) -> ImageRecord | None:
        """The record of an earlier call that made the same; none if something has changed, or is gone."""
        record = read_papers(folder)
        if record is None or record.sbom != sha256_of(parts.sbom):
            return None
        if (record.bundle, record.runtime_digest) != (parts.thin.bundle_digest, parts.runtime.digest):
            return None
        if self.builder is None:
            return record
        found = self.builder.find(parts.thin.order.reference)
        return record if found is not None and found.digest == record.image_digest else None

    def _build(self, parts: _Parts) -> BuiltImage | None:
        shared = self.build_runtime(parts.runtime)
        if self.builder is None or shared is None:
            return None
        order = parts.thin.order
        self.note(f"building {order.reference}")
        return self.builder.build(replace(order, arguments={**order.arguments, "RUNTIME": shared.reference}))

    def _write(self, folder: Path, parts: _Parts, image: BuiltImage | None) -> ImageRecord:
        origin = self._origin(parts, image)
        provenance = write_provenance(origin, None if self.sealing is None else self.sealing.signer)
        manifest = parts.bundle.manifest
        record = ImageRecord(
            model=manifest.model,
            version=manifest.version,
            digest=manifest.digest,
            bundle=parts.thin.bundle_digest,
            image=None if image is None else image.reference,
            image_digest=None if image is None else image.digest,
            size_bytes=None if image is None else image.size_bytes,
            runtime=parts.runtime.order.reference,
            runtime_digest=parts.runtime.digest,
            base=self.base,
            base_digest=origin.base_digest,
            builder=origin.builder,
            lock=parts.lock.digest,
            commit=parts.commit,
            sbom=sha256_of(parts.sbom),
            provenance=sha256_of(provenance),
        )
        signed = self.sealing is not None
        write_papers(folder, record, sbom=parts.sbom, provenance=provenance, signed=signed)
        return record

    def _origin(self, parts: _Parts, image: BuiltImage | None) -> Origin:
        subjects = {"manifest.json": parts.thin.bundle_digest, "sbom.cdx.json": sha256_of(parts.sbom)}
        if image is not None:
            subjects[image.reference] = image.digest.removeprefix("sha256:")
        return Origin(
            subjects=subjects,
            environment=self.environment,
            model=parts.bundle.manifest.model,
            version=parts.bundle.manifest.version,
            builder=NOTHING if self.builder is None else self.builder.name,
            base=self.base,
            base_digest=self._base_digest(),
            lock_digest=parts.lock.digest,
            runtime_digest=parts.runtime.digest,
            bundle_digest=parts.thin.bundle_digest,
            commit=parts.commit,
        )

    def _base_digest(self) -> str | None:
        pinned = self.base.partition("@")[2]
        if pinned or self.builder is None:
            return pinned or None
        found = self.builder.find(self.base)
        return None if found is None else found.digest
