"""Releases that travel, made in a moment: real bundles and signatures, papers with few packages, no image built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.release.bundling import Bundle
from modelyard.release.images.building import ImageReport
from modelyard.release.images.papers import SBOM, ImageRecord, write_papers
from modelyard.release.images.provenance import Origin, write_provenance
from modelyard.release.sealing import LocalSigner, Sealing
from modelyard.release.travelling.packing import Packed, Packing
from modelyard.release.travelling.record import SCAN, Promotion
from modelyard.testing.release_fakes import TinyModel
from modelyard_bundle import sha256_of, write_bundle

PROMOTION = Promotion(
    by="Ada",
    decided_by="person",
    at="2013-06-01T00:00:00+00:00",
    reason="better",
    evidence="e" * 64,
    entry=1,
    hash="f" * 64,
)
PACKAGES = (("numpy", "2.0.0"), ("urllib3", "1.26.0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlace:
    """Where releases are built: a folder of its own, with a key of its own."""

    home: Path
    signs: bool = True
    environment: str = "local"

    @property
    def sealing(self) -> Sealing | None:
        """Who signs there."""
        if not self.signs:
            return None
        return Sealing(signer=LocalSigner(self.home / "key.pem"), trusted_keys=self.home / "trusted")

    def bundle(self, model: TinyModel, version: str) -> Bundle:
        """The sealed bundle of a model."""
        manifest = model.manifest(version)
        seal = None if self.sealing is None else self.sealing.seal(manifest.to_json())
        folder = self.home / "bundles" / model.name / f"{version}-{model.digest[:12]}"
        if not folder.exists():
            write_bundle(self.home / "bundles", manifest, files=model.files, seal=seal)
        return Bundle(manifest=manifest, folder=folder, changed=False)

    def papers(
        self, bundle: Bundle, *, image: str | None = None, packages: Sequence[tuple[str, str]] = PACKAGES
    ) -> ImageReport:
        """The papers of a bundle's image, as building it would have written them."""
        manifest, sbom = bundle.manifest, _sbom(packages)
        digest = None if image is None else f"sha256:{sha256_of(image.encode())}"
        of_bundle = sha256_of(manifest.to_json())
        subjects = {"manifest.json": of_bundle, "sbom.cdx.json": sha256_of(sbom)}
        if image is not None and digest is not None:
            subjects[image] = digest.removeprefix("sha256:")
        origin = Origin(
            subjects=subjects,
            environment=self.environment,
            model=manifest.model,
            version=manifest.version,
            builder="none",
            base="base:1",
            base_digest=None,
            lock_digest="a" * 64,
            runtime_digest="b" * 64,
            bundle_digest=of_bundle,
            commit="c" * 40,
        )
        provenance = write_provenance(origin, None if self.sealing is None else self.sealing.signer)
        record = ImageRecord(
            model=manifest.model,
            version=manifest.version,
            digest=manifest.digest,
            bundle=of_bundle,
            image=image,
            image_digest=digest,
            size_bytes=None,
            runtime="modelyard/model-api:b",
            runtime_digest="b" * 64,
            base="base:1",
            base_digest=None,
            builder="none",
            lock="a" * 64,
            commit="c" * 40,
            sbom=sha256_of(sbom),
            provenance=sha256_of(provenance),
        )
        folder = self.home / "releases" / manifest.model / bundle.folder.name
        write_papers(folder, record, sbom=sbom, provenance=provenance, signed=self.signs)
        return ImageReport(record=record, papers=folder, context=folder, runtime_context=folder, built=False)

    def pack(
        self,
        model: TinyModel,
        version: str,
        *,
        out: Path,
        image: str | None = None,
        packages: Sequence[tuple[str, str]] = PACKAGES,
    ) -> Packed:
        """A release of a model in `out`/NAME."""
        bundle = self.bundle(model, version)
        packing = Packing(environment=self.environment, sealing=self.sealing)
        report = self.papers(bundle, image=image, packages=packages)
        return packing.pack(bundle, report, promotion=PROMOTION, out=out)


def keep_scan(folder: Path, **changes: object) -> None:
    """Puts beside a release what a scan that found nothing would have kept there, or something else in its place."""
    found = {"sbom": sha256_of((folder / SBOM).read_bytes()), "scanner": "pip-audit", "passed": True, "findings": []}
    (folder / SCAN).write_text(json.dumps({**found, **changes}), encoding="utf-8")


def _sbom(packages: Sequence[tuple[str, str]]) -> bytes:
    listed = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in packages
    ]
    others = [
        {"type": "container", "name": "base", "version": "1"},
        {"type": "library", "name": "modelyard-serving", "version": "0.1.0"},
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [*others, *listed]}
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
