"""A person's decision: the version in staging becomes production, with a name, a reason and the evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import PromotionRefusedError
from modelyard.evaluation.promotion import decide_promotion
from modelyard.registry.ledger import LedgerEntry
from modelyard_pipelines.model.comparing import Compared, compare_model, evidence_file
from modelyard_pipelines.model.notices import tell_of_promotion

Note = Callable[[str], None]

AGAINST = " (against the comparison)"
"""What the ledger adds to a person's reason who overrode the comparison."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion, as the ledger has it."""

    entry: LedgerEntry
    verdict: str
    """Of the comparison that it rests on."""
    changed: bool
    """False if this very promotion had been made before."""

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
            "verdict": self.verdict,
            "changed": self.changed,
        }


def promote(platform: Platform, name: str, *, by: str, reason: str, note: Note, override: bool = False) -> Promoted:
    """Promotes the version in staging, if the comparison supports it or a person overrides it.

    Run again after it was done, or after a kill, by the same person for the same reason, it changes nothing.

    The comparison is made anew at this moment: evidence cannot be out of date, and nobody can hand another one in.

    Raises:
        NoCandidateError: nothing is in staging.
        PromotionRefusedError: the evidence does not support it, or somebody else was faster.
    """
    registry = platform.registry()
    done = _done_before(platform, name, by=by, reason=reason)
    if done is not None:
        return done
    compared = compare_model(platform, name, note=note)
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
    said = reason + AGAINST if override and not _supported(compared) else reason
    entry = registry.promote(name, decision.version, by=by, reason=said, evidence=evidence)
    tell_of_promotion(platform.notifier, entry, compared)
    return Promoted(entry, compared.comparison.verdict, changed=True)


def _done_before(platform: Platform, name: str, *, by: str, reason: str) -> Promoted | None:
    """The last promotion, if it is the one that is asked for now and nothing new is in staging."""
    registry = platform.registry()
    entries = registry.history(name)
    if not entries or registry.staging(name) is not None:
        return None
    said = entries[-1].promotion
    if (said.by, said.reason.removesuffix(AGAINST)) != (by, reason):
        return None
    evidence = json.loads(evidence_file(platform, name, said.version, said.replaces).read_bytes())
    return Promoted(entries[-1], evidence["verdict"], changed=False)


def _supported(compared: Compared) -> bool:
    return compared.comparison.verdict in {"candidate_wins", "first"}
