"""Training as a job of its own: the room `ml/training` in a process, as a cluster would run it in a container."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any

from modelyard.composition import Platform
from modelyard.errors import TrainingFailedError

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training led to."""

    model: str
    version: int
    run_id: str
    fresh: bool
    """False if the same training had been done before."""
    metrics: Mapping[str, float]
    """On validation rows."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return asdict(self)


def train(
    platform: Platform, name: str, *, data_version: int | None = None, seed: int | None = None, note: Note
) -> Trained:
    """Trains a candidate, or finds the version that the same training made before.

    Args:
        platform: The environment to train in.
        name: The model.
        data_version: Version of the CURATED table; the newest if none is given.
        seed: Of search and estimator; the model's own if none is given.
        note: Told what the job is doing.

    Raises:
        TrainingFailedError: the job ended badly; the error says what the job said, with the job's own exit code.
    """
    command = [sys.executable, "-m", "modelyard_training", name, "--env", platform.environment.name]
    command += [] if data_version is None else ["--data-version", str(data_version)]
    command += [] if seed is None else ["--seed", str(seed)]
    with subprocess.Popen(
        command, cwd=platform.workspace.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as job:
        try:
            last = _follow(job.stderr, note)
            printed = job.stdout.read() if job.stdout else ""
        except BaseException:
            job.kill()
            raise
    if job.returncode:
        raise TrainingFailedError(name, last, job.returncode)
    return Trained(**json.loads(printed))


def _follow(lines: IO[str] | None, note: Note) -> list[str]:
    """Passes a job's words on as they come, and keeps the last of them."""
    last: list[str] = []
    for line in lines or ():
        words = line.rstrip()
        if words:
            last = [*last[-20:], words]
            note(words)
    return last
