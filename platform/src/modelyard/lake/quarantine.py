"""Quarantine: every refused batch, with the report that says why, until a person has dealt with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelyard.lake.files import copy_atomically
from modelyard.lake.layers import short
from modelyard_bundle.atomic import write_atomically

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A batch that a gate refused."""

    source: str
    digest: str
    file: str
    refused_at: str
    """ISO 8601, UTC: when this batch was refused last."""
    report: Mapping[str, Any]
    """The validation report, as JSON."""

    def to_json(self) -> dict[str, Any]:
        """The refusal as it is kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Folders below `<lake>/quarantine/<source>`, one for each refused batch."""

    root: Path

    def keep(self, refusal: Refusal, file: Path) -> Path:
        """Copies the file aside and writes why; the same batch refused again takes the same place."""
        folder = self._folder(refusal.source, refusal.digest)
        copy_atomically(file, folder / refusal.file)
        write_atomically(folder / REPORT, json.dumps(refusal.to_json(), indent=2, default=str).encode())
        return folder

    def free(self, source: str, digest: str) -> None:
        """Removes a batch that was accepted after all."""
        shutil.rmtree(self._folder(source, digest), ignore_errors=True)

    def of(self, source: str | None = None) -> tuple[Refusal, ...]:
        """Every refusal, or those of one source, oldest first."""
        found = self.root.glob(f"{source or '*'}/*/{REPORT}")
        refusals = (Refusal(**json.loads(path.read_bytes())) for path in found)
        return tuple(sorted(refusals, key=lambda refusal: (refusal.refused_at, refusal.digest)))

    def _folder(self, source: str, digest: str) -> Path:
        return self.root / source / short(digest)
