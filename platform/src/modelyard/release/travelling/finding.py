"""Which releases a folder holds: one, or several beside each other as a pipeline's artifacts come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from modelyard.errors import InvalidBundleError, ReleaseRefusedError
from modelyard.release.travelling.opening import TravellingRelease, open_release, read_record
from modelyard.release.travelling.record import BUNDLE, RELEASE, ReleaseRecord
from modelyard_bundle import BundleError, TrustedKeys

_BUILD = "modelyard release build NAME --out DIR"


def find_releases(root: Path, model: str | None = None) -> dict[str, tuple[Path, ReleaseRecord]]:
    """The releases in `root`, or in folders up to two levels below it, by model. No signature is checked here.

    Args:
        root: A release's folder, or one that holds such folders.
        model: Only this model's; all if not given.

    Raises:
        InvalidBundleError: There is none, one is not finished or cannot be read, or a model is there twice.
    """
    found: dict[str, tuple[Path, ReleaseRecord]] = {}
    for folder in sorted(_folders(root)):
        record = _read(folder)
        if record.model in found:
            raise InvalidBundleError(
                f"{found[record.model][0]} and {folder} both hold a release of {record.model}",
                hint="give the folder of one of them",
            )
        found[record.model] = (folder, record)
    if not found:
        raise InvalidBundleError(f"{root} holds no release", hint=_BUILD)
    if model is None:
        return found
    if model not in found:
        raise InvalidBundleError(
            f"{root} holds no release of {model}; it holds {', '.join(sorted(found))}",
            hint=f"modelyard release build {model} --out {root}",
        )
    return {model: found[model]}


def open_releases(root: Path, model: str | None = None, *, trusted_keys: Path | None) -> tuple[TravellingRelease, ...]:
    """The releases in `root`, every one checked before any is given away, by name of the model.

    Args:
        root: A release's folder, or one that holds such folders.
        model: Only this model's; all if not given.
        trusted_keys: The folder of keys that this environment trusts; none where signatures are not asked for.

    Raises:
        InvalidBundleError: There is none, or one is damaged.
        ReleaseRefusedError: One is not signed by a key that is trusted here.
    """
    trusted = None if trusted_keys is None else TrustedKeys(trusted_keys)
    found = find_releases(root, model)
    return tuple(_opened(folder, record, trusted) for _, (folder, record) in sorted(found.items()))


def _opened(folder: Path, record: ReleaseRecord, trusted: TrustedKeys | None) -> TravellingRelease:
    try:
        return open_release(folder, trusted)
    except BundleError as error:
        what = f"the release of {record.model} version {record.version} in {folder} is not taken: {error}"
        if trusted is not None and record.signed_by not in trusted.names():
            raise ReleaseRefusedError(
                what,
                hint="whoever answers for this environment may trust the key: `modelyard release trust KEY.pem`; "
                "`modelyard release key` shows it where the release was built",
            ) from error
        raise InvalidBundleError(what, hint="take the artifact anew, or build it anew: " + _BUILD) from error


def _folders(root: Path) -> Iterator[Path]:
    """Folders with a release; a folder with a bundle and no record is one that was not finished."""
    if (root / RELEASE).is_file():
        yield root
        return
    for folder in (*root.glob("*/"), *root.glob("*/*/")):
        # A bundle's own folder lies in a release's folder; hidden ones are what an interrupted call has left.
        if any(part.startswith(".") for part in folder.relative_to(root).parts) or folder.name == BUNDLE:
            continue
        if (folder / RELEASE).is_file():
            yield folder
        elif (folder / BUNDLE).is_dir():
            raise InvalidBundleError(f"{folder} has no {RELEASE}: the release was not finished", hint=_BUILD)


def _read(folder: Path) -> ReleaseRecord:
    try:
        return read_record(folder)
    except BundleError as error:
        raise InvalidBundleError(
            f"the release in {folder} cannot be read: {error}", hint="take the artifact anew, or build it anew"
        ) from error
