"""The promotion ledger: one line a promotion, each chained to the one before by its hash, only ever appended to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import LedgerBrokenError, RegistryBusyError
from modelyard_bundle.atomic import sync_folder

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What is written down of one promotion."""

    model: str
    version: int
    digest: str
    """SHA-256 of the version's model.skops."""
    replaces: int | None
    """The version that was in production before; none if it was the first."""
    by: str
    reason: str
    evidence: str
    """Digest of what the decision rests on."""
    data_versions: Mapping[str, int]
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A promotion at its place in the chain."""

    sequence: int
    """From 1."""
    previous: str
    """The hash of the entry before."""
    promotion: Promotion
    hash: str
    """SHA-256 over everything else in this entry."""

    @classmethod
    def after(cls, last: LedgerEntry | None, promotion: Promotion) -> LedgerEntry:
        """The next entry of the chain."""
        sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS)
        return cls(
            sequence=sequence,
            previous=previous,
            promotion=promotion,
            hash=_hash({"sequence": sequence, "previous": previous, **asdict(promotion)}),
        )

    def to_line(self) -> bytes:
        """The entry as one line."""
        document = {"sequence": self.sequence, "previous": self.previous, **asdict(self.promotion), "hash": self.hash}
        return _canonical(document) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> LedgerEntry:
        """The entry in a line. Its hash is not checked here.

        Raises:
            ValueError: the line is no entry.
        """
        document = json.loads(line)
        try:
            sequence, previous, found = (document.pop(name) for name in ("sequence", "previous", "hash"))
            return cls(sequence=sequence, previous=previous, promotion=Promotion(**document), hash=found)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error


class Ledger:
    """The ledger of one model.

    Args:
        path: The file. Its folder is made when the first entry is written.
        patience: How many seconds to wait for another promotion before saying that the registry is busy.
    """

    def __init__(self, path: Path, *, patience: float = 10.0) -> None:
        self._path = path
        self._patience = patience

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else from promoting; repairs what a crash may have left of the last line.

        Raises:
            RegistryBusyError: somebody else holds the lock.
        """
        from filelock import FileLock, Timeout

        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self._path}.lock")
        try:
            lock.acquire(timeout=self._patience)
        except Timeout as error:
            raise RegistryBusyError(
                f"another promotion of {self._path.stem} is under way", hint="wait for it, then run the same again"
            ) from error
        try:
            self._drop_torn_line()
            yield
        finally:
            lock.release()

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every promotion, oldest first, verified.

        Raises:
            LedgerBrokenError: some byte of the ledger is not what was written.
        """
        if (problem := self.verify()) is not None:
            raise LedgerBrokenError(
                f"the ledger {self._path} does not verify: {problem}",
                hint="restore it from the lake's backup; nothing is promoted until it verifies",
            )
        return tuple(LedgerEntry.from_line(line) for line in self._whole_lines())

    def verify(self) -> str | None:
        """What is wrong with the ledger; None if every byte is as it was written.

        The unfinished line that a crash may leave behind is no entry, and nothing wrong.
        """
        last: LedgerEntry | None = None
        for number, line in enumerate(self._whole_lines(), start=1):
            try:
                entry = LedgerEntry.from_line(line)
            except ValueError:
                return f"line {number} is no entry"
            if line + b"\n" != LedgerEntry.after(last, entry.promotion).to_line():
                return f"line {number} is not what was written, or a line before it is missing"
            last = entry
        return "something follows the last line" if _follows(self._tail()) else None

    def append(self, promotion: Promotion) -> LedgerEntry:
        """Add an entry, on the disk before this returns. The lock must be held."""
        entries = self.entries()
        entry = LedgerEntry.after(entries[-1] if entries else None, promotion)
        with self._path.open("ab") as file:
            file.write(entry.to_line())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)
        return entry

    def _whole_lines(self) -> list[bytes]:
        content = self._path.read_bytes() if self._path.is_file() else b""
        return content.split(b"\n")[:-1]

    def _drop_torn_line(self) -> None:
        """A line without its end was never promised to anybody: the write was cut short before the fsync returned."""
        tail = self._tail()
        if tail and not _follows(tail):
            with self._path.open("r+b") as file:
                file.truncate(self._path.stat().st_size - len(tail))
                os.fsync(file.fileno())

    def _tail(self) -> bytes:
        """What comes after the last line that has an end."""
        return self._path.read_bytes().rpartition(b"\n")[2] if self._path.is_file() else b""


def _follows(tail: bytes) -> bool:
    """Whether a tail is more than the beginning of an entry: a crash cuts a line short, and never makes it longer."""
    try:
        _, end = json.JSONDecoder().raw_decode(tail.decode("ascii"))
    except UnicodeDecodeError:
        return True
    except ValueError:
        return False
    return end < len(tail)


def _canonical(document: Mapping[str, Any]) -> bytes:
    """Equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _hash(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(document)).hexdigest()
