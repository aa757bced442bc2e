"""Cold processes, timed from outside: wall time and peak memory, never what a process says about itself alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import Sample

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("MODELYARD_", "PULUMI_", "SPARK_", "PYSPARK_", "PYTHON")
"""What a developer's shell may say about these would change what is measured: a newcomer's shell says nothing."""
POLL_SECONDS = 0.05


class RunFailedError(Exception):
    """A measured process ended with an error: there is no figure."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended well."""

    sample: Sample
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of the project, of Spark or of Python, and with `more`.

    Python may write bytecode, into a cache of the benchmark's own: some shells forbid it, and then every process
    compiles every module again, which no user does.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(LEFT_OUT)}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "modelyard-bench-bytecode"), **more}


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path = ROOT, limit: float = 900.0, fail: bool = True
) -> Ended:
    """Runs a command to its end and times it.

    Raises:
        RunFailedError: it ended with another code than 0, or not within `limit` seconds.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    peak = _Peak(process.pid)
    peak.start()
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise RunFailedError(f"{_named(command)} did not end within {limit:.0f} s") from None
    finally:
        seconds = time.perf_counter() - begun
        peak.ended.set()
    peak.join()
    if process.returncode and fail:
        tail = "\n".join((out + err).strip().splitlines()[-25:])
        raise RunFailedError(f"{_named(command)} ended with code {process.returncode}:\n{tail}")
    return Ended(Sample(seconds, peak.mb), out, err)


def _named(command: Sequence[str]) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in command[:6])


class _Peak(threading.Thread):
    """Adds up the resident memory of a process and its children, twenty times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.mb = 0.0
        self._pid = pid

    def run(self) -> None:
        """Samples until the process has ended; without /proc it stays at 0."""
        while not self.ended.wait(POLL_SECONDS):
            self.mb = max(self.mb, sum(_resident(pid) for pid in tree(self._pid)) / 2**20)


def tree(pid: int) -> list[int]:
    """A process and all its children."""
    found = [pid]
    for parent in found:
        try:
            text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        except OSError:
            continue
        found.extend(int(child) for child in text.split())
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def say(line: str) -> None:
    """One line for people who watch, on stderr: stdout carries the figures alone."""
    print(line, file=sys.stderr, flush=True)
