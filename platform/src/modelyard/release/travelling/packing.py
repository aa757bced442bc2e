"""A release is packed: bundle and papers in one folder, with a signed record of what they are.

The folder appears under its name in one step and whole. Run again for the same version, it stays as it is.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ReleaseRefusedError
from modelyard.release.bundling import Bundle
from modelyard.release.images.building import ImageReport
from modelyard.release.images.papers import IMAGE, SBOM, provenance_file
from modelyard.release.sealing import Sealing, sign_envelope
from modelyard.release.travelling.opening import open_release, read_record
from modelyard.release.travelling.record import (
    BUNDLE,
    CONTENT,
    PAYLOAD_TYPE,
    RELEASE,
    RELEASE_SEAL,
    Promotion,
    ReleaseRecord,
)
from modelyard_bundle import BundleError, TrustedKeys, read_seal, sha256_of, write_atomically
from modelyard_bundle.atomic import sync_folder
from modelyard_bundle.manifest import CONTENT_FILES, MANIFEST
from modelyard_bundle.seal import SEAL_FILE, keyid_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A release in its folder."""

    record: ReleaseRecord
    folder: Path
    changed: bool
    """Whether this call wrote it; no if it was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What releases of an environment are packed with."""

    environment: str
    sealing: Sealing | None
    """Who signs; none where the environment does not sign."""

    def pack(self, bundle: Bundle, image: ImageReport, *, promotion: Promotion, out: Path) -> Packed:
        """Put a release at `out`/NAME, unless it is there, whole and signed.

        Args:
            bundle: The bundle.
            image: Its image, or why there is none, and the papers.
            promotion: The decision that it rests on.
            out: Where releases go, one folder each.

        Raises:
            ReleaseRefusedError: Another release, or something else, is there.
        """
        record = self._record(bundle, image, promotion)
        folder = out / record.model
        _check_place(folder, record)
        if self._is_whole(folder, record):
            return Packed(record=record, folder=folder, changed=False)
        _sweep(folder)
        temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
        try:
            self._write(temporary, record, bundle=bundle.folder, papers=image.papers)
            if folder.exists():
                folder.rename(folder.with_name(f"{temporary.name}.before"))
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            _sweep(folder)
        sync_folder(out)
        return Packed(record=record, folder=folder, changed=True)

    def _record(self, bundle: Bundle, image: ImageReport, promotion: Promotion) -> ReleaseRecord:
        manifest, built = bundle.manifest, image.record
        provenance = provenance_file(image.papers)
        papers = {name: image.papers / name for name in (SBOM, IMAGE, provenance.name)}
        return ReleaseRecord(
            model=manifest.model,
            version=manifest.version,
            digest=manifest.digest,
            manifest=sha256_of(manifest.to_json()),
            image=built.image,
            image_digest=built.image_digest,
            signed_by=None if self.sealing is None else keyid_of(self.sealing.signer.public_key()),
            commit=manifest.commit,
            built_from=built.commit,
            built_in=self.environment,
            data_versions=dict(manifest.data_versions),
            promotion=promotion,
            papers={name: sha256_of(file.read_bytes()) for name, file in papers.items()},
        )

    def _is_whole(self, folder: Path, record: ReleaseRecord) -> bool:
        if not (folder / RELEASE).is_file():
            return False
        trusted = None if self.sealing is None else TrustedKeys(self.sealing.trusted_keys)
        try:
            return open_release(folder, trusted).record == record
        except BundleError:
            return False

    def _write(self, folder: Path, record: ReleaseRecord, *, bundle: Path, papers: Path) -> None:
        """The record comes last: where it is, the rest is."""
        for name in (*CONTENT_FILES, MANIFEST):
            write_atomically(folder / BUNDLE / name, (bundle / name).read_bytes())
        if (seal := read_seal(bundle)) is not None:
            write_atomically(folder / BUNDLE / SEAL_FILE, seal)
        for name in record.papers:
            write_atomically(folder / name, (papers / name).read_bytes())
        content = record.to_json()
        if self.sealing is not None:
            sealed = sign_envelope(self.sealing.signer, content, payload_type=PAYLOAD_TYPE)
            write_atomically(folder / RELEASE_SEAL, sealed)
        write_atomically(folder / RELEASE, content)


def _check_place(folder: Path, record: ReleaseRecord) -> None:
    """Refuse to replace anything but this very version's release, or what an interrupted call has left."""
    if not folder.is_symlink() and not folder.exists():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ReleaseRefusedError(f"{folder} is no folder", hint="name another folder with --out")
    if strange := sorted({path.name for path in folder.iterdir()} - CONTENT):
        raise ReleaseRefusedError(
            f"{folder} holds {', '.join(strange[:5])}, which is not part of a release", hint="name another with --out"
        )
    if not (folder / RELEASE).exists():
        return
    try:
        there = read_record(folder)
    except BundleError as error:
        raise ReleaseRefusedError(
            f"{folder} holds a release that cannot be read: {error}", hint=f"remove {folder}, or name another --out"
        ) from error
    if (there.model, there.version) != (record.model, record.version):
        raise ReleaseRefusedError(
            f"{folder} holds the release of {there.model} version {there.version}, and this is {record.model} version "
            f"{record.version}",
            hint=f"remove {folder}, or name another --out",
        )


def _sweep(folder: Path) -> None:
    """Take away what a killed call has left beside the folder; it never counted as a release."""
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
