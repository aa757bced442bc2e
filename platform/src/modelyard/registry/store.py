"""What a place that keeps versions must do. Stages are built on it once, for every such place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from modelyard.registry.versions import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version as a store keeps it: a number and tags."""

    version: int
    tags: Mapping[str, str]
    created_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """All that a store knows of one model."""

    versions: tuple[StoredVersion, ...] = ()
    """Oldest first."""
    aliases: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the model itself, whatever versions it has."""


class VersionStore(Protocol):
    """Keeps versions with tags, and aliases that name one version each. Each call is one step that happens or not."""

    def read(self, model: str) -> StoredModel:
        """All versions and aliases of a model; empty if it is unknown."""

    def add(self, registration: Registration, tags: Mapping[str, str]) -> int:
        """A new version with these tags; its number."""

    def remove(self, model: str, version: int) -> None:
        """Forget a version."""

    def tag(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set these tags of a version; others stay."""

    def mark(self, model: str, tags: Mapping[str, str]) -> None:
        """Set these tags of the model itself; others stay."""

    def point(self, model: str, alias: str, version: int | None) -> None:
        """Let an alias name a version, or no version."""

    def fetch(self, model: str, version: int, name: str, to: Path) -> Path:
        """Write one of the version's files, or a folder of them, into the folder `to`; gives its place."""
