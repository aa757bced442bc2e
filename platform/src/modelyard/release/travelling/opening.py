"""A release's folder is opened: nothing in it is believed before its digest and its signature are right.

Which keys are trusted is the environment's own affair. A folder can bring no key along, and no file that is not part of
a release. Everything is read once, and what was checked is what is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.release.images.papers import BARE_PROVENANCE, IMAGE, SBOM, SIGNED_PROVENANCE
from modelyard.release.images.provenance import PAYLOAD_TYPE as PROVENANCE_TYPE
from modelyard.release.images.provenance import PREDICATE, STATEMENT
from modelyard.release.travelling.record import (
    BUNDLE,
    CONTENT,
    PAYLOAD_TYPE,
    RELEASE,
    RELEASE_SEAL,
    ReleaseRecord,
)
from modelyard_bundle import (
    BundleError,
    Envelope,
    Limits,
    Manifest,
    Pointer,
    TrustedKeys,
    check_seal,
    read_bundle,
    read_seal,
    sha256_of,
)
from modelyard_bundle.bundle import check_digest, read_file
from modelyard_bundle.documents import parse_document, shown
from modelyard_bundle.manifest import CONTENT_FILES, MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class TravellingRelease:
    """A release as it was read and checked."""

    folder: Path
    record: ReleaseRecord
    manifest: Manifest
    files: Mapping[str, bytes]
    """The bundle's files, but for the manifest and its seal."""
    seal: bytes | None
    sbom: bytes

    @property
    def model(self) -> str:
        """Its model."""
        return self.record.model

    @property
    def pointer(self) -> Pointer:
        """What a deployment of it points to."""
        return self.record.pointer


def read_record(folder: Path) -> ReleaseRecord:
    """What the release in `folder` says of itself. No signature is checked here.

    Raises:
        BundleError: There is no such release, or its record is not in form.
    """
    return ReleaseRecord.from_json(read_file(folder, RELEASE, Limits()))


def open_release(folder: Path, trusted: TrustedKeys | None) -> TravellingRelease:
    """The release in `folder`, if everything in it is what a trusted key has signed.

    Args:
        folder: The release's folder.
        trusted: The keys that this environment trusts; none where signatures are not asked for.

    Raises:
        BundleError: Something is missing, extra, damaged, not signed, or signed by somebody else.
    """
    _check_listing(folder)
    content = read_file(folder, RELEASE, Limits())
    record = ReleaseRecord.from_json(content)
    if trusted is not None:
        _check_signature(folder, content, trusted)
    papers = {name: read_file(folder, name, Limits()) for name in record.papers}
    for name, paper in papers.items():
        if (found := sha256_of(paper)) != record.papers[name]:
            raise BundleError(f"the digest is {found[:12]}…, {RELEASE} says {record.papers[name][:12]}…", where=name)
    _check_provenance(record, papers, trusted)
    _check_image(record, papers[IMAGE])
    return _with_bundle(folder, record, sbom=papers[SBOM], trusted=trusted)


