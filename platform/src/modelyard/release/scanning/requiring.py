"""Whether a release was looked through for known vulnerabilities, and passed, before it is tried or deployed."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.errors import ReleaseRefusedError
from modelyard.release.travelling.opening import TravellingRelease
from modelyard.release.travelling.record import SCAN
from modelyard_bundle import BundleError, Limits, sha256_of
from modelyard_bundle.bundle import read_file
from modelyard_bundle.documents import parse_document

NOBODY = "none"
"""The scanner of environments in which nothing is looked for."""


def require_scans(releases: Iterable[TravellingRelease], *, scanner: str) -> None:
    """Refuses releases that were not looked through, where the environment has something looked for.

    A scan is not signed. This finds a pipeline that leaves it out or goes on without its answer; who forges one can
    forge nothing else, since everything that runs is signed.

    Args:
        releases: As they came.
        scanner: The environment's `release.scanner`.

    Raises:
        ReleaseRefusedError: One was not scanned, is not what was scanned, or did not pass.
    """
    if scanner == NOBODY:
        return
    for release in releases:
        if why := _missing(release):
            raise ReleaseRefusedError(
                f"the release of {release.model} version {release.record.version} {why}",
                hint=f"modelyard release scan {release.model} --from {release.folder}, in an environment whose "
                f"release.scanner is {scanner}",
            )


def _missing(release: TravellingRelease) -> str:
    """Why it was not looked through; empty if it was, and passed."""
    if not (release.folder / SCAN).is_file():
        return f"was not looked through for known vulnerabilities: no {SCAN} came along"
    try:
        found = parse_document(read_file(release.folder, SCAN, Limits()), where=SCAN)
    except BundleError as error:
        return f"has a scan that cannot be read: {error}"
    if found.get("sbom") != sha256_of(release.sbom):
        return f"has a {SCAN} of another list of contents"
    if found.get("scanner") == NOBODY:
        return "was not looked through for known vulnerabilities: the scanner was none where it was built"
    return "" if found.get("passed") is True else "has known vulnerabilities that nobody accepted"
