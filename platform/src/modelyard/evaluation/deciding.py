"""From what the resamples and the standard error say to a verdict.

The rule `paired` has two witnesses, and the candidate must convince both: it wins in the needed share of paired
resamples, and its difference lies above 0 by its standard error (DeLong for the area under the ROC curve). Where rows
are many the two agree. Where ones are rare either may be too bold, and then the more careful one decides; so models
that are equal win no more often than declared.

The rule `unpaired_90` is the one that many teams start from: other rows are drawn for each model, and the candidate
wins if it is better in nine of ten resamples. It misses most real gains, because what the two models have in common
does not cancel out. It is here to be compared with, and for those who are held to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from modelyard.evaluation.paired.asymptotic import Estimate
from modelyard.evaluation.paired.bootstrap import PairedBootstrap
from modelyard.evaluation.paired.quantiles import normal_quantile, student_quantile
from modelyard.evaluation.uses import needed_confidence
from modelyard.evaluation.verdicts import Verdict

Rule = Literal["paired", "unpaired_90"]

POWER = 0.8
"""How sure one wants to be to find a difference that is there."""
UNPAIRED_SHARE = 0.9
_OUT_OF_REACH = 1000
"""Times as many rows: who would need more should take the two for equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict on a difference, and what it rests on."""

    verdict: Verdict
    reasons: tuple[str, ...]
    needed: float
    """The share of resamples, and the confidence, that was asked for."""
    detectable: float | None = None
    """The smallest true gain that these rows would show with a probability of 80%."""
    more_rows: int | None = None
    """How many rows more would show the measured gain, if it is real, with that probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured of two versions on the same rows."""

    metric: str
    rows: int
    bootstrap: PairedBootstrap
    estimate: Estimate | None
    """The difference with its standard error."""
    margin: float = 0.0
    """By how much the candidate may be worse and still be taken; 0 if it must be better."""
    use: int = 1
    """Which comparison on these rows it is."""


def judge(found: Findings, *, rule: Rule, confidence: float) -> Judgement:
    """The verdict by this rule.

    Args:
        found: What was measured.
        rule: Its name.
        confidence: How sure one must be that a candidate which wins is not worse, on rows that are used once.
    """
    if rule == "unpaired_90":
        return _unpaired(found)
    needed = needed_confidence(confidence, found.use)
    detectable = None if found.estimate is None else _reach(found.estimate, needed)
    more = _more_rows(found, needed)
    verdict = _paired_verdict(found, needed=needed, confidence=confidence)
    reasons = [_said(verdict, found, needed)]
    if found.use > 1:
        reasons.append(
            f"these rows carry comparison number {found.use}, so {_percent(needed)} is asked for instead of "
            f"{_percent(confidence)}; train on newer data for rows that are new"
        )
    if verdict == "not_enough_data":
        reasons += _what_would_tell(found, detectable, more)
    return Judgement(
        verdict=verdict,
        reasons=tuple(reasons),
        needed=needed,
        detectable=detectable,
        more_rows=more if verdict == "not_enough_data" else None,
    )


def _paired_verdict(found: Findings, *, needed: float, confidence: float) -> Verdict:
    bootstrap, estimate, margin = found.bootstrap, found.estimate, found.margin
    if estimate is None:
        return "not_enough_data"
    if bootstrap.share_won >= needed and estimate.is_above(0, needed):
        return "candidate_wins"
    if margin and bootstrap.share_not_worse >= needed and estimate.is_above(-margin, needed):
        return "not_worse"
    if bootstrap.share_won <= 1 - confidence and estimate.is_below(0, confidence):
        return "production_wins"
    return "not_enough_data"


def _unpaired(found: Findings) -> Judgement:
    share = found.bootstrap.share_won
    verdict: Verdict = "not_enough_data"
    if share >= UNPAIRED_SHARE:
        verdict = "candidate_wins"
    elif share <= 1 - UNPAIRED_SHARE:
        verdict = "production_wins"
    return Judgement(verdict=verdict, reasons=(_said(verdict, found, UNPAIRED_SHARE),), needed=UNPAIRED_SHARE)


def _said(verdict: Verdict, found: Findings, needed: float) -> str:
    bootstrap = found.bootstrap
    low, high = bootstrap.interval
    facts = (
        f"the candidate is better in {bootstrap.share_won:.1%} of {bootstrap.resamples} resamples "
        f"({_percent(needed)} are needed); {found.metric} differs by {bootstrap.difference:+.4f}, "
        f"{bootstrap.level:.0%} interval {low:+.4f} to {high:+.4f}"
    )
    if verdict == "not_worse":
        return f"{facts}; it is worse by less than the margin of {found.margin:g} in {bootstrap.share_not_worse:.1%}"
    return f"these rows cannot tell the two apart: {facts}" if verdict == "not_enough_data" else facts


def _what_would_tell(found: Findings, detectable: float | None, more: int | None) -> list[str]:
    estimate = found.estimate
    if estimate is None or detectable is None:
        return []
    if not estimate.error:
        return ["the two stand equal on every row: more rows like these would not tell them apart"]
    said = [f"on these rows a true gain of {detectable:.4f} would be found with a probability of {POWER:.0%}"]
    if more is not None:
        said.append(f"if the measured gain is real, about {more:,} rows more would show it")
    elif estimate.value + found.margin > 0:
        said.append(f"not even {_OUT_OF_REACH:,} times as many rows would show the measured gain: take them for equal")
    return said


def _reach(estimate: Estimate, needed: float) -> float:
    return (student_quantile(needed, estimate.freedom) + normal_quantile(POWER)) * estimate.error


def _more_rows(found: Findings, needed: float) -> int | None:
    """Errors shrink with the root of the number of rows."""
    if found.estimate is None or not found.estimate.error:
        return None
    gain = found.estimate.value + found.margin
    times = (_reach(found.estimate, needed) / gain) ** 2 if gain > 0 else math.inf
    return max(1, math.ceil(found.rows * (times - 1))) if times <= _OUT_OF_REACH else None


def _percent(share: float) -> str:
    return f"{share:.0%}" if round(share, 2) == round(share, 6) else f"{share:.2%}"