def _check_listing(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        raise BundleError("there is no such folder, or it is a link", where=str(folder))
    for path in folder.iterdir():
        if path.name not in CONTENT:
            raise BundleError(f"{shown(path.name)} is not part of a release", where=folder.name)
        plain = path.is_dir() if path.name == BUNDLE else path.is_file()
        if path.is_symlink() or not plain:
            raise BundleError(f"{path.name} is a link, or of the wrong kind", where=folder.name)
    if not (folder / BUNDLE).is_dir():
        raise BundleError(f"{BUNDLE}/ is missing", where=folder.name)


def _check_signature(folder: Path, content: bytes, trusted: TrustedKeys) -> None:
    if not (folder / RELEASE_SEAL).is_file():
        raise BundleError("it is not signed, and only signed releases are trusted here", where=RELEASE_SEAL)
    seal = read_file(folder, RELEASE_SEAL, Limits())
    if trusted.open(seal, payload_type=PAYLOAD_TYPE, where=RELEASE_SEAL) != content:
        raise BundleError(f"it signs another {RELEASE}", where=RELEASE_SEAL)


def _check_provenance(record: ReleaseRecord, papers: Mapping[str, bytes], trusted: TrustedKeys | None) -> None:
    """Refuse a statement about other things than what is here.

    That it is signed is asked for even though release.json names its digest: whoever reads the statement elsewhere
    has nothing but its own signature.
    """
    statement, where = _statement(papers, trusted)
    if (statement.get("_type"), statement.get("predicateType")) != (STATEMENT, PREDICATE):
        raise BundleError(f"it is no in-toto statement of {PREDICATE}", where=where)
    wanted = {MANIFEST: record.manifest, SBOM: record.papers[SBOM]}
    if record.image is not None and record.image_digest is not None:
        wanted[record.image] = record.image_digest.removeprefix("sha256:")
    found = _subjects(statement, where)
    if found != wanted:
        apart = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        raise BundleError(f"it is about something else: {', '.join(map(shown, apart))}", where=where)


def _statement(papers: Mapping[str, bytes], trusted: TrustedKeys | None) -> tuple[dict[str, Any], str]:
    if SIGNED_PROVENANCE not in papers:
        if trusted is not None:
            raise BundleError("it is not signed, and only signed releases are trusted here", where=BARE_PROVENANCE)
        return parse_document(papers[BARE_PROVENANCE], where=BARE_PROVENANCE), BARE_PROVENANCE
    content = papers[SIGNED_PROVENANCE]
    if trusted is not None:
        payload = trusted.open(content, payload_type=PROVENANCE_TYPE, where=SIGNED_PROVENANCE)
    else:
        payload = Envelope.from_json(content, where=SIGNED_PROVENANCE).payload
    return parse_document(payload, where=SIGNED_PROVENANCE), SIGNED_PROVENANCE


def _subjects(statement: Mapping[str, Any], where: str) -> dict[str, str]:
    try:
        named = [(str(one["name"]), str(one["digest"]["sha256"])) for one in statement["subject"]]
    except (KeyError, TypeError) as error:
        raise BundleError("its subjects have no name or no SHA-256", where=where) from error
    if len(dict(named)) != len(named):
        raise BundleError("it names a subject twice", where=where)
    return dict(named)


def _check_image(record: ReleaseRecord, content: bytes) -> None:
    document = parse_document(content, where=IMAGE)
    ours = {
        "model": record.model,
        "version": record.version,
        "digest": record.digest,
        "bundle": record.manifest,
        "image": record.image,
        "image_digest": record.image_digest,
    }
    if apart := sorted(name for name, value in ours.items() if document.get(name) != value):
        raise BundleError(f"{', '.join(apart)} is not what {RELEASE} says", where=IMAGE)


def _with_bundle(folder: Path, record: ReleaseRecord, *, sbom: bytes, trusted: TrustedKeys | None) -> TravellingRelease:
    place = folder / BUNDLE
    content = read_file(place, MANIFEST, Limits())
    seal = read_seal(place)
    if trusted is not None:
        check_seal(seal, content, trusted=trusted)
    manifest = read_bundle(place).manifest
    if sha256_of(content) != record.manifest or manifest.to_json() != content:
        raise BundleError(f"it is not the manifest that {RELEASE} names", where=f"{BUNDLE}/{MANIFEST}")
    for name in ("model", "version", "digest", "commit", "data_versions"):
        if getattr(manifest, name) != getattr(record, name):
            raise BundleError(f"{name} is not what {RELEASE} says", where=f"{BUNDLE}/{MANIFEST}")
    files = {name: read_file(place, name, Limits()) for name in CONTENT_FILES}
    for name, found in files.items():
        check_digest(manifest, name, found)
    return TravellingRelease(folder=folder, record=record, manifest=manifest, files=files, seal=seal, sbom=sbom)
