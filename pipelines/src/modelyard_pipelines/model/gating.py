"""The comparison as a gate of a pipeline: nobody is asked to promote what the comparison does not support."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.evaluation.staging import floor_failures, threshold_failures
from modelyard.evaluation.verdicts import SHOWN, SUPPORTING
from modelyard.models.discovery import find_model
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.comparing import Compared, compare_model

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether a pipeline may go on to the decision."""

    passed: bool
    sentence: str
    """Why, or why not."""
    compared: Compared | None
    """None where there is nothing to decide."""

    @property
    def hint(self) -> str:
        """What to do next where it is closed."""
        if self.compared is None:
            return ""
        said = self.compared.comparison
        return (
            f"read {self.compared.page}; then train another, or a person promotes it all the same: "
            f'modelyard model promote {said.model} --by "YOUR NAME" --reason "WHY" --override'
        )

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        compared = {} if self.compared is None else self.compared.to_json()
        return {**compared, "gate": {"passed": self.passed, "sentence": self.sentence}}


def pass_gate(platform: Platform, name: str, *, note: Note) -> Gate:
    """Compares, and says whether a promotion can rest on it.

    It is open where the comparison supports the version in staging, where that is the first version and passes its
    thresholds and floors, and where nothing is in staging beside a version in production: then nothing is to be
    decided, as in a pipeline that is run again.

    Raises:
        NoCandidateError: nothing is in staging and nothing in production.
    """
    registry = platform.registry()
    staging, production = registry.staging(name), registry.production(name)
    if staging is None and production is not None:
        sentence = (
            f"version {production.version} of {name} is in production, and nothing is in staging: nothing to decide"
        )
        return Gate(passed=True, sentence=sentence, compared=None)
    compared = compare_model(platform, name, note=note)
    said = compared.comparison
    failed = "" if staging is None else _fails_thresholds(platform, name, staging)
    if failed:
        return Gate(passed=False, sentence=failed, compared=compared)
    verdict = SHOWN[said.verdict]
    reasons = "; ".join(said.reasons)
    sentence = f"version {said.candidate}: {verdict[:1].lower()}{verdict[1:]}: {reasons}"
    return Gate(passed=said.verdict in SUPPORTING, sentence=sentence, compared=compared)


def settled_version(platform: Platform, name: str) -> ModelVersion | None:
    """The version in production, if there is no candidate and nothing in staging; none if there is something to do."""
    registry = platform.registry()
    production = registry.production(name)
    if production is None or registry.staging(name) is not None or registry.candidates(name):
        return None
    return production


def _fails_thresholds(platform: Platform, name: str, staging: ModelVersion) -> str:
    """Why the version in staging does not pass its thresholds and floors now; empty if it does.

    They were asked when it was staged; the model's folder may have changed since.
    """
    spec = find_model(platform.workspace, name)
    failed = [*threshold_failures(staging.metrics, spec.thresholds), *floor_failures(staging.slices, spec.floors)]
    return f"version {staging.version} fails its thresholds: {'; '.join(failed)}" if failed else ""
