"""When a candidate is taken back, and when it has passed: a sequential test with stated risks.

Two streams of yes and no are watched: did the request fail, and was the answer slow. For each, with p the candidate's
share, a the deployed version's share *at the same time*, and t what the limits tolerate beyond it:

    within its limits    p <= a + t
    too bad              p >= a + 3t

Wald's sequential probability ratio test (A. Wald, Sequential Tests of Statistical Hypotheses, Annals of Mathematical
Statistics 16, 1945) decides between the two with

    evidence = bad * log((a + 3t) / (a + t)) + good * log((1 - a - 3t) / (1 - a - t))

which falls as a rises. The share a is not known; it is estimated from the requests that the deployed version answers
beside the candidate. So a is taken from a confidence sequence, that is, bounds that hold at every moment at once
(mixture of likelihoods over Jeffreys' prior: Darling and Robbins 1967, Robbins 1970; Howard et al. 2021):

    return  when the evidence at the UPPER bound of a reaches log(1 / risk)
    pass    when the evidence at the LOWER bound of a falls to log(risk)

Whatever a really is, a candidate within its limits is then returned with a probability of alpha at most, however often
one looks (Ville's inequality): a quarter of alpha each for the two tests and for the two bounds. A candidate that is
too bad in one stream passes that stream with beta at most, half for the test and half for the bound. An outage that
hits both versions moves a with p, and nobody is blamed.

Truncation: between the two hypotheses a test may take long. It ends, as passed and saying so, after `TRUNCATION` times
the requests that a test of fixed size with the same risks would take (Wald, the same paper).

Turns: a candidate that has passed is watched on, from zero, since good requests must not be savings that a later
fault uses up (Page, Continuous Inspection Schemes, Biometrika 41, 1954). Turn k has alpha / (k (k + 1)), and all turns
together alpha.

In an A/B test failures come by callers rather than by requests, so there alpha is an approximation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Literal

from modelyard_bundle.rollout import RolloutLimits
from modelyard_serving.rollouts.bounds import lower_bound, upper_bound

Decision = Literal["go_on", "return", "pass"]
TOO_BAD = 3.0
"""What a test finds is so many times what the limits tolerate."""
TRUNCATION = 10.0
_STREAMS = 2
_PARTS = 2
"""A risk is spent in halves: one for the test, one for the bound that the test stands on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one version has answered, 5xx and no others being errors: a client's bad request is nobody's fault."""

    requests: int = 0
    errors: int = 0
    slow: int = 0
    """Answers that took longer than the limit."""

    def since(self, earlier: Counts) -> Counts:
        """What came after `earlier`."""
        return Counts(self.requests - earlier.requests, self.errors - earlier.errors, self.slow - earlier.slow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from the counts."""

    decision: Decision
    reason: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """One kind of bad answer: of the deployed version and of the candidate."""

    verb: str
    tolerated: float
    known_bad: int
    known: int
    bad: int
    tried: int

    @property
    def share(self) -> float:
        """The deployed version's share as it was counted; 0 before it answered anything."""
        return self.known_bad / self.known if self.known else 0.0

    def evidence(self, level: float) -> float:
        """That the candidate is too bad rather than within its limits, if `level` is the deployed version's share."""
        within, too_bad = level + self.tolerated, level + TOO_BAD * self.tolerated
        if too_bad >= 1:
            # A version that fails nearly everything leaves no room for a candidate to be worse.
            return 0.0
        good = self.tried - self.bad
        return self.bad * math.log(too_bad / within) + good * math.log((1 - too_bad) / (1 - within))

    def is_too_bad(self, risk: float) -> bool:
        """Whether it is, with a chance of `risk` at most to say so of a candidate within its limits."""
        needed = math.log(_PARTS / risk)
        # At the upper bound there is less evidence than at the counted share, so most looks end here.
        if self.evidence(self.share) < needed:
            return False
        return self.evidence(upper_bound(self.known_bad, self.known, risk=risk / _PARTS)) >= needed

    def is_within(self, risk: float) -> bool:
        """Whether it is, with a chance of `risk` at most to say so of a candidate that is too bad."""
        needed = math.log(risk / _PARTS)
        if self.evidence(self.share) > needed:
            return False
        return self.evidence(lower_bound(self.known_bad, self.known, risk=risk / _PARTS)) <= needed

    def is_truncated(self, alpha: float, beta: float) -> bool:
        """Whether a test of fixed size would have ended long ago."""
        within = self.share + self.tolerated
        too_bad = min(self.share + TOO_BAD * self.tolerated, 1.0)
        normal = NormalDist()
        spread = normal.inv_cdf(1 - alpha) * math.sqrt(within * (1 - within)) if within < 1 else 0.0
        spread += normal.inv_cdf(1 - beta) * math.sqrt(too_bad * (1 - too_bad))
        size = (spread / (too_bad - within)) ** 2 if too_bad > within else math.inf
        # Two samples know as much about their difference as one of this size about itself.
        seen = self.tried * self.known / (self.tried + self.known)
        return seen >= TRUNCATION * size

    def sentence(self) -> str:
        """Both shares, and what is tolerated."""
        return (
            f"the candidate {self.verb} {self.bad:,} of {self.tried:,} requests ({_percent(self.bad, self.tried)}), "
            f"the deployed version {self.known_bad:,} of {self.known:,} ({_percent(self.known_bad, self.known)}) "
            f"at the same time; allowed beyond that is {self.tolerated:.3g} of all"
        )


