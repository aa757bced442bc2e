"""Training as a job of its own: the room `ml/training` in a process, as a cluster would run it in a container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard_pipelines.model.jobs import Note, run_job


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
    candidates: Sequence[Mapping[str, Any]] = ()
    """Of a model with variants: each one's name, version and metrics."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return asdict(self)


def train(
    platform: Platform,
    name: str,
    *,
    data_version: int | None = None,
    seed: int | None = None,
    variant: str | None = None,
    note: Note,
) -> Trained:
    """Trains a candidate, or finds the version that the same training made before.

    Args:
        platform: The environment to train in.
        name: The model.
        data_version: Version of the CURATED table; the newest if none is given.
        seed: Of search and estimator; the model's own if none is given.
        variant: Of a model that declares several, the only one to train; all of them if none is given.
        note: Told what the job is doing.

    Raises:
        TrainingFailedError: the job ended badly; the error says what the job said, with the job's own exit code.
    """
    words = job_words(name, platform.environment.name, data_version=data_version, seed=seed, variant=variant)
    return Trained(**json.loads(run_job(name, words, root=platform.workspace.root, note=note)))


def job_words(
    name: str, environment: str, *, data_version: int | None, seed: int | None, variant: str | None
) -> list[str]:
    """What the job is called with; what is not given is left to the declaration."""
    options = {"--data-version": data_version, "--seed": seed, "--variant": variant}
    given = [(option, str(value)) for option, value in options.items() if value is not None]
    return ["modelyard_training", name, "--env", environment, *(word for pair in given for word in pair)]
