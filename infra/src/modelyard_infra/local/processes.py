"""Finds and ends processes that belong to an environment, by a mark in their surroundings.

A process that loses its parent keeps its environment variables, so the mark finds what a process tree no longer
shows. A process id alone is never enough: ids are used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

MARK = "MODELYARD_SERVICE"
KILL_SECONDS = 5.0


def mark_of(home: Path | str, name: str) -> str:
    """The mark of a process: the environment's state folder, then the name of the service."""
    return f"{home}/{name}"


def marked(mark: str) -> list[psutil.Process]:
    """The living processes with exactly this mark."""
    return [process for process, found in _marks() if found == mark]


def marked_below(home: Path | str) -> list[psutil.Process]:
    """The living processes of any service of this environment."""
    return [process for process, found in _marks() if found.rpartition("/")[0] == str(home)]


def end(processes: Iterable[psutil.Process], *, patience: float) -> int:
    """Asks processes to stop, then kills those that are left after `patience` seconds; returns how many there were."""
    living = list(processes)
    for process in living:
        _signal(process, kill=False)
    _, left = psutil.wait_procs(living, timeout=patience)
    for process in left:
        _signal(process, kill=True)
    psutil.wait_procs(left, timeout=KILL_SECONDS)
    return len(living)


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended but was not yet reaped does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return


def _marks() -> Iterator[tuple[psutil.Process, str]]:
    mine = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    for process in psutil.process_iter():
        if process.pid in mine:
            continue
        try:
            found = process.environ().get(MARK, "")
        except (psutil.Error, OSError):
            continue
        if found and lives(process):
            yield process, found
