"""Rollouts for tests: trials, deployments whose model API need not predict, and ends at any stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from modelyard.errors import ReleaseRefusedError
from modelyard.release.deployment import Deployment, Stage
from modelyard.release.expectation import Expectation
from modelyard.release.journal import Journal
from modelyard.release.report import Check, SuiteReport
from modelyard.release.rollout_status import RolloutStatus, read_rollout
from modelyard.release.rollouts import Rollouts, Trial
from modelyard_bundle import Pointer, read_pointer
from modelyard_bundle.rollout import Key, RolloutLimits

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
CANARY = Trial(mode="canary", percent=10, limits=LIMITS)
SHADOW = Trial(mode="shadow", percent=100, tolerance=0.01)
AB = Trial(mode="ab", percent=50, limits=LIMITS, key=Key(source="header", name="x-caller"))
STAGES: list[Stage] = ["verify", "rehearse", "remember", "replace", "wait", "confirm"]
"""Of a rollout, in order."""
NOW = "2013-06-01T00:00:00+00:00"


class Killed(BaseException):
    """What a test ends a rollout with: like a kill, nothing that runs on an error runs."""


class Rehearsed(Deployment):
    """Everything but the rehearsal and the smoke, which need a model API that predicts."""

    def rehearsed(self, pointer: Pointer, expected: Expectation) -> SuiteReport:
        """Every version passes but the one called bad."""
        del expected
        if pointer.version == "bad":
            raise ReleaseRefusedError("1 of 16 checks failed")
        return _report(pointer)

    def confirmed(self, expected: Expectation, *, beside: bool = False) -> SuiteReport:
        """It passes, and the name of its check says whether two versions may answer."""
        checks = (Check("two may answer" if beside else "one may answer", passed=True),)
        return SuiteReport(url="", model="tiny", version=expected.version, digest=expected.digest, checks=checks)


class Unrehearsed(Rehearsed):
    """The weakened gate: whatever the suite would have found, it passed."""

    def rehearsed(self, pointer: Pointer, expected: Expectation) -> SuiteReport:
        """Every version passes."""
        del expected
        return _report(pointer)


def _report(pointer: Pointer) -> SuiteReport:
    checks = (Check("anything", passed=True),)
    return SuiteReport(url="", model="tiny", version=pointer.version, digest=pointer.digest, checks=checks)


def later(rollouts: Rollouts, **changes: Any) -> Rollouts:  # noqa: ANN401 - any field of the rollouts
    """The same an hour later."""
    return replace(rollouts, now=lambda: "2013-06-01T01:00:00+00:00", **changes)


def dying(rollouts: Rollouts, fatal: str) -> Rollouts:
    """The same, killed when that stage begins."""

    def begins(stage: str) -> None:
        if stage == fatal:
            raise Killed(stage)

    return replace(rollouts, deployment=replace(rollouts.deployment, begins=begins))


def pointer_of(rollouts: Rollouts) -> Pointer | None:
    """The pointer of the tiny model."""
    return read_pointer(rollouts.deployment.deployments, "tiny")


def journal_of(rollouts: Rollouts) -> Journal:
    """The journal of the tiny model."""
    return Journal(rollouts.deployment.deployments, "tiny")


def progress(rollouts: Rollouts) -> RolloutStatus:
    """How the rollout of the tiny model goes."""
    return read_rollout("tiny", deployments=rollouts.deployment.deployments, live=rollouts.deployment.live)
