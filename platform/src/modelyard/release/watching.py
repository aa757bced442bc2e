"""A canary is watched until there is a verdict: its own, or what can be said when the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from modelyard.release.deployment import Deployment
from modelyard.release.probing import Probe
from modelyard.release.rollout_status import RolloutStatus
from modelyard_bundle import BundleContent, Pointer
from modelyard_bundle.rollout import RolloutLimits

Verdict = Literal["passed", "deployed", "enough", "returned", "gone", "undecided"]
GOOD: tuple[Verdict, ...] = ("passed", "deployed", "enough")
"""passed: the model API found it within its limits. deployed: it answers everything already. enough: the time is over,
and it answered as many requests as are needed without going beyond its limits."""
LOOK_SECONDS = 0.5
"""Between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was seen of one release."""

    model: str
    version: str
    verdict: Verdict
    reason: str
    requests: int | None
    """That the candidate answered; none where the live API does not say."""
    probes: int = 0
    """Of all requests to the model, how many were asked by this watch."""

    @property
    def good(self) -> bool:
        """Whether it may go on."""
        return self.verdict in GOOD

    def to_document(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "good": self.good}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Looks at rollouts until all have passed, one is taken back, or the time is over."""

    deployment: Deployment
    look: Callable[[str], RolloutStatus]
    """How the rollout of a model goes."""
    probe: Probe | None = None
    """Asks meanwhile; none where the service has callers of its own."""
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)

    def watch(self, releases: Sequence[Pointer], *, seconds: float) -> tuple[Watched, ...]:
        """What is to be said of each release. The first one that is not good ends the watch at once.

        Args:
            releases: What was put on trial, or is deployed.
            seconds: How long to wait for verdicts at most.

        Raises:
            InvalidBundleError: The bundle that the probe takes its rows from is missing or damaged.
            ReleaseRefusedError: The live API does not let the probe in.
        """
        until = self.clock() + seconds
        contents = {} if self.probe is None else {one.model: self.deployment.verified(one) for one in releases}
        while True:
            is_over = self.clock() >= until
            seen = [self._seen(release, is_over=is_over) for release in releases]
            waiting = [release for release, one in zip(releases, seen, strict=True) if one.verdict == "undecided"]
            if is_over or not waiting or any(not one.good and one.verdict != "undecided" for one in seen):
                return tuple(seen)
            pause = min(LOOK_SECONDS, max(until - self.clock(), 0.0))
            self._wait([contents[release.model] for release in waiting if release.model in contents], pause)

    def _wait(self, contents: list[BundleContent], seconds: float) -> None:
        if self.probe is None:
            self.sleep(seconds)
        else:
            self.probe.ask(contents, seconds=seconds)

    def _seen(self, release: Pointer, *, is_over: bool) -> Watched:
        there = self.deployment.deployed(release.model)
        if there is not None and there.alone() == release:
            return self._said(release, "deployed", f"version {release.version} answers everything")
        if there is None or there.candidate != release:
            now = "nothing is deployed" if there is None else f"version {there.version} is deployed"
            return self._said(release, "gone", f"version {release.version} is neither tried nor deployed; {now}")
        status = self.look(release.model)
        requests = _requests(status)
        if status.state in ("passed", "returned"):
            verdict: Verdict = "passed" if status.state == "passed" else "returned"
            return self._said(release, verdict, status.reason, requests)
        limits = there.rollout.limits if there.rollout is not None else None
        if is_over and limits is not None:
            return self._at_the_end(release, status, limits)
        return self._said(release, "undecided", status.reason, requests)

    def _at_the_end(self, release: Pointer, status: RolloutStatus, limits: RolloutLimits) -> Watched:
        requests = _requests(status)
        if not status.reachable or requests is None:
            return self._said(release, "undecided", f"the live model API does not say how it does; {status.reason}")
        if requests < limits.least_requests:
            reason = f"it answered {requests:,} requests, at least {limits.least_requests:,} are needed"
            return self._said(release, "undecided", reason, requests)
        if beyond := _beyond(status.result or {}, limits):
            return self._said(release, "undecided", f"no verdict yet, and {beyond}", requests)
        return self._said(release, "enough", f"it answered {requests:,} requests within its limits", requests)

    def _said(self, release: Pointer, verdict: Verdict, reason: str, requests: int | None = None) -> Watched:
        probes = 0 if self.probe is None else self.probe.asked.get(release.model, 0)
        return Watched(
            model=release.model,
            version=release.version,
            verdict=verdict,
            reason=reason,
            requests=requests,
            probes=probes,
        )


def _requests(status: RolloutStatus) -> int | None:
    side = (status.result or {}).get("candidate")
    return int(side["requests"]) if isinstance(side, Mapping) else None


def _beyond(result: Mapping[str, Any], limits: RolloutLimits) -> str:
    """What the candidate has done more often than its limits allow so far; empty if nothing.

    Stricter than the test that takes candidates back: whoever asks at the end wants to go on because of it.
    """
    tried, known = result["candidate"], result["primary"]
    for what, tolerated in (("errors", limits.most_errors), ("slow", limits.most_slow)):
        level = known[what] / known["requests"] if known["requests"] else 0.0
        if tried[what] / tried["requests"] > level + tolerated:
            return (
                f"so far {tried[what]:,} of {tried['requests']:,} requests count as {what}, of the deployed version "
                f"{known[what]:,} of {known['requests']:,}; allowed beyond that is {tolerated:.3g} of all"
            )
    return ""
