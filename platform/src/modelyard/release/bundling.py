"""A registered version becomes a bundle: a pure function of the registry, so two builds are the same bundle."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import InvalidBundleError
from modelyard.release.sealing import Sealing
from modelyard_bundle import (
    BundleError,
    Limits,
    Manifest,
    Pointer,
    Signature,
    audit_model,
    read_bundle,
    read_seal,
    sha256_of,
    write_bundle,
)
from modelyard_bundle.bundle import read_file
from modelyard_bundle.manifest import CONTENT_FILES, MANIFEST, MODEL_FILE, SIGNATURE_FILE

Fetch = Callable[[Path], object]
"""Puts model.skops, signature.json and example.json into the folder it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A version as the registry describes it."""

    model: str
    version: str
    digest: str
    """SHA-256 of model.skops, which the registry has held since the version was registered."""
    run_id: str
    commit: str
    data_versions: Mapping[str, int]
    libraries: Mapping[str, str]
    """Library to version at training."""
    created_at: str
    """When it was registered, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle on disk, verified."""

    manifest: Manifest
    folder: Path
    changed: bool
    """Whether this call wrote it; no if it was there already."""

    @property
    def pointer(self) -> Pointer:
        """What a deployment of this bundle points to."""
        return Pointer.to(self.manifest.model, self.manifest.version, digest=self.manifest.digest)


def build_bundle(registered: RegisteredModel, fetch: Fetch, *, bundles: Path, sealing: Sealing | None = None) -> Bundle:
    """The bundle of a registered version, built unless it is there, whole and signed.

    A bundle that is there but damaged is built anew: the registry is the truth. One of another content under the same
    name can only be damage, since the name carries the digest. One that is whole but not signed with the key that
    signs now is signed without asking the registry.

    Args:
        registered: What the registry says.
        fetch: Downloads the version's files.
        bundles: The root of all bundles.
        sealing: Who signs it; none where the environment does not sign.

    Raises:
        InvalidBundleError: The downloaded files are not those that were registered, or not fit to be served.
    """
    try:
        folder = bundles / Pointer.to(registered.model, registered.version, digest=registered.digest).bundle
        whole = _whole(folder, registered)
        if whole is not None and _sealed(folder, sealing):
            return Bundle(manifest=whole, folder=folder, changed=False)
        files = _fetched(fetch, registered) if whole is None else _kept(folder)
        manifest = _manifest(registered, files)
        seal = None if sealing is None else sealing.seal(manifest.to_json())
        _set_aside(folder)
        written = write_bundle(bundles, manifest, files=files, seal=seal)
        read_bundle(written)
    except BundleError as error:
        raise _invalid(registered, error) from error
    return Bundle(manifest=manifest, folder=written, changed=True)


def _whole(folder: Path, registered: RegisteredModel) -> Manifest | None:
    """The manifest of the bundle in `folder`; none if it is missing, damaged or says something else."""
    if folder.is_symlink() or not folder.is_dir():
        return None
    try:
        manifest = read_bundle(folder).manifest
    except BundleError:
        return None
    same = all(getattr(manifest, name) == getattr(registered, name) for name in RegisteredModel.__slots__)
    return manifest if same else None


def _sealed(folder: Path, sealing: Sealing | None) -> bool:
    """Whether the bundle's seal is the one that it would get now; without a signer, whether it has none."""
    try:
        existing = read_seal(folder)
    except BundleError:
        return False
    if sealing is None or existing is None:
        return sealing is None and existing is None
    return sealing.seal(read_file(folder, MANIFEST, Limits()), existing=existing) == existing


def _fetched(fetch: Fetch, registered: RegisteredModel) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="modelyard-bundle-") as temporary:
        fetch(Path(temporary))
        return _read(Path(temporary), registered)


def _kept(folder: Path) -> dict[str, bytes]:
    return {name: read_file(folder, name, Limits()) for name in CONTENT_FILES}


def _read(folder: Path, registered: RegisteredModel) -> dict[str, bytes]:
    missing = [name for name in CONTENT_FILES if not (folder / name).is_file()]
    if missing:
        raise _invalid(registered, f"the registry gave no {', '.join(missing)}")
    return {name: (folder / name).read_bytes() for name in CONTENT_FILES}


def _manifest(registered: RegisteredModel, files: Mapping[str, bytes]) -> Manifest:
    found = sha256_of(files[MODEL_FILE])
    if found != registered.digest:
        raise BundleError(f"the registry says digest {registered.digest[:12]}…, found {found[:12]}…", where=MODEL_FILE)
    audit_model(files[MODEL_FILE])
    signature = Signature.from_json(files[SIGNATURE_FILE])
    if signature.model != registered.model:
        raise BundleError(f"it is of the model {signature.model}", where=SIGNATURE_FILE)
    return Manifest(
        model=registered.model,
        version=registered.version,
        digest=registered.digest,
        files={name: sha256_of(content) for name, content in files.items()},
        run_id=registered.run_id,
        data_versions=dict(registered.data_versions),
        commit=registered.commit,
        libraries=dict(registered.libraries),
        task=signature.task,
        created_at=registered.created_at,
    )


def _set_aside(folder: Path) -> None:
    """Make room for a bundle. Renamed first, so that nobody reads a folder that is half deleted."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _invalid(registered: RegisteredModel, reason: object) -> InvalidBundleError:
    return InvalidBundleError(
        f"{registered.model} {registered.version} cannot be bundled: {reason}",
        hint=f"`modelyard model train {registered.model}` makes a new version",
    )
