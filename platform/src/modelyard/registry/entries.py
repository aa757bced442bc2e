"""What the ledger holds: decisions about production, each chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""

Action = Literal["promotion", "rollback"]
Decider = Literal["person", "policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is written down when another version becomes production."""

    model: str
    version: int
    """The version that is in production from now on."""
    digest: str
    """SHA-256 of what the version's pipeline is kept in."""
    replaces: int | None
    """The version that was in production before; none if it was the first."""
    by: str
    """A person's name, or a policy's."""
    reason: str
    evidence: str
    """Promotion: digest of the comparison. Rollback: hash of the entry by which the version came to production."""
    data_versions: Mapping[str, int]
    """What the version was trained on."""
    at: str
    """ISO 8601, UTC."""
    action: Action = "promotion"
    decided_by: Decider = "person"

    @property
    def time(self) -> datetime:
        """When it was decided."""
        return datetime.fromisoformat(self.at).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A decision at its place in the chain."""

    sequence: int
    """From 1."""
    previous: str
    """The hash of the entry before."""
    decision: Decision
    hash: str
    """SHA-256 over everything else in this entry."""

    @classmethod
    def after(cls, last: LedgerEntry | None, decision: Decision) -> LedgerEntry:
        """The next entry of the chain."""
        sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS)
        found = hash_of({"sequence": sequence, "previous": previous, **asdict(decision)})
        return cls(sequence=sequence, previous=previous, decision=decision, hash=found)

    def to_line(self) -> bytes:
        """The entry as one line."""
        document = {"sequence": self.sequence, "previous": self.previous, **asdict(self.decision), "hash": self.hash}
        return canonical(document) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> LedgerEntry:
        """The entry in a line. Its hash is not checked here.

        Raises:
            ValueError: the line is no entry.
        """
        document = json.loads(line)
        try:
            sequence, previous, found = (document.pop(name) for name in ("sequence", "previous", "hash"))
            return cls(sequence=sequence, previous=previous, decision=Decision(**document), hash=found)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, as it is remembered outside of the chain."""

    sequence: int = 0
    hash: str = GENESIS

    @classmethod
    def of(cls, entry: LedgerEntry | None) -> Head:
        """The head of a chain that ends with this entry."""
        return cls() if entry is None else cls(entry.sequence, entry.hash)

    def to_bytes(self) -> bytes:
        """The head as a small file."""
        return canonical(asdict(self)) + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Head:
        """The head in a small file.

        Raises:
            ValueError: it is none, or not byte for byte what was written.
        """
        try:
            found = cls(**json.loads(content))
        except TypeError as error:
            raise ValueError(str(error)) from error
        if found.to_bytes() != content:
            raise ValueError("it is not what was written")
        return found


def canonical(document: Mapping[str, Any]) -> bytes:
    """Equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document."""
    return hashlib.sha256(canonical(document)).hexdigest()
