"""run.json: written anew as a whole at every change, so that whatever ends a rehearsal leaves a readable one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.recording.records import RunRecord
from modelyard.errors import ConfigurationError

FILE = "run.json"


class Journal:
    """Keeps the record of one run on disk, without its secrets."""

    def __init__(self, folder: Path, record: RunRecord, mask: Mask) -> None:
        self.folder = folder
        self.record = record
        self._mask = mask

    def save(self) -> None:
        """Replaces the file."""
        text = json.dumps(self._mask.plain(self.record.to_json()), indent=2) + "\n"
        keep(self.folder / FILE, text)


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
