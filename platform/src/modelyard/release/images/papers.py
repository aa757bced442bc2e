"""The papers of a release: what its image is called, what is in it, where it is from.

They lie beside the bundles, in `releases/<model>/<version>-<digest>/`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from modelyard_bundle import sha256_of, write_atomically

SBOM = "sbom.cdx.json"
SIGNED_PROVENANCE = "provenance.dsse.json"
BARE_PROVENANCE = "provenance.json"
"""Where nobody signs."""
IMAGE = "image.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """One model's image, as image.json has it."""

    model: str
    version: str
    digest: str
    """SHA-256 of model.skops."""
    bundle: str
    """SHA-256 of the bundle's manifest."""
    image: str | None
    """What it is called; none where nothing builds images."""
    image_digest: str | None
    """sha256:…, of the image."""
    size_bytes: int | None
    runtime: str
    """The shared image that it stands on."""
    runtime_digest: str
    """Of everything that went into the shared image."""
    base: str
    base_digest: str | None
    """sha256:…, of the base image as it was used."""
    builder: str
    """docker, buildah, acr or none."""
    lock: str
    """SHA-256 of uv.lock."""
    commit: str
    """The checkout's."""
    sbom: str
    """SHA-256 of sbom.cdx.json."""
    provenance: str
    """SHA-256 of the statement's file."""

    def to_json(self) -> bytes:
        """The content of image.json."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()


def write_papers(folder: Path, record: ImageRecord, *, sbom: bytes, provenance: bytes, signed: bool) -> None:
    """Put the papers of one release into its folder; image.json last, so that where it is, the others are."""
    (folder / IMAGE).unlink(missing_ok=True)
    write_atomically(folder / SBOM, sbom)
    write_atomically(folder / (SIGNED_PROVENANCE if signed else BARE_PROVENANCE), provenance)
    (folder / (BARE_PROVENANCE if signed else SIGNED_PROVENANCE)).unlink(missing_ok=True)
    write_atomically(folder / IMAGE, record.to_json())


def read_papers(folder: Path) -> ImageRecord | None:
    """The record of a release whose papers are whole; none if one is missing or is not the one that it names."""
    try:
        record = ImageRecord(**json.loads((folder / IMAGE).read_bytes()))
        sbom = sha256_of((folder / SBOM).read_bytes())
        provenance = sha256_of(provenance_file(folder).read_bytes())
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return record if (sbom, provenance) == (record.sbom, record.provenance) else None


def provenance_file(folder: Path) -> Path:
    """Where a release's provenance lies: the signed one, if there is one."""
    signed = folder / SIGNED_PROVENANCE
    return signed if signed.is_file() else folder / BARE_PROVENANCE
