"""Where an image comes from: an in-toto statement with SLSA's provenance, signed like the bundle.

It says what was built from what, by whom and how. The builder says so itself, on the machine that it runs on: that is
SLSA's Build L1, and no more is claimed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard import __version__
from modelyard.release.programs import run
from modelyard.release.sealing import Signer, sign_envelope
from modelyard_bundle import TrustedKeys

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUILD_TYPE = "urn:modelyard:build:image:1"
"""What the parameters below mean; docs/guides/images.md says it in words."""
UNKNOWN = "unknown"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an image was built of."""

    subjects: Mapping[str, str]
    """What came of it: name to SHA-256."""
    environment: str
    model: str
    version: str
    builder: str
    """docker, buildah or acr; none where nothing was built but the bundle and its folder."""
    base: str
    base_digest: str | None
    """sha256:… of the base image, as it was used."""
    lock_digest: str
    runtime_digest: str
    bundle_digest: str
    commit: str
    """The checkout's, with -dirty if files differed from it."""


def write_provenance(origin: Origin, signer: Signer | None) -> bytes:
    """The statement: in a signed envelope, or bare where nobody signs."""
    statement = (json.dumps(_statement(origin), indent=1, sort_keys=True) + "\n").encode()
    return statement if signer is None else sign_envelope(signer, statement, payload_type=PAYLOAD_TYPE)


def read_provenance(file: Path, trusted_keys: Path) -> dict[str, Any]:
    """The statement in a signed envelope.

    Raises:
        BundleError: No trusted key has signed it.
    """
    content = TrustedKeys(trusted_keys).open(file.read_bytes(), payload_type=PAYLOAD_TYPE, where=file.name)
    found: dict[str, Any] = json.loads(content)
    return found


def commit_of(root: Path) -> str:
    """The commit that is checked out, with `-dirty` if files differ from it; `unknown` outside of git."""
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return UNKNOWN
    return f"{head}-dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else head


def _git(root: Path, *words: str) -> str:
    said = run(["git", "-C", str(root), *words], missing="install git", seconds=30)
    return said.out.strip() if said.code == 0 else ""


def _statement(origin: Origin) -> dict[str, Any]:
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(origin.subjects.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "model": origin.model,
                    "version": origin.version,
                    "environment": origin.environment,
                    "base": origin.base,
                },
                "internalParameters": {"builder": origin.builder, "runtime": origin.runtime_digest},
                "resolvedDependencies": _dependencies(origin),
            },
            "runDetails": {
                "builder": {"id": f"modelyard/{origin.builder}", "version": {"modelyard": __version__}},
                # The time of what was built, not of the building: two builds give the same statement.
                "metadata": {"invocationId": f"{origin.runtime_digest[:12]}-{origin.bundle_digest[:12]}"},
                "byproducts": [],
            },
        },
    }


def _dependencies(origin: Origin) -> list[dict[str, Any]]:
    clean = _COMMIT.fullmatch(origin.commit)
    source: dict[str, Any] = {"name": "checkout", "annotations": {"commit": origin.commit}}
    base = {"uri": f"docker://{origin.base.partition('@')[0]}", "name": "base"}
    return [
        {**source, **({"digest": {"gitCommit": origin.commit}} if clean else {})},
        {"name": "uv.lock", "digest": {"sha256": origin.lock_digest}},
        {"name": "bundle", "digest": {"sha256": origin.bundle_digest}},
        {**base, **(_sha256(origin.base_digest) if origin.base_digest else {})},
    ]


def _sha256(digest: str) -> dict[str, Any]:
    return {"digest": {"sha256": digest.removeprefix("sha256:")}}
