"""What a tracker of trainings must do, and the record that goes to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from modelyard.registry.versions import Registration
from modelyard_bundle.example import Example
from modelyard_training.fitting import TrainedModel
from modelyard_training.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """All that is kept of a training."""

    trained: TrainedModel
    fingerprint: str
    provenance: Provenance
    data_versions: Mapping[str, int]
    seed: int
    seconds: float
    """How long the training took."""
    example: Example
    plots: Mapping[str, bytes]
    """File name to PNG."""
    variant: str = ""
    """Which of the declared ways to build it; empty for `build` itself."""
    content: bytes = b""
    """The bytes of model.skops, audited; empty for a model of another flavour."""
    documents: Mapping[str, bytes] = field(default_factory=dict)
    """File name to JSON: the search, and the groups of a grouped model."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The best parameters, and what else decided the result."""
        return {**self.trained.search.best, "seed": self.seed, "search_trials": len(self.trained.search.trials)}

    @property
    def metrics(self) -> dict[str, float]:
        """All metrics, with the part of the data they belong to in front."""
        trained = self.trained
        return {
            **{f"validation_{name}": value for name, value in trained.validation_metrics.items()},
            **{f"test_{name}": value for name, value in trained.test_metrics.items()},
            "rows_train": trained.parts.train.height,
            "rows_validation": trained.parts.validation.height,
            "rows_test": trained.parts.test.height,
            "seconds": self.seconds,
        }

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The search as JSON values."""
        return [
            {"parameters": dict(trial.parameters), "value": trial.value, "problem": trial.problem}
            for trial in self.trained.search.trials
        ]


class Tracker(Protocol):
    """Keeps records of trainings."""

    def finished(self, model: str, fingerprint: str) -> Registration | None:
        """What a finished training of this fingerprint left behind for the registry."""

    def record(self, record: TrainingRecord) -> Registration:
        """Keep a record. Cut off half way it counts as never begun."""
