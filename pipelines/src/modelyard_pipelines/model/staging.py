"""From candidates to staging: the best that passes its thresholds and floors, decided on validation rows.

What is in staging already competes with the candidates. Whatever loses is archived, and its candidate tag is gone: a
candidate that lost, or was validated on older rows than another, has had its chance. Where none passes, nothing is
archived, so that a person can look at all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """False if staging is as it was: there was no new candidate, or none was better."""
    decision: StagingDecision | None
    """None if there was no new candidate."""

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
    """Moves the best candidate into staging, archives what lost, and tells the team once.

    Raises:
        NoCandidateError: there is no candidate, and nothing in staging.
        StagingRefusedError: neither a candidate nor what is in staging passes thresholds and floors.
    """
    spec = find_model(platform.workspace, name)
    registry = platform.registry()
    candidates, before = registry.candidates(name), registry.staging(name)
    if not candidates:
        if before is None:
            raise NoCandidateError(f"{name} has no candidate to stage", hint=f"modelyard model train {name}")
        # Whoever staged it may have been killed before telling; the same event is told once.
        tell_of_staging(platform.notifier, before, "passes its thresholds and floors")
        return Staged(before, changed=False, decision=None)
    contenders = [*candidates, *([before] if before else [])]
    decision = choose_staging(contenders, spec.thresholds, metric=spec.metric, floors=spec.floors)
    if decision.version is None:
        raise StagingRefusedError(
            f"no candidate of {name} passes its thresholds and floors: {decision.summary}",
            hint=f"look at the runs in MLflow, then change ml/models/{name} and run modelyard model train {name}",
        )
    version = registry.stage(name, decision.version, over=_numbers(contenders))
    changed = before is None or before.version != version.version
    if changed:
        archived = "nothing was in staging before" if before is None else f"version {before.version} was archived"
        tell_of_staging(platform.notifier, version, f"{decision.summary}; {archived}")
    return Staged(version, changed=changed, decision=decision)


def _numbers(versions: Sequence[ModelVersion]) -> list[int]:
    return [one.version for one in versions]
