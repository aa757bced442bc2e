"""A person's decision: the version in staging becomes production, with a name, a reason and the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import PromotionRefusedError
from modelyard.evaluation.promotion import decide_promotion
from modelyard.registry.ledger import LedgerEntry
from modelyard_pipelines.model.comparing import Compared, compare_model
from modelyard_pipelines.model.notices import tell_of_promotion

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion, as the ledger has it."""

    entry: LedgerEntry
    compared: Compared

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        said = self.entry.promotion
        return {
            "model": said.model,
            "version": said.version,
            "replaces": said.replaces,
            "by": said.by,
            "reason": said.reason,
            "at": said.at,
            "evidence": said.evidence,
            "entry": self.entry.sequence,
            "hash": self.entry.hash,
            "verdict": self.compared.comparison.verdict,
        }


def promote(platform: Platform, name: str, *, by: str, reason: str, note: Note, override: bool = False) -> Promoted:
    """Promotes the version in staging, if the comparison supports it or a person overrides it.

    The comparison is made anew at this moment: evidence cannot be out of date, and nobody can hand another one in.

    Raises:
        NoCandidateError: nothing is in staging.
        PromotionRefusedError: the evidence does not support it, or somebody else was faster.
    """
    compared = compare_model(platform, name, note=note)
    registry = platform.registry()
    staging, production = registry.staging(name), registry.production(name)
    decision = decide_promotion(
        compared.comparison,
        staging=staging.version if staging else None,
        production=production.version if production else None,
        by=by,
        reason=reason,
        automation=platform.environment.promotion.automation,
        override=override,
    )
    if not decision.accepted:
        raise PromotionRefusedError(
            f"version {decision.version} of {name} is not promoted: {'; '.join(decision.reasons)}",
            hint=f"read {compared.page}; a person may promote it all the same with --override",
        )
    evidence = compared.comparison.digest
    said = f"{reason} (against the comparison)" if override and not _supported(compared) else reason
    entry = registry.promote(name, decision.version, by=by, reason=said, evidence=evidence)
    tell_of_promotion(platform.notifier, entry, compared)
    return Promoted(entry, compared)


def _supported(compared: Compared) -> bool:
    return compared.comparison.verdict in {"candidate_wins", "first"}
