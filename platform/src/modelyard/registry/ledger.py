"""The ledger of a model: one line for each decision about production, only ever appended to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.errors import LedgerBrokenError, RegistryBusyError
from modelyard.registry.chain import follows, problem_of
from modelyard.registry.entries import Decision, Head, LedgerEntry
from modelyard_bundle.atomic import sync_folder, write_atomically

HINT = "restore it from the lake's backup; nothing is promoted until it verifies"


class Ledger:
    """The ledger of one model, and the head that remembers how long it is.

    Args:
        path: The file. Its folder is made when the first entry is written; the head lies beside it.
        patience: How many seconds to wait for another promotion before saying that the registry is busy.
    """

    def __init__(self, path: Path, *, patience: float = 10.0) -> None:
        self._path = path
        self._head = path.with_suffix(".head")
        self._patience = patience

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else from deciding; repairs what a crash may have left of the last line.

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
            self._repair()
            yield
        finally:
            lock.release()

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every decision, oldest first, verified.

        Raises:
            LedgerBrokenError: some byte of the ledger is not what was written.
        """
        content = self._content()
        if (problem := self._problem(content)) is not None:
            raise LedgerBrokenError(f"the ledger {self._path} does not verify: {problem}", hint=HINT)
        return tuple(LedgerEntry.from_line(line) for line in content.split(b"\n")[:-1])

    def verify(self) -> str | None:
        """What is wrong with the ledger; None if every byte is as it was written."""
        return self._problem(self._content())

    def append(self, decision: Decision) -> LedgerEntry:
        """Add an entry, on the disk before this returns. The lock must be held."""
        entries = self.entries()
        entry = LedgerEntry.after(entries[-1] if entries else None, decision)
        with self._path.open("ab") as file:
            file.write(entry.to_line())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)
        write_atomically(self._head, Head.of(entry).to_bytes())
        return entry

    def _problem(self, content: bytes) -> str | None:
        try:
            head = Head.from_bytes(self._head.read_bytes()) if self._head.is_file() else Head()
        except ValueError as error:
            return f"its head {self._head.name} cannot be read: {error}"
        return problem_of(content, head)

    def _content(self) -> bytes:
        return self._path.read_bytes() if self._path.is_file() else b""

    def _repair(self) -> None:
        """Finish what a crash cut short: a line without its end is dropped, and the head catches up."""
        content = self._content()
        whole, _, tail = content.rpartition(b"\n")
        if tail and not follows(tail):
            with self._path.open("r+b") as file:
                file.truncate(len(content) - len(tail))
                os.fsync(file.fileno())
        if whole and self.verify() is None:
            head = Head.of(self.entries()[-1]).to_bytes()
            if not self._head.is_file() or self._head.read_bytes() != head:
                write_atomically(self._head, head)
