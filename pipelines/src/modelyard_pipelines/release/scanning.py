"""A release is looked through for known vulnerabilities, and what was found is kept beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import InvalidBundleError
from modelyard.release.images.papers import SBOM, read_papers
from modelyard.release.scanning.auditing import OSV, audit
from modelyard.release.scanning.contents import packages_in
from modelyard.release.scanning.judging import Finding, judge
from modelyard.release.travelling.record import SCAN
from modelyard_bundle import sha256_of, write_atomically
from modelyard_pipelines.release.releasing import build
from modelyard_pipelines.release.travelling import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan of one release found."""

    model: str
    version: str
    sbom: str
    """SHA-256 of the list of contents that was looked through."""
    scanner: str
    """pip-audit or none."""
    service: str | None
    """Which service was asked."""
    packages: int
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]
    """What nobody could be asked about."""
    file: Path
    """Where this is kept."""

    @property
    def against(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted."""
        return tuple(one for one in self.findings if one.accepted is None)

    @property
    def passed(self) -> bool | None:
        """Whether there is nothing that stops the release; none if nothing was looked for."""
        return None if self.scanner == "none" else not self.against

    def to_document(self) -> dict[str, Any]:
        """For machines, and for scan.json."""
        return {
            "model": self.model,
            "version": self.version,
            "sbom": self.sbom,
            "scanner": self.scanner,
            "service": self.service,
            "packages": self.packages,
            "passed": self.passed,
            "findings": [one.to_document() for one in self.findings],
            "left_out": list(self.left_out),
        }


def scan_from(platform: Platform, folder: Path, name: str | None, *, service: str = OSV) -> tuple[Scan, ...]:
    """Looks through the releases in a folder.

    Raises:
        InvalidBundleError: There is none, or one is damaged.
        ReleaseRefusedError: One is not signed by a key that is trusted here.
        MissingToolError: The scanner is not installed.
        ServiceUnavailableError: The service does not answer. No result is kept, and none of before.
    """
    return tuple(
        _scan(platform, (one.model, one.record.version), one.sbom, file=one.folder / SCAN, service=service)
        for one in opened(platform, folder, name)
    )


def scan_production(platform: Platform, name: str, *, service: str = OSV) -> Scan:
    """Looks through the production version's release, as its papers beside the bundles say.

    Raises:
        NoProductionModelError: Nobody has promoted a version yet.
        InvalidBundleError: There are no papers of it.
        MissingToolError: The scanner is not installed.
        ServiceUnavailableError: The service does not answer. No result is kept, and none of before.
    """
    bundle = build(platform, name)
    papers = Path(platform.connections.bundles).parent / "releases" / bundle.pointer.bundle
    record = read_papers(papers)
    if record is None:
        raise InvalidBundleError(
            f"version {bundle.manifest.version} of {name} has no papers in {papers}, or they are damaged",
            hint=f"modelyard release build {name}",
        )
    of = (record.model, record.version)
    return _scan(platform, of, (papers / SBOM).read_bytes(), file=papers / SCAN, service=service)


def _scan(platform: Platform, of: tuple[str, str], sbom: bytes, *, file: Path, service: str) -> Scan:
    """What an earlier scan has found goes first: where this one ends without an answer, there is none."""
    file.unlink(missing_ok=True)
    release = platform.environment.release
    scannable = packages_in(sbom)
    findings: tuple[Finding, ...] = ()
    if release.scanner == "pip-audit":
        found = audit(
            scannable.packages,
            root=platform.workspace.root,
            cache=platform.cache / "pip-audit",
            service=service,
        )
        findings = judge(found, release.accepted_vulnerabilities, today=_today())
    done = Scan(
        model=of[0],
        version=of[1],
        sbom=sha256_of(sbom),
        scanner=release.scanner,
        service=service if release.scanner == "pip-audit" else None,
        packages=len(scannable.packages),
        findings=findings,
        left_out=scannable.left_out,
        file=file,
    )
    write_atomically(file, (json.dumps({**done.to_document(), "on": _today().isoformat()}, indent=1) + "\n").encode())
    return done


def _today() -> date:
    return datetime.now(UTC).date()
