"""run.json: written anew as a whole at every change, so that whatever ends a rehearsal leaves a readable one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.recording.records import RunRecord
from modelyard.errors import ConfigurationError

FILE = "run.json"
CONTROLS: Mapping[str, frozenset[str]] = {
    "run": frozenset({"file", "commit", "branch", "begun_at", "environment", "result", "artifacts", "process"}),
    "stages": frozenset({"name", "place", "result"}),
    "jobs": frozenset({"key", "job", "place", "environment", "result", "secret_outputs"}),
    "steps": frozenset({"place", "name", "hook", "result", "log"}),
    "approvals": frozenset({"id", "attempt", "stage", "job", "environment", "decision", "at"}),
}
"""What a rerun goes by: names and results. A secret such as `test` must not make them unreadable."""


class Journal:
    """Keeps the record of one run on disk, without its secrets."""

    def __init__(self, folder: Path, record: RunRecord, mask: Mask) -> None:
        self.folder = folder
        self.record = record
        self._mask = mask

    def save(self) -> None:
        """Replaces the file."""
        text = json.dumps(masked(self.record, self._mask), indent=2) + "\n"
        keep(self.folder / FILE, text)


def masked(record: RunRecord, mask: Mask) -> dict[str, Any]:
    """A record as plain values, without the secrets that texts and outputs hold."""
    return _masked("run", record.to_json(), mask)


def _masked(kind: str, document: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    found = {}
    for key, value in document.items():
        if key in CONTROLS:
            found[key] = [_masked(key, one, mask) for one in value]
        else:
            found[key] = value if key in CONTROLS[kind] else mask.plain(value)
    return found


def keep(file: Path, text: str) -> None:
    """Writes a file so that a reader sees the old one or the new one, never a part."""
    torn = file.with_name(f".{file.name}.{os.getpid()}")
    torn.write_text(text, encoding="utf-8")
    torn.replace(file)


def read_record(folder: Path) -> RunRecord:
    """The record of a run.

    Raises:
        ConfigurationError: the run has none, or it cannot be read.
    """
    file = folder / FILE
    try:
        return RunRecord.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"rehearsal {folder.name} cannot be continued: {file} cannot be read ({type(error).__name__})",
            hint="begin a new one: modelyard ci rehearse FILE",
        ) from error
