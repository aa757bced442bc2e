"""What a release says of itself: release.json, signed like the bundle beside it.

<folder>/release.json          this, written last: where it is, the rest is
<folder>/release.sig           a signature over its exact bytes
<folder>/bundle/               the sealed bundle
<folder>/sbom.cdx.json         the papers of its image
<folder>/provenance.dsse.json
<folder>/image.json
<folder>/scan.json             what a scan for known vulnerabilities has found, if there was one; not signed
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from modelyard.release.images.papers import BARE_PROVENANCE, IMAGE, SBOM, SIGNED_PROVENANCE
from modelyard_bundle import BundleError, Pointer
from modelyard_bundle.documents import DIGEST, MODEL_NAME, VERSION, Fields, parse_document, render_document, shown
from modelyard_bundle.envelope import KEYID

FORMAT = "modelyard.release/1"
RELEASE = "release.json"
RELEASE_SEAL = "release.sig"
BUNDLE = "bundle"
SCAN = "scan.json"
PAYLOAD_TYPE = "application/vnd.modelyard.release+json"
PROVENANCES = (SIGNED_PROVENANCE, BARE_PROVENANCE)
PAPERS = (SBOM, IMAGE, *PROVENANCES)
CONTENT = frozenset({RELEASE, RELEASE_SEAL, BUNDLE, SCAN, *PAPERS})
"""What a release's folder may hold."""
_IMAGE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """The decision by which the version came to production where the release was built, as its ledger has it."""

    by: str
    decided_by: str
    """person or policy."""
    at: str
    """ISO 8601, UTC."""
    reason: str
    evidence: str
    """Digest of the comparison."""
    entry: int
    """Its place in the ledger, from 1."""
    hash: str
    """Of the ledger's entry."""

    @classmethod
    def from_document(cls, document: object, *, where: str) -> Promotion:
        """The promotion in a parsed document."""
        fields = Fields(document, where=where)
        names = ("by", "decided_by", "at", "reason")
        texts = {name: fields.text(name) for name in names}
        digests = {name: fields.text(name, DIGEST) for name in ("evidence", "hash")}
        entry = fields.take("entry")
        if not isinstance(entry, int) or isinstance(entry, bool) or entry < 1:
            raise BundleError(f"entry is {shown(entry)}, allowed is a number from 1", where=where)
        fields.end()
        return cls(**texts, **digests, entry=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """One release, as release.json has it."""

    model: str
    version: str
    digest: str
    """SHA-256 of model.skops."""
    manifest: str
    """SHA-256 of the bundle's manifest."""
    image: str | None
    """What the image is called; none where nothing built one."""
    image_digest: str | None
    """sha256:…, of the image: the same in every environment."""
    signed_by: str | None
    """Name of the key that signed the bundle and this record; none where nobody signs."""
    commit: str
    """The code that the version was trained with."""
    built_from: str
    """The checkout that it was built from."""
    built_in: str
    """The environment that it was built in."""
    data_versions: Mapping[str, int]
    """What the version was trained on."""
    promotion: Promotion
    papers: Mapping[str, str]
    """File name to SHA-256."""

    @property
    def pointer(self) -> Pointer:
        """What a deployment of this release points to."""
        return Pointer.to(self.model, self.version, digest=self.digest)

    def to_json(self) -> bytes:
        """The content of release.json."""
        return render_document({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, content: bytes, *, where: str = RELEASE) -> ReleaseRecord:
        """The record in the content of release.json.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        fields.choice("format", (FORMAT,))
        record = cls(
            model=fields.text("model", MODEL_NAME),
            version=fields.text("version", VERSION),
            digest=fields.text("digest", DIGEST),
            manifest=fields.text("manifest", DIGEST),
            image=_text(fields, "image", None, where),
            image_digest=_text(fields, "image_digest", _IMAGE_DIGEST, where),
            signed_by=_text(fields, "signed_by", KEYID, where),
            commit=fields.text("commit"),
            built_from=fields.text("built_from"),
            built_in=fields.text("built_in"),
            data_versions=fields.mapping("data_versions", int),
            promotion=Promotion.from_document(fields.take("promotion"), where=f"{where}: promotion"),
            papers=_papers(fields.mapping("papers", str), where),
        )
        fields.end()
        if (record.image is None) != (record.image_digest is None):
            raise BundleError("image and image_digest are both given, or both null", where=where)
        return record


def _text(fields: Fields, key: str, pattern: re.Pattern[str] | None, where: str) -> str | None:
    value: Any = fields.take(key)
    if value is None:
        return None
    if not isinstance(value, str) or (pattern is not None and pattern.fullmatch(value) is None):
        allowed = "text" if pattern is None else pattern.pattern
        raise BundleError(f"{key} is {shown(value)}, allowed is {allowed} or null", where=where)
    return value


def _papers(found: dict[str, str], where: str) -> dict[str, str]:
    provenance = set(found) & set(PROVENANCES)
    if set(found) - provenance != {SBOM, IMAGE} or len(provenance) != 1:
        raise BundleError(
            f"papers lists {', '.join(map(shown, sorted(found)))}, allowed are {SBOM}, {IMAGE} and one of "
            f"{', '.join(PROVENANCES)}",
            where=where,
        )
    for name, digest in found.items():
        if DIGEST.fullmatch(digest) is None:
            raise BundleError(f"the digest of {name} is {shown(digest)}, not a SHA-256", where=where)
    return found
