"""Writer locks. On a local file system Delta does not keep two processes apart, so the lake does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from modelyard.errors import LakeBusyError

PATIENCE_SECONDS = 120.0
"""How long a writer waits for another before it gives up; an ingest takes a few seconds."""


@contextmanager
def writing(
    folder: Path, what: str, *, patience: float = PATIENCE_SECONDS, waiting: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Keeps every other writer of `what` out, on this machine, until the block ends or the process dies.

    Args:
        folder: where locks are kept.
        what: the thing to be written, such as "flights"; it is part of the message to those who wait.
        patience: seconds to wait.
        waiting: told once, with a sentence, if somebody else has the lock.

    Raises:
        LakeBusyError: somebody else still has it after `patience`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{what}.lock")
    holder = folder / f"{what}.holder"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _wait(lock, what, holder, patience, waiting)
    try:
        holder.write_text(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _wait(lock: FileLock, what: str, holder: Path, patience: float, waiting: Callable[[str], None] | None) -> None:
    begun = time.monotonic()
    if waiting is not None:
        waiting(f"{what} is being written by {_name(holder)}; waiting")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise LakeBusyError(
            f"{what} is being written by {_name(holder)}, and was for the {time.monotonic() - begun:.0f} s "
            "that this command waited",
            hint="run the same command again when the other one has ended",
        ) from None


def _name(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except OSError:
        return "another process"
