"""A release that was checked is put among this environment's bundles: from memory, as it was checked."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from modelyard.release.travelling.opening import TravellingRelease
from modelyard_bundle import BundleError, TrustedKeys, check_seal, read_bundle, read_seal, write_bundle
from modelyard_bundle.bundle import Limits, read_file
from modelyard_bundle.manifest import MANIFEST


def admit_release(release: TravellingRelease, bundles: Path, trusted_keys: Path | None) -> bool:
    """Put the bundle of a release into `bundles`; whether that changed anything.

    One that is there, whole and signed by a key that is trusted here, stays. One that is there and is not is damage,
    since the folder's name carries the digest: it is replaced.

    Args:
        release: A release that was opened with the same keys.
        bundles: The root of all bundles of this environment.
        trusted_keys: The folder of keys that this environment trusts; none where signatures are not asked for.
    """
    folder = bundles / release.pointer.bundle
    if _is_whole(folder, release, trusted_keys):
        return False
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        # Renamed first, so that nobody reads a folder that is half deleted.
        aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    write_bundle(bundles, release.manifest, files=release.files, seal=release.seal)
    return True


def _is_whole(folder: Path, release: TravellingRelease, trusted_keys: Path | None) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        manifest = read_bundle(folder).manifest
        if trusted_keys is not None:
            content = read_file(folder, MANIFEST, Limits())
            check_seal(read_seal(folder), content, trusted=TrustedKeys(trusted_keys))
    except BundleError:
        return False
    return manifest == release.manifest
