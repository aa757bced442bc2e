"""The batch log: one JSON record for every batch that passed its gates.

It answers what came when and why it was let in, holds the profiles that later batches are compared with, and marks a
batch as stored once every table has it, so that a killed ingest is told from a batch that is offered a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from modelyard.lake.layers import short
from modelyard_bundle.atomic import write_atomically


class BatchState(StrEnum):
    """How far a batch has come."""

    ACCEPTED = "accepted"
    """Every gate said yes; its tables are being written, or were when the process died."""
    STORED = "stored"
    """RAW and CLEAN hold it."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What is known of one accepted batch."""

    source: str
    digest: str
    """SHA-256 of the file's bytes, hexadecimal."""
    file: str
    """Name of the file that was offered, without its folder."""
    state: BatchState
    offered_at: str
    """ISO 8601, UTC."""
    report: Mapping[str, Any]
    """The validation report, as JSON."""
    rows: int = 0
    period: str | None = None
    """The month (2013-01) or other period that the rows cover, if the source delivers by period."""
    content: str = ""
    """Fingerprint of the rows, whatever their order and file format."""
    profile: str = ""
    """What the batch's columns look like, for comparison with later ones: the gates' profile, as its JSON."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """The Delta version that each layer got from it."""

    def to_json(self) -> dict[str, Any]:
        """The record as it is kept."""
        # Not `asdict`: it would copy the report, which is thousands of values, one by one.
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BatchRecord:
        """The record that `to_json` wrote."""
        return cls(**{**document, "state": BatchState(document["state"])})

    def reached(self, state: BatchState, versions: Mapping[str, int]) -> BatchRecord:
        """This record, further on."""
        return replace(self, state=state, versions={**self.versions, **versions})


def digest_of(path: Path) -> str:
    """What a file is known by: SHA-256 of its bytes, hexadecimal; empty if there is no file to read."""
    if not path.is_file() or path.is_symlink():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class BatchLog:
    """The records below `<lake>/batches`, one folder for each source."""

    root: Path

    def find(self, source: str, digest: str) -> BatchRecord | None:
        """The record of a batch; None if it was never accepted."""
        path = self._path(source, digest)
        return _read(path) if path.is_file() else None

    def write(self, record: BatchRecord) -> None:
        """Keeps a record, whole or not at all."""
        text = json.dumps(record.to_json(), separators=(",", ":"), default=str)
        write_atomically(self._path(record.source, record.digest), text.encode())

    def of(self, source: str) -> tuple[BatchRecord, ...]:
        """Every record of a source, oldest first."""
        records = (_read(path) for path in (self.root / source).glob("*.json"))
        return tuple(sorted(records, key=lambda record: (record.offered_at, record.digest)))

    def sources(self) -> tuple[str, ...]:
        """Every source that has accepted a batch."""
        return tuple(sorted(path.name for path in self.root.glob("*") if path.is_dir()))

    def _path(self, source: str, digest: str) -> Path:
        return self.root / source / f"{short(digest)}.json"


def _read(path: Path) -> BatchRecord:
    return BatchRecord.from_json(json.loads(path.read_bytes()))
