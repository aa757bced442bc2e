"""Work of the room `ml/training`, in a process of its own, as a cluster would run it in a container."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from modelyard.errors import TrainingFailedError

Note = Callable[[str], None]
_KEPT_LINES = 20


def run_job(
    model: str, words: Sequence[str], *, root: Path, note: Note, environment: Mapping[str, str] | None = None
) -> str:
    """Runs `python -m …` in a checkout, and gives what it printed.

    Args:
        model: The model that it is about.
        words: The module, and what it is told.
        root: The checkout.
        note: Told what the job is doing.
        environment: The surroundings; those of this process if none are given.

    Raises:
        TrainingFailedError: the job ended badly; the error says what the job said, with the job's own exit code.
    """
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=root,
        env=None if environment is None else dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as job:
        try:
            last = _follow(job.stderr, note)
            printed = job.stdout.read() if job.stdout else ""
        except BaseException:
            job.kill()
            raise
    if job.returncode:
        raise TrainingFailedError(model, last, job.returncode)
    return printed


def _follow(lines: IO[str] | None, note: Note) -> list[str]:
    """Passes a job's words on as they come, and keeps the last of them."""
    last: list[str] = []
    for line in lines or ():
        words = line.rstrip()
        if words:
            last = [*last[-_KEPT_LINES:], words]
            note(words)
    return last
