"""A bundle on disk: written in one step, and read only as what its manifest says it is."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard_bundle.atomic import sync_folder
from modelyard_bundle.documents import sha256_of, shown
from modelyard_bundle.errors import BundleError
from modelyard_bundle.example import Example
from modelyard_bundle.manifest import CONTENT_FILES, EXAMPLE_FILE, MANIFEST, MODEL_FILE, SIGNATURE_FILE, Manifest
from modelyard_bundle.seal import SEAL_FILE
from modelyard_bundle.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large the files of a bundle may be, in bytes."""

    model: int = 1 << 30
    document: int = 16 << 20
    manifest: int = 1 << 20
    """Of the manifest, and of its seal, which holds it once more: both are read before anything is known of them."""

    def of(self, name: str) -> int:
        """The limit for the file `name`."""
        own = {MODEL_FILE: self.model, MANIFEST: self.manifest, SEAL_FILE: 2 * self.manifest}
        return own.get(name, self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleContent:
    """A bundle in memory. What was checked is what is used: nothing is read a second time."""

    manifest: Manifest
    model: bytes
    """The skops archive, not yet audited and not yet loaded."""
    signature: Signature
    example: Example


def bundle_folder(bundles: Path, path: str) -> Path:
    """The folder of a bundle under the root of all bundles.

    Raises:
        BundleError: The path is not `<model>/<version>`, or one of the two is a link.
    """
    parts = path.split("/")
    if len(parts) != 2 or any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):  # noqa: PLR2004 - model and version
        raise BundleError(f"path {shown(path)} leaves the folder of bundles, allowed is <model>/<version>")
    folder = bundles
    for part in parts:
        folder = folder / part
        if folder.is_symlink():
            raise BundleError(f"{folder.name} is a link; a bundle is made of real folders and files", where=path)
    if not folder.is_dir():
        raise BundleError("there is no such bundle", where=path)
    return folder


def write_bundle(bundles: Path, manifest: Manifest, *, files: Mapping[str, bytes], seal: bytes | None = None) -> Path:
    """Write a bundle in one step: all of it appears under its name, or nothing.

    Args:
        bundles: The root of all bundles.
        manifest: What is written; its digests must be those of `files`.
        files: Content by name, every file of the manifest and no other.
        seal: The signature over the manifest; none leaves the bundle unsigned.

    Returns:
        The bundle's folder.

    Raises:
        BundleError: The files are not those of the manifest, or a bundle of this name is already there.
    """
    _check_content(manifest, files)
    target = bundles / manifest.model / f"{manifest.version}-{manifest.digest[:12]}"
    if target.exists():
        raise BundleError("a bundle of this name is already there", where=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    temporary.mkdir()
    try:
        sealed = {} if seal is None else {SEAL_FILE: seal}
        for name, content in {**files, MANIFEST: manifest.to_json(), **sealed}.items():
            _write(temporary / name, content)
        sync_folder(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(target.parent)
    return target


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _check_content(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    if set(files) != set(manifest.files):
        difference = sorted(set(files) ^ set(manifest.files))
        raise BundleError(f"the files and the manifest differ in {', '.join(map(shown, difference))}")
    for name, content in files.items():
        check_digest(manifest, name, content)


def read_manifest(folder: Path, limits: Limits | None = None) -> Manifest:
    """The manifest of the bundle in `folder`.

    Raises:
        BundleError: It is missing, too large or not a manifest.
    """
    return Manifest.from_json(read_file(folder, MANIFEST, limits or Limits()))


def read_seal(folder: Path, limits: Limits | None = None) -> bytes | None:
    """The signature over the manifest; none if the bundle is not signed.

    Raises:
        BundleError: It is there, and it is not a plain file within its limit.
    """
    there = (folder / SEAL_FILE).exists() or (folder / SEAL_FILE).is_symlink()
    return read_file(folder, SEAL_FILE, limits or Limits()) if there else None


def check_listing(folder: Path) -> None:
    """Refuse a folder that holds anything but the files of a bundle, each a real file. Only the seal may be absent.

    Raises:
        BundleError: A file is missing or extra, or something is a folder, a link or a device.
    """
    found = {entry.name: entry for entry in os.scandir(folder)}
    expected = {MANIFEST, *CONTENT_FILES}
    if extra := sorted(set(found) - expected - {SEAL_FILE}):
        raise BundleError(f"{', '.join(map(shown, extra))} is not part of a bundle", where=folder.name)
    if missing := sorted(expected - set(found)):
        raise BundleError(f"{', '.join(missing)} is missing", where=folder.name)
    for name, entry in found.items():
        if not entry.is_file(follow_symlinks=False):
            raise BundleError(f"{name} is not a plain file (a link, a folder or a device)", where=folder.name)


def read_file(folder: Path, name: str, limits: Limits) -> bytes:
    """The content of one file, which must be a plain file within the size limit.

    Raises:
        BundleError: It is missing, a link, not a file, or too large.
    """
    # O_NOFOLLOW: a link put here after the listing was checked is not followed. O_NONBLOCK: a pipe does not hang us.
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise BundleError(f"{name} cannot be read: {error.strerror}", where=folder.name) from error
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise BundleError(f"{name} is not a plain file", where=folder.name)
        content = b"" if state.st_size > limits.of(name) else file.read(limits.of(name) + 1)
    if state.st_size > limits.of(name) or len(content) > limits.of(name):
        raise BundleError(f"{name} is larger than {limits.of(name)} bytes", where=folder.name)
    return content


def check_digest(manifest: Manifest, name: str, content: bytes) -> None:
    """Refuse content whose digest is not the manifest's.

    Raises:
        BundleError: The digests differ.
    """
    found = sha256_of(content)
    if found != manifest.files[name]:
        raise BundleError(
            f"{name} has the digest {found[:12]}…, the manifest says {manifest.files[name][:12]}…",
            where=f"{manifest.model} {manifest.version}",
        )


def read_bundle(folder: Path, limits: Limits | None = None) -> BundleContent:
    """The bundle in `folder`, verified: complete, nothing extra, no links, every digest right, documents in form.

    Raises:
        BundleError: It is not.
    """
    limits = limits or Limits()
    check_listing(folder)
    manifest = read_manifest(folder, limits)
    files = {name: read_file(folder, name, limits) for name in CONTENT_FILES}
    for name, content in files.items():
        check_digest(manifest, name, content)
    return parse_content(manifest, files)


def parse_content(manifest: Manifest, files: Mapping[str, bytes]) -> BundleContent:
    """The documents among `files`, checked against one another.

    Raises:
        BundleError: A document is not in form, or speaks of another model or task.
    """
    signature = Signature.from_json(files[SIGNATURE_FILE])
    example = Example.from_json(files[EXAMPLE_FILE])
    if (signature.model, signature.task) != (manifest.model, manifest.task):
        raise BundleError(
            f"it is of the {signature.task} model {signature.model}, "
            f"the manifest of the {manifest.task} model {manifest.model}",
            where=SIGNATURE_FILE,
        )
    example.check(signature)
    return BundleContent(manifest=manifest, model=files[MODEL_FILE], signature=signature, example=example)


def verify_bundle(folder: Path, limits: Limits | None = None) -> Manifest:
    """The manifest of a bundle that passed every check of `read_bundle`."""
    return read_bundle(folder, limits).manifest
