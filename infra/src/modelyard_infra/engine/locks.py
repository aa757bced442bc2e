"""What an engine leaves behind when it is killed: its lock on the stack.

Pulumi's file backend locks a stack with a file that names the process (pkg/backend/diy/lock.go); it has no lease, so
a killed engine locks forever. A lock whose process is gone is stale. Whose process lives, or runs on another machine,
is left alone.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from modelyard.environment.stack_outputs import PROJECT
from modelyard_infra.engine.homes import StackHome

CLOCK_SLACK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock file of a stack."""

    file: Path
    pid: int
    host: str
    taken_at: float
    """Seconds since the epoch."""

    @property
    def is_stale(self) -> bool:
        """Whether its process was on this machine and is gone. A process that began later has only its number."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            gone = process.status() == psutil.STATUS_ZOMBIE
            return bool(gone or process.create_time() > self.taken_at + CLOCK_SLACK_SECONDS)
        except psutil.NoSuchProcess:
            return True


def locks_of(home: StackHome, stack: str) -> list[Lock]:
    """The locks on a stack; files that cannot be read are left out, and locks of a backend elsewhere are not seen."""
    if home.folder is None:
        return []
    folder = home.folder / ".pulumi" / "locks" / "organization" / PROJECT / stack
    return [lock for file in sorted(folder.glob("*.json")) if (lock := _read(file)) is not None]


def release_stale(home: StackHome, stack: str) -> int:
    """Removes the locks of engines that are gone; returns how many there were."""
    stale = [lock for lock in locks_of(home, stack) if lock.is_stale]
    for lock in stale:
        lock.file.unlink(missing_ok=True)
        lock.file.with_name(f"{lock.file.name}.attrs").unlink(missing_ok=True)
    return len(stale)


def _read(file: Path) -> Lock | None:
    try:
        content = json.loads(file.read_text())
        taken_at = datetime.fromisoformat(content["timestamp"]).timestamp()
        return Lock(file, int(content["pid"]), str(content["hostname"]), taken_at)
    except (OSError, ValueError, KeyError, TypeError):
        return None
