"""What was released to an environment without a commit, and how that is drawn: which version answers, which is tried.

Azure takes the name of a revision once. An update that asks for the name of an earlier one is refused ("revision with
suffix ... already exists"), or changes nothing (microsoft/azure-container-apps, issue 650). So a step back never draws
an earlier template again: the newest revision stays as it is, and the earlier one, which still runs, gets the requests.
When settings change afterwards, the version that answers gets a new revision under a name that was never used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from modelyard.environment.azure_rollouts import WHOLE_TRAFFIC

NAME_LENGTH = 8
"""Hex digits that tell revisions of one version apart."""


@dataclass(frozen=True, slots=True)
class Version:
    """One released version of a model."""

    version: int
    """In the registry."""
    image: str
    """repository@sha256:..., in the environment's own registry."""
    digest: str
    """Of the model, as hex digits."""
    revision: str = ""
    """Its revision, as Container Apps names it after the app: v2-3fa9c2d1; nothing before it is drawn."""
    content: str = ""
    """Digest of that revision's template."""

    def is_same(self, other: Version | None) -> bool:
        """Whether it is the same release, in whichever revision."""
        return other is not None and (self.version, self.image) == (other.version, other.image)


ContentOf: TypeAlias = Callable[[Version], str]
"""Digest of the template that a version has with the settings of today."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was released of one model."""

    current: Version | None = None
    """Answers the requests; None while the first release of all is tried."""
    previous: Version | None = None
    """Answered before; None after the first release, and after a step back."""
    tried: Version | None = None
    """Answers `percent` of the requests beside the current one."""
    percent: int = 0
    returned: Version | None = None
    """Was taken back, answers nothing, and is still the newest revision of the app."""
    serial: int = 0
    """Revisions that were ever named: no name comes twice."""
    stepped_back: bool = False
    """Whether the current version answers because a later one was taken back."""

    @property
    def newest(self) -> Version:
        """The version whose template the app has.

        Raises:
            ValueError: nothing is released.
        """
        found = self.tried or self.returned or self.current
        if found is None:
            raise ValueError("nothing is released")
        return found

    @property
    def answers(self) -> dict[str, int]:
        """Percent of the requests by revision."""
        if self.tried is None:
            return {self.current.revision: WHOLE_TRAFFIC} if self.current else {}
        if self.current is None:
            return {self.tried.revision: WHOLE_TRAFFIC}
        return {self.current.revision: WHOLE_TRAFFIC - self.percent, self.tried.revision: self.percent}

    def drawn(self, content_of: ContentOf) -> Remembered:
        """The same with every revision named."""
        if self.newest.content == content_of(self.newest):
            return self
        settled = self if self.tried else replace(self, returned=None)
        serial, content = self.serial + 1, content_of(settled.newest)
        digest = hashlib.sha256(f"{content} {serial}".encode()).hexdigest()[:NAME_LENGTH]
        revision = f"v{settled.newest.version}-{digest}"
        named = replace(settled.newest, content=content, revision=revision)
        if settled.tried:
            return replace(settled, serial=serial, tried=named)
        return replace(settled, serial=serial, current=named)

    def to_json(self) -> dict[str, Any]:
        """What was released, for machines."""
        parts = {"current": self.current, "previous": self.previous, "tried": self.tried, "returned": self.returned}
        shown = {name: _shown(version) for name, version in parts.items()}
        return {**shown, "percent": self.percent if self.tried else 0, "answers": self.answers}


Releases: TypeAlias = Mapping[str, Remembered]
"""What was released of each model."""


def content_digest(template: object) -> str:
    """Tells one template from another."""
    return hashlib.sha256(repr(template).encode()).hexdigest()


def _shown(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    found = {"version": version.version, "image": version.image, "digest": version.digest}
    return {**found, "revision": version.revision}
