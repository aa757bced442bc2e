"""A model registry in memory, for tests: the same stages and the same ledger over a store that is a dictionary."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from modelyard.registry.staged import StagedRegistry
from modelyard.registry.store import StoredModel, StoredVersion
from modelyard.registry.versions import Registration

_FIRST_DAY = datetime(2013, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Model:
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    last: int = 0


class InMemoryStore:
    """Versions in a dictionary. A source is a folder on this machine, whose files are fetched."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}
        self.on_change: Callable[[str], None] = lambda _step: None
        """Called before every change with what is about to change; a test may raise here, as a crash would."""
        self.on_fetch: Callable[[str], None] = lambda _file: None
        """Called before a file is fetched; a test may change things here, as somebody else would."""

    def read(self, model: str) -> StoredModel:
        """All versions and aliases of a model; empty if it is unknown."""
        found = self._models.get(model, _Model())
        return StoredModel(
            versions=tuple(
                StoredVersion(version=version, tags=dict(tags), created_at=_FIRST_DAY.isoformat())
                for version, tags in sorted(found.tags.items())
            ),
            aliases=dict(found.aliases),
            tags=dict(found.marks),
        )

    def add(self, registration: Registration, tags: Mapping[str, str]) -> int:
        """A new version with these tags; its number."""
        self.on_change("add")
        model = self._models.setdefault(registration.model, _Model())
        model.last += 1
        model.tags[model.last] = dict(tags)
        model.sources[model.last] = registration.source
        return model.last

    def remove(self, model: str, version: int) -> None:
        """Forget a version."""
        self.on_change("remove")
        found = self._models[model]
        del found.tags[version]
        found.aliases = {alias: named for alias, named in found.aliases.items() if named != version}

    def tag(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set these tags of a version; others stay."""
        self.on_change(f"tag {version}")
        self._models[model].tags[version].update(tags)

    def mark(self, model: str, tags: Mapping[str, str]) -> None:
        """Set these tags of the model itself; others stay."""
        self.on_change("mark")
        self._models[model].marks.update(tags)

    def point(self, model: str, alias: str, version: int | None) -> None:
        """Let an alias name a version, or no version."""
        self.on_change(f"point {alias}")
        aliases = self._models[model].aliases
        aliases.pop(alias, None)
        if version is not None:
            aliases[alias] = version

    def fetch(self, model: str, version: int, name: str, to: Path) -> Path:
        """Write one of the version's files, or a folder of them, into the folder `to`; gives its place."""
        self.on_fetch(f"{name} of {version}")
        found, target = Path(self._models[model].sources[version]) / name, to / name
        to.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, target)
        else:
            shutil.copyfile(found, target)
        return target


class InMemoryRegistry(StagedRegistry):
    """The registry over an `InMemoryStore`, which tests may reach as `store`."""

    def __init__(
        self, ledger: Path, *, patience: float = 10.0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.store = InMemoryStore()
        super().__init__(self.store, ledger=ledger, patience=patience, clock=clock)
