"""From candidates to staging: the best that passes its thresholds, decided on validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import NoCandidateError, StagingRefusedError
from modelyard.evaluation.staging import StagingDecision, choose_staging
from modelyard.models.discovery import find_model
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.notices import tell_of_staging


@dataclass(frozen=True, slots=True)
class Staged:
    """What is in staging now."""

    version: ModelVersion
    changed: bool
    """False if there was no new candidate, so that staging is as it was."""
    decision: StagingDecision | None

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        reasons = {} if self.decision is None else {str(k): list(v) for k, v in self.decision.reasons.items()}
        return {
            "model": self.version.model,
            "version": self.version.version,
            "changed": self.changed,
            "metrics": dict(self.version.metrics),
            "reasons": reasons,
        }


def stage(platform: Platform, name: str) -> Staged:
    """Moves the best candidate into staging, archives the previous one, and tells the team.

    Raises:
        NoCandidateError: there is no candidate, and nothing in staging.
        StagingRefusedError: no candidate passes its thresholds.
    """
    spec = find_model(platform.workspace, name)
    registry = platform.registry()
    candidates, before = registry.candidates(name), registry.staging(name)
    if not candidates:
        if before is None:
            raise NoCandidateError(f"{name} has no candidate to stage", hint=f"modelyard model train {name}")
        return Staged(before, changed=False, decision=None)
    decision = choose_staging(candidates, spec.thresholds, metric=spec.metric)
    if decision.version is None:
        raise StagingRefusedError(
            f"no candidate of {name} passes its thresholds: {decision.summary}",
            hint=f"look at the runs in MLflow, then change ml/models/{name} and run modelyard model train {name}",
        )
    version = registry.stage(name, decision.version)
    tell_of_staging(platform.notifier, version, before, decision)
    return Staged(version, changed=True, decision=decision)
