"""Runs a long command with its time shown, and ends it as a whole when it takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SHOW_EVERY_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    ok: bool
    words: str
    """The last line that it wrote, or why it was ended."""


def run_patiently(
    command: list[str], *, title: str, say: Say, limit: float, cwd: Path | None = None, env: Mapping[str, str]
) -> Ended:
    """Runs a command to its end.

    Args:
        command: program and arguments.
        title: what people read while it runs.
        say: takes one line of progress every few seconds.
        limit: seconds after which it is ended with everything that it started.
        cwd: the folder to run in.
        env: the whole environment.
    """
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = _wait(process, title=title, say=say, limit=limit)
        finally:
            _end(process)
        words.seek(0)
        last = next((line.strip() for line in reversed(words.readlines()) if line.strip()), "")
    if code is None:
        return Ended(ok=False, words=f"not done after {time.monotonic() - begun:.0f} s")
    return Ended(ok=code == 0, words=last or f"exit code {code}")


def _wait(process: subprocess.Popen[bytes], *, title: str, say: Say, limit: float) -> int | None:
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < limit:
        try:
            return process.wait(timeout=min(SHOW_EVERY_SECONDS, limit - passed))
        except subprocess.TimeoutExpired:
            say(f"{title}: {time.monotonic() - begun:.0f} s")
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
