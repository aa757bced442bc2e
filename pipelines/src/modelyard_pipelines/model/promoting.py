"""A decision: the version in staging becomes production, with a name, a reason and the evidence.

A person decides, or a policy where the environment's automation allows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import PromotionRefusedError
from modelyard.evaluation.promotion import PromotionDecision, decide_promotion
from modelyard.evaluation.verdicts import SUPPORTING
from modelyard.registry.entries import GENESIS, Decider, LedgerEntry
from modelyard_pipelines.model.comparing import Compared, compare_model
from modelyard_pipelines.model.evidence import Evidence, keep_evidence, read_evidence
from modelyard_pipelines.model.notices import tell_of_promotion

Note = Callable[[str], None]

AGAINST = " (against the comparison)"
"""What the ledger adds to a person's reason who overrode the comparison."""
POLICY = "policy candidate_wins"
"""The one policy there is: a candidate that wins its comparison is promoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wishes a promotion, and why."""

    by: str
    reason: str = ""
    override: bool = False
    """Promote although the comparison does not support it."""
    seen: str | None = None
    """The digest of the evidence that the decision was made from, if it was made before now."""
    decided_by: Decider = "person"


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
        return {
            **asdict(self.entry.decision),
            "entry": self.entry.sequence,
            "hash": self.entry.hash,
            "verdict": self.verdict,
            "changed": self.changed,
        }


def promote(
    platform: Platform,
    name: str,
    *,
    by: str,
    reason: str,
    note: Note,
    override: bool = False,
    seen: str | None = None,
) -> Promoted:
    """Promotes the version in staging by a person's decision, if the comparison supports it or the person overrides it.

    Raises:
        NoCandidateError: nothing is in staging.
        PromotionRefusedError: the evidence does not support it, or somebody else was faster.
    """
    return _promoted(platform, name, Wish(by=by, reason=reason, override=override, seen=seen), note=note)


def promote_by_policy(platform: Platform, name: str, *, note: Note) -> Promoted:
    """Promotes the version in staging if it wins its comparison and the environment's automation is automatic.

    Raises:
        NoCandidateError: nothing is in staging.
        PromotionRefusedError: the environment leaves it to a person, or the evidence does not suffice.
    """
    return _promoted(platform, name, Wish(by=POLICY, decided_by="policy"), note=note)


def _promoted(platform: Platform, name: str, wish: Wish, *, note: Note) -> Promoted:
    """Run again after it was done, or after a kill, by the same for the same reason, it changes nothing.

    The comparison is made anew at this moment: evidence cannot be out of date, and nobody can hand another one in.
    """
    done = _done_before(platform, name, wish)
    if done is not None:
        return done
    compared = compare_model(platform, name, note=note)
    decision = _decided(platform, name, wish, compared)
    if not decision.accepted:
        raise PromotionRefusedError(
            f"version {decision.version} of {name} is not promoted: {'; '.join(decision.reasons)}",
            hint=f"read {compared.page}; a person may promote it all the same with --override",
        )
    registry = platform.registry()
    entries = registry.history(name)
    evidence = keep_evidence(platform, compared, head=entries[-1].hash if entries else GENESIS)
    against = AGAINST if wish.override and compared.comparison.verdict not in SUPPORTING else ""
    entry = registry.promote(
        name,
        decision.version,
        by=wish.by,
        reason=decision.reason + against,
        evidence=evidence.digest,
        decided_by=wish.decided_by,
    )
    tell_of_promotion(platform.notifier, entry, evidence.reasons)
    return Promoted(entry, evidence.verdict, changed=True)


def _decided(platform: Platform, name: str, wish: Wish, compared: Compared) -> PromotionDecision:
    registry = platform.registry()
    staging, production = registry.staging(name), registry.production(name)
    return decide_promotion(
        compared.comparison,
        staging=staging.version if staging else None,
        production=production.version if production else None,
        by=wish.by,
        reason=wish.reason,
        automation=platform.environment.promotion.automation,
        person=wish.decided_by == "person",
        override=wish.override,
        seen=wish.seen,
    )


def _done_before(platform: Platform, name: str, wish: Wish) -> Promoted | None:
    """The last decision, if it is the one that is wished for, and nothing new is in staging."""
    registry = platform.registry()
    entries = registry.history(name)
    if not entries or registry.staging(name) is not None or not _same(entries[-1], wish):
        return None
    evidence = _evidence(platform, entries[-1])
    # Whoever promoted it may have been killed before telling; the same event is told once.
    tell_of_promotion(platform.notifier, entries[-1], evidence.reasons)
    return Promoted(entries[-1], evidence.verdict, changed=False)


def _same(entry: LedgerEntry, wish: Wish) -> bool:
    said = entry.decision
    asked = wish.reason.strip() or said.reason
    return said.action == "promotion" and (said.by, said.reason.removesuffix(AGAINST)) == (
        wish.by,
        asked.removesuffix(AGAINST),
    )


def _evidence(platform: Platform, entry: LedgerEntry) -> Evidence:
    try:
        return read_evidence(platform, entry.decision.model, entry.decision.evidence)
    except ValueError as error:
        return Evidence({"verdict": "unknown", "reasons": [str(error)]}, head="")
