"""What builds images: Docker, buildah, or the environment's registry. All of them take the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

PLATFORM = "linux/amd64"
"""What the environments run: Container Apps knows no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """One image to build."""

    context: Path
    """The folder with everything that the build needs; nothing comes over a network."""
    dockerfile: str
    """Name of the Dockerfile in that folder."""
    reference: str
    """What the image is called: repository and tag."""
    base: str | None = None
    """The image that it stands on, where that is not one of ours."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Values of the Dockerfile's ARG lines."""
    epoch: int = 0
    """The time that everything in the image bears, in seconds: two builds are the same image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """An image that is there."""

    reference: str
    """What it is called where it is: repository and tag, with the registry if it lies in one."""
    digest: str
    """sha256:…, of the manifest; of the configuration where a builder knows no manifest before it is pushed."""
    size_bytes: int | None = None
    """Unpacked; none where the builder does not say."""


class Builder(Protocol):
    """Builds images and knows those that it has built."""

    @property
    def name(self) -> str:
        """docker, buildah or acr."""
        ...

    def find(self, reference: str) -> BuiltImage | None:
        """The image of this name; none if there is none."""
        ...

    def build(self, order: BuildOrder) -> BuiltImage:
        """Builds an image and puts it where the environment takes it from.

        Raises:
            ReleaseRefusedError: The build failed; the message ends with its last lines.
            MissingToolError: The builder is not on this machine.
        """
        ...
