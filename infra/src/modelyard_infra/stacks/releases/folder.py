"""Reads the releases of a pipeline's run: a folder with a release.json for each model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelyard.environment.azure_compute import ModelName
from modelyard.errors import ConfigurationError, InvalidBundleError, ReleaseRefusedError

DOCUMENT = "release.json"
DEEPEST = 2
"""Folders between the one that is named and a release: an artifact, and a model in it."""
STAND_IN = "modelyard/stand-in"
"""Where nothing builds images, the repository says so: no registry has one that is called like this."""
BUILD = "modelyard release build"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ImageDigest = Annotated[str, Field(pattern=r"^(sha256:)?[0-9a-f]{64}$")]
Reference = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._:/-]*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$", max_length=512)]


class ReleaseDocument(BaseModel):
    """What `modelyard release build` says of a release. It may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: ModelName
    """The model's name."""
    version: int = Field(ge=1)
    """The version in the registry."""
    digest: Digest
    """Of the bundle."""
    image: Reference | None
    """Where the image was pushed to; null where nothing builds images."""
    image_digest: ImageDigest | None = None
    """What the registry knows it by."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a model, ready to run."""

    model: str
    version: int
    digest: str
    """Of the bundle, as hex digits."""
    image: str
    """repository@sha256:..., whatever registry it was pushed to first: each environment pulls from its own."""

    @property
    def is_stand_in(self) -> bool:
        """Whether no image was built, and the bundle's digest stands for the image's."""
        return self.image.startswith(f"{STAND_IN}/")


def read_releases(folder: Path, *, simulate: bool) -> tuple[Release, ...]:
    """Every release in a folder, by the names of the models.

    Args:
        folder: holds release.json files, up to two folders deep.
        simulate: whether a release without an image may be rehearsed.

    Raises:
        ConfigurationError: there is no such folder, no release in it, or two of one model.
        InvalidBundleError: a release cannot be read.
        ReleaseRefusedError: a release has no image.
    """
    found: dict[str, Release] = {}
    for file in _documents(folder):
        release = _release(file, simulate=simulate)
        if release.model in found and found[release.model] != release:
            raise ConfigurationError(
                f"{folder} holds two releases of {release.model}; allowed: one of each model",
                hint="keep the releases of each run in a folder of their own",
            )
        found[release.model] = release
    if not found:
        what = f"no {DOCUMENT} in it, nor in its folders" if folder.is_dir() else "no such folder"
        raise ConfigurationError(f"there are no releases in {folder}: {what}", hint=f"{BUILD} NAME --out {folder}")
    return tuple(found[name] for name in sorted(found))


def _documents(folder: Path) -> Iterator[Path]:
    for depth in range(DEEPEST + 1):
        yield from sorted(folder.glob("/".join([*["*"] * depth, DOCUMENT])))


def _release(file: Path, *, simulate: bool) -> Release:
    try:
        document = ReleaseDocument.model_validate_json(file.read_bytes())
    except (ValidationError, OSError) as error:
        raise InvalidBundleError(f"{file} is no release: {_reasons(error)}", hint=f"{BUILD} NAME --out DIR") from None
    return Release(document.model, document.version, document.digest, _image(document, file, simulate=simulate))


def _image(document: ReleaseDocument, file: Path, *, simulate: bool) -> str:
    """The image without its registry and its tag, and with its digest."""
    repository, _, pinned = (document.image or "").partition("@")
    digest = (document.image_digest or pinned).removeprefix("sha256:")
    if repository and digest:
        return f"{_without_registry(repository)}@sha256:{digest}"
    if simulate:
        return f"{STAND_IN}/{document.model.replace('_', '-')}@sha256:{document.digest}"
    found = "a tag can be moved" if repository else "nothing built one"
    raise ReleaseRefusedError(
        f"{file} names no image by its digest: {found}; a container app cannot run it",
        hint="build it where the environment's registry or Docker can be reached (release.builder in "
        f"environments/base.yaml): {BUILD} {document.model} --out DIR; or rehearse it with --simulate",
    )


def _without_registry(repository: str) -> str:
    host, slash, rest = repository.partition("/")
    is_host = slash and (host == "localhost" or {".", ":"} & set(host))
    path = rest if is_host else repository
    head, slash, last = path.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _reasons(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