def judge(primary: Counts, candidate: Counts, limits: RolloutLimits, *, turn: int = 1) -> Verdict:
    """Whether the candidate stays, is taken back, or has passed.

    Args:
        primary: What the deployed version answered since the turn began.
        candidate: What the candidate answered since the turn began.
        limits: What is tolerated, and how sure to be.
        turn: 1, and one more each time it has passed.
    """
    figures = _figures(primary, candidate, turn)
    if candidate.requests < limits.least_requests or not candidate.requests:
        wanted = f"{candidate.requests:,} of at least {limits.least_requests:,} requests answered by the candidate"
        return Verdict(decision="go_on", reason=f"too early to say: {wanted}", figures=figures)
    alpha = limits.alpha / (turn * (turn + 1))
    streams = _streams(primary, candidate, limits)
    for stream in streams:
        if stream.is_too_bad(alpha / _STREAMS):
            return Verdict(decision="return", reason=stream.sentence(), figures=figures)
    open_ones = [stream for stream in streams if not stream.is_within(limits.beta)]
    if not open_ones:
        reason = "within its limits: " + "; ".join(stream.sentence() for stream in streams)
        return Verdict(decision="pass", reason=reason, figures=figures)
    if all(stream.is_truncated(alpha / _STREAMS, limits.beta) for stream in open_ones):
        reason = "not shown to be worse after many requests: " + "; ".join(one.sentence() for one in open_ones)
        return Verdict(decision="pass", reason=reason, figures=figures)
    return Verdict(decision="go_on", reason="; ".join(stream.sentence() for stream in streams), figures=figures)


@dataclass(frozen=True, slots=True)
class Watch:
    """The test over the life of a rollout: one turn after the other."""

    limits: RolloutLimits
    turn: int = 1
    primary: Counts = field(default_factory=Counts)
    """What the deployed version had answered when this turn began."""
    candidate: Counts = field(default_factory=Counts)

    def look(self, primary: Counts, candidate: Counts) -> tuple[Watch, Verdict]:
        """The verdict on the counts since the rollout began, and the watch to go on with."""
        verdict = judge(primary.since(self.primary), candidate.since(self.candidate), self.limits, turn=self.turn)
        if verdict.decision == "pass":
            return replace(self, turn=self.turn + 1, primary=primary, candidate=candidate), verdict
        return self, verdict


def _streams(primary: Counts, candidate: Counts, limits: RolloutLimits) -> tuple[_Stream, ...]:
    return (
        _Stream(
            verb="failed",
            tolerated=limits.most_errors,
            known_bad=primary.errors,
            known=primary.requests,
            bad=candidate.errors,
            tried=candidate.requests,
        ),
        _Stream(
            verb=f"took more than {limits.latency_ms:g} ms for",
            tolerated=limits.most_slow,
            known_bad=primary.slow,
            known=primary.requests,
            bad=candidate.slow,
            tried=candidate.requests,
        ),
    )


def _figures(primary: Counts, candidate: Counts, turn: int) -> dict[str, float]:
    return {
        "turn": turn,
        "primary_requests": primary.requests,
        "primary_errors": primary.errors,
        "primary_slow": primary.slow,
        "candidate_requests": candidate.requests,
        "candidate_errors": candidate.errors,
        "candidate_slow": candidate.slow,
    }


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "of none"
