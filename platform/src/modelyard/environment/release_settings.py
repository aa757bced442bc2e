"""How a release is signed, built into an image, and looked through for known vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Problem, Section, refuse
from modelyard.environment.workspace import Workspace

SHORTEST_REASON = 20
"""Characters of a reason that says something."""


class AcceptedVulnerability(Section):
    """A known vulnerability that a release may have for a while."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9:._-]{3,63}$")
    """As the scan names it, or one of its other names: CVE-2024-1234, GHSA-xxxx-xxxx-xxxx, PYSEC-2024-1."""
    reason: str = Field(min_length=SHORTEST_REASON)
    """Why it does no harm here."""
    until: date = Field(strict=False)
    """The last day on which it is accepted."""


class Release(Section):
    """How what is served is signed, built into images, and looked through for known vulnerabilities."""

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
    scanner: Literal["pip-audit", "none"]
    """What looks for known vulnerabilities in what an image holds: pip-audit, which asks a service for each package;
    none: nothing is looked for, and `modelyard release scan` says so. In prod it is pip-audit."""
    accepted_vulnerabilities: tuple[AcceptedVulnerability, ...] = Field(strict=False)
    """Those that do not stop a release, each with its reason and its last day."""

    @model_validator(mode="after")
    def _holds_together(self) -> Release:
        named, needed = self.signing_key is not None, self.signing == "key_vault"
        if named != needed:
            allowed = f"{'the name of a key' if needed else 'null'}, because signing is {self.signing}"
            refuse([Problem("signing_key", self.signing_key or "null", allowed)])
        names = [one.id for one in self.accepted_vulnerabilities]
        refuse(
            Problem(f"accepted_vulnerabilities.{place}.id", name, "each id once")
            for place, name in enumerate(names)
            if name in names[:place]
        )
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
    if production and release.scanner == "none":
        yield Problem("release.scanner", "none", "pip-audit in prod")


def signing_key_file(workspace: Workspace, environment: str) -> Path:
    """Where the key lies that signs on this machine. Private: it never leaves this folder."""
    return workspace.of(environment) / "signing" / "key.pem"


def trusted_keys_folder(workspace: Workspace, environment: str, *, kind: str) -> Path:
    """The public keys that an environment trusts.

    Of this machine they are state. Of Azure they are files of the repository, `environments/keys/ENV`: every agent has
    them with its checkout, and whom an environment trusts is reviewed like any other change.
    """
    if kind == "azure":
        return workspace.environments / "keys" / environment
    return trusted_keys_in(workspace.of(environment))


def trusted_keys_in(home: Path) -> Path:
    """Those of this machine, in the folder of an environment's state."""
    return home / "signing" / "trusted"
