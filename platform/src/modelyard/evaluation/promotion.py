"""Whether a comparison supports a promotion: a pure decision, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelyard.evaluation.comparison import Comparison

Automation = Literal["manual", "assisted", "automatic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDecision:
    """The answer to a wish to promote."""

    accepted: bool
    version: int
    reasons: tuple[str, ...]
    """Why not; or what the promotion rests on."""


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
) -> PromotionDecision:
    """Decide on the promotion of the version that `comparison` is about.

    Args:
        comparison: The evidence.
        staging: The version in staging now.
        production: The version in production now.
        by: Who wishes it.
        reason: Why.
        automation: What the environment lets be done without a person: only "automatic" lets a policy promote.
        person: False if a policy wishes it, and not a person.
        override: A person promotes although the comparison does not say that the candidate wins.
    """
    obstacles = [
        *_unsigned(by, reason),
        *_outdated(comparison, staging, production),
        *_not_allowed(automation, person=person, override=override),
        *_not_supported(comparison, override=override),
    ]
    return PromotionDecision(
        accepted=not obstacles, version=comparison.candidate, reasons=tuple(obstacles) or comparison.reasons
    )


def _unsigned(by: str, reason: str) -> list[str]:
    missing = [what for what, said in (("a name", by), ("a reason", reason)) if not said.strip()]
    return [f"a promotion needs {' and '.join(missing)}"] if missing else []


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


def _not_allowed(automation: Automation, *, person: bool, override: bool) -> list[str]:
    if person:
        return []
    found = (
        [] if automation == "automatic" else [f"this environment's automation is {automation}: a person must promote"]
    )
    return [*found, "only a person may override a comparison"] if override else found


def _not_supported(comparison: Comparison, *, override: bool) -> list[str]:
    if override or comparison.verdict in ("candidate_wins", "first"):
        return []
    return [f"the verdict is {comparison.verdict}", *comparison.reasons]


def _named(version: int | None) -> str:
    return "empty" if version is None else f"version {version}"
