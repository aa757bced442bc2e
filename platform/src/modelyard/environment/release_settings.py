"""How a release is signed and built into an image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Problem, Section, refuse
from modelyard.environment.workspace import Workspace


class Release(Section):
    """How what is served is signed and built into images."""

    signing: Literal["local", "key_vault", "none"]
    """Who signs bundles and provenance. local: a key file that this machine keeps. key_vault: a key in the
    environment's key vault. none: nobody, and the model API serves unsigned bundles."""
    signing_key: str | None = Field(pattern=r"^[A-Za-z0-9-]{1,127}$")
    """Name of the key in the key vault, of the kind EC P-256; null where the vault does not sign."""
    builder: Literal["auto", "docker", "buildah", "acr", "none"]
    """What builds images. auto: in Azure as acr, elsewhere Docker if it runs, else buildah, else nothing. acr: the
    environment's registry, by `az acr build`. none: nothing, but all that an image is built from is still made."""
    base_image: str = Field(pattern=r"^[a-z0-9][a-z0-9._/:-]{2,200}(@sha256:[0-9a-f]{64})?$")
    """The image that ours stand on: Python 3.11 on Debian, slim. Pinned by its digest wherever kind is azure."""

    @model_validator(mode="after")
    def _holds_together(self) -> Release:
        named, needed = self.signing_key is not None, self.signing == "key_vault"
        if named != needed:
            allowed = f"{'the name of a key' if needed else 'null'}, because signing is {self.signing}"
            refuse([Problem("signing_key", self.signing_key or "null", allowed)])
        return self

    @property
    def is_pinned(self) -> bool:
        """Whether the base image is named by its digest, so that it is the same one tomorrow."""
        return "@sha256:" in self.base_image


def release_problems(release: Release, *, kind: str, production: bool) -> Iterator[Problem]:
    """What does not fit where the environment runs: key, found, allowed."""
    if kind == "local" and release.signing == "key_vault":
        yield Problem("release.signing", "key_vault", "local or none, because kind is local")
    if kind == "local" and release.builder == "acr":
        yield Problem("release.builder", "acr", "auto, docker, buildah or none, because kind is local")
    if kind == "azure" and not release.is_pinned:
        yield Problem("release.base_image", release.base_image, "NAME:TAG@sha256:DIGEST, because kind is azure")
    if production and release.signing != "key_vault":
        yield Problem("release.signing", release.signing, "key_vault in prod")


def signing_key_file(workspace: Workspace, environment: str) -> Path:
    """Where the key lies that signs on this machine. Private: it never leaves this folder."""
    return workspace.of(environment) / "signing" / "key.pem"


def trusted_keys_folder(workspace: Workspace, environment: str) -> Path:
    """The public keys that the model API of an environment trusts."""
    return trusted_keys_in(workspace.of(environment))


def trusted_keys_in(home: Path) -> Path:
    """The same, in the folder of an environment's state."""
    return home / "signing" / "trusted"
