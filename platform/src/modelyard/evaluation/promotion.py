"""Whether a comparison supports a promotion: a pure decision, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelyard.evaluation.comparison import Comparison
from modelyard.evaluation.verdicts import SUPPORTING

Automation = Literal["manual", "assisted", "automatic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDecision:
    """The answer to a wish to promote."""

    accepted: bool
    version: int
    reasons: tuple[str, ...]
    """Why not; or what the promotion rests on."""
    reason: str = ""
    """For the ledger: the reason that was given, or the comparison's where nobody has to give one."""


def decide_promotion(
    comparison: Comparison,
    *,
    staging: int | None,
    production: int | None,
    by: str,
    reason: str,
    automation: Automation = "manual",
    person: bool = True,
    override: bool = False,
    seen: str | None = None,
) -> PromotionDecision:
    """Decide on the promotion of the version that `comparison` is about.

    The environment's automation says who decides:
    - "manual": a person, with a name and a reason.
    - "assisted": the comparison proposes, and a person's name confirms. Against the comparison, a reason is needed.
    - "automatic": a candidate that wins is promoted by a policy. All else, a first version too, waits for a person.

    Args:
        comparison: The evidence.
        staging: The version in staging now.
        production: The version in production now.
        by: Who wishes it.
        reason: Why.
        automation: What the environment lets be done without a person.
        person: False if a policy wishes it, and not a person.
        override: A person promotes although the comparison does not support it. A version whose scores are no
            numbers is never promoted.
        seen: The digest of the evidence that the decision was made from, if it was made before now.
    """
    supported = comparison.verdict in SUPPORTING
    confirmed = supported and (automation == "assisted" or not person)
    obstacles = [
        *_unsigned(by, reason, reason_needed=not confirmed),
        *_outdated(comparison, staging, production),
        *_changed(comparison, seen),
        *_not_allowed(comparison, automation, person=person, override=override),
        *_not_supported(comparison, override=override),
    ]
    return PromotionDecision(
        accepted=not obstacles,
        version=comparison.candidate,
        reasons=tuple(obstacles) or comparison.reasons,
        reason=reason.strip() or "; ".join(comparison.reasons),
    )


def _unsigned(by: str, reason: str, *, reason_needed: bool) -> list[str]:
    wanted = [("a name", by), *([("a reason", reason)] if reason_needed else [])]
    missing = [what for what, said in wanted if not said.strip()]
    return [f"a promotion needs {' and '.join(missing)}"] if missing else []


def _changed(comparison: Comparison, seen: str | None) -> list[str]:
    if seen is None or seen == comparison.digest:
        return []
    now = comparison.digest
    return [f"the decision was made from evidence {seen[:12]}, but it is {now[:12]} by now; read the new page"]


def _outdated(comparison: Comparison, staging: int | None, production: int | None) -> list[str]:
    found = []
    if staging != comparison.candidate:
        found.append(
            f"staging is {_named(staging)} now, but version {comparison.candidate} was compared; compare again"
        )
    if production != comparison.production:
        found.append(
            f"production is {_named(production)} now, but the comparison was with {_named(comparison.production)}; "
            "compare again"
        )
    return found


def _not_allowed(comparison: Comparison, automation: Automation, *, person: bool, override: bool) -> list[str]:
    if person:
        return []
    found = ["only a person may override a comparison"] if override else []
    if automation != "automatic":
        return [f"this environment's automation is {automation}: a person must promote", *found]
    if comparison.verdict in SUPPORTING and comparison.verdict != "candidate_wins":
        found.append(f"the verdict is {comparison.verdict}: a person must promote")
    return found


def _not_supported(comparison: Comparison, *, override: bool) -> list[str]:
    if comparison.verdict in SUPPORTING or (override and comparison.verdict != "invalid_scores"):
        return []
    return [f"the verdict is {comparison.verdict}", *comparison.reasons]


def _named(version: int | None) -> str:
    return "empty" if version is None else f"version {version}"
