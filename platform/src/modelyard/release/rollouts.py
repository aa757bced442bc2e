"""Rollouts: a candidate is tried beside the deployed version, and takes its share only after it passed the suite.

Verify → rehearse → remember → replace the pointer → wait until the live API has taken the rollout up → confirm. A
failure puts the last confirmed pointer back. Killed at any point and run again, it ends as if it had never been killed.

A rollout ends in one of two ways: the candidate is deployed (`Deployment.deploy`, with rehearsal and smoke), or the
rollout is aborted. The model API takes a canary back by itself; its verdict lies in its own file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from modelyard.errors import ModelApiUnreachableError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.expectation import Expectation
from modelyard.release.journal import Journal
from modelyard.release.report import SuiteReport
from modelyard.release.rollout_status import state_of
from modelyard_bundle import BundleContent, BundleError, Pointer, replace_pointer
from modelyard_bundle.rollout import Candidate, Key, Mode, Rollout, RolloutLimits, salt_of

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a candidate is to be tried."""

    mode: Mode
    percent: float
    key: Key | None = None
    limits: RolloutLimits | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """What beginning a rollout did."""

    model: str
    beside: str
    """The version that is deployed."""
    rollout: Rollout
    changed: bool
    """Whether the pointer was replaced; no if this very rollout was under way."""
    rehearsal: SuiteReport | None
    """The suite on the rehearsal of the candidate; none where nothing was changed."""
    seconds: float
    """From the replaced pointer until the live API had taken it up."""

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "model": self.model,
            "beside": self.beside,
            "id": self.rollout.id,
            "rollout": self.rollout.to_document(),
            "changed": self.changed,
            "rehearsal": None if self.rehearsal is None else self.rehearsal.to_document(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortReport:
    """What aborting a rollout did."""

    model: str
    version: str | None
    """The version that answers everything; none if nothing is deployed."""
    ended: str | None
    """The rollout that was ended; none if there was none."""
    seen: bool
    """Whether the live API has let go of the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """Where candidates are tried."""

    deployment: Deployment
    """Where bundles and pointers lie, and how strict the rehearsal is."""
    now: Callable[[], str] = field(default=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """The time, ISO 8601 in UTC."""

    def begin(self, candidate: Pointer, trial: Trial) -> RolloutReport:
        """Try a version beside the deployed one, or go on with that if it is what happens already.

        Raises:
            InvalidBundleError: The candidate's bundle is missing or damaged.
            ReleaseRefusedError: It cannot be tried, failed the suite, or the live API does not take it up. What was
                confirmed before is as it was.
            ModelApiUnreachableError: The live API does not answer, so nothing was begun.
            ReleaseBusyError: Another deployment or rollout of this model is under way.
        """
        place = self.deployment
        place.begins("verify")
        content = place.verified(candidate)
        place.answering(candidate.model)
        with place.locked(candidate.model):
            return self._begin(candidate, content, trial)

    def abort(self, model: str) -> AbortReport:
        """Let the deployed version answer everything again. Works without a live API, and where nothing is tried.

        Raises:
            ReleaseBusyError: A deployment or rollout of this model is under way.
        """
        with self.deployment.locked(model):
            deployed, journal = self.deployment.deployed(model), Journal(self.deployment.deployments, model)
            journal.settle(deployed)
            if deployed is None or deployed.rollout is None:
                version = None if deployed is None else deployed.version
                return AbortReport(model=model, version=version, ended=None, seen=True)
            # It is open only if this rollout was begun and not confirmed: a deployment leaves no rollout behind.
            # Closed first: whoever is killed in between leaves a rollout that can be aborted again.
            journal.close()
            self.deployment.begins("replace")
            replace_pointer(self.deployment.deployments, deployed.alone())
            self.deployment.begins("wait")
            seen = self._let_go(model)
        return AbortReport(model=model, version=deployed.version, ended=deployed.rollout.title, seen=seen)

    def candidate_of(self, model: str) -> Pointer | None:
        """The candidate that is tried, or that was being deployed when somebody was interrupted; none if neither."""
        deployed, journal = self.deployment.deployed(model), Journal(self.deployment.deployments, model)
        if deployed is not None and deployed.candidate is not None:
            return deployed.candidate
        good = journal.good() if journal.is_open() else None
        return good.candidate if good is not None and good.candidate == deployed else None

    def _begin(self, candidate: Pointer, content: BundleContent, trial: Trial) -> RolloutReport:
        journal = Journal(self.deployment.deployments, candidate.model)
        deployed, expected = self._base(candidate, journal), Expectation.of(content)
        good = journal.good() if journal.is_open() else deployed
        self._check(candidate, trial, deployed, expected)
        rollout = self._rollout(candidate, trial, deployed)
        wanted = replace(deployed, rollout=rollout)
        if wanted == deployed and not journal.is_open():
            seconds = self._taken_up(wanted, rollout, time.monotonic())
            return _report(wanted, rollout, seconds=seconds)
        self.deployment.begins("rehearse")
        rehearsal = self.deployment.rehearsed(candidate, expected)
        self.deployment.begins("remember")
        journal.open(good=good)
        self.deployment.begins("replace")
        started = time.monotonic()
        replace_pointer(self.deployment.deployments, wanted)
        try:
            self.deployment.begins("wait")
            seconds = self._taken_up(wanted, rollout, started)
        except (ReleaseRefusedError, ModelApiUnreachableError) as error:
            self.deployment.restore(candidate.model, good)
            journal.close()
            raise ReleaseRefusedError(
                f"{error.message}; version {deployed.version} answers as before",
                hint=f"`modelyard release rollout {candidate.model}` shows what is tried",
            ) from error
        self.deployment.begins("confirm")
        journal.close()
        return _report(wanted, rollout, seconds=seconds, rehearsal=rehearsal)

    def _base(self, candidate: Pointer, journal: Journal) -> Pointer:
        """What is deployed, with the rollout that is under way."""
        deployed, model = self.deployment.deployed(candidate.model), candidate.model
        if deployed is None:
            raise ReleaseRefusedError(
                f"nothing of {model} is deployed, so there is nothing to try version {candidate.version} beside",
                hint=f"modelyard release deploy {model}",
            )
        journal.settle(deployed)
        if journal.is_open() and deployed.rollout is None:
            raise ReleaseRefusedError(
                f"the deployment of {model} {deployed.version} was interrupted before it was confirmed",
                hint=f"`modelyard release deploy {model}` brings it to its end",
            )
        return deployed

    def _check(self, candidate: Pointer, trial: Trial, deployed: Pointer, expected: Expectation) -> None:
        if candidate.version == deployed.version:
            raise ReleaseRefusedError(
                f"version {candidate.version} of {candidate.model} is deployed already, so there is nothing to try",
                hint=f"name another version, or stage one: modelyard model stage {candidate.model}",
            )
        self._check_under_way(candidate, deployed)
        names = expected.signature.names
        if trial.key is not None and trial.key.source == "feature" and trial.key.name not in names:
            raise ReleaseRefusedError(
                f"{candidate.model} has no feature {trial.key.name!r} to assign callers by; it has {', '.join(names)}",
                hint="name one of these, or a request header",
            )
        self._check_alike(self.deployment.verified(deployed.alone()), expected)

    def _check_under_way(self, candidate: Pointer, deployed: Pointer) -> None:
        if deployed.rollout is None:
            return
        state = state_of(self.deployment.deployments, candidate.model, deployed.rollout)
        returned = state is not None and state.state == "returned"
        hint = f"modelyard release abort {candidate.model}"
        if deployed.candidate != candidate and not returned:
            raise ReleaseRefusedError(f"the {deployed.rollout.title} is under way", hint=f"end it first: {hint}")
        if deployed.candidate == candidate and state is not None and returned:
            raise ReleaseRefusedError(
                f"version {candidate.version} of {candidate.model} was taken back: {state.reason}",
                hint=f"to try it once more, end this rollout first: {hint}",
            )

    def _check_alike(self, beside: BundleContent, expected: Expectation) -> None:
        ours, theirs = (
            {feature.name: feature.kind for feature in signature.features}
            for signature in (expected.signature, beside.signature)
        )
        if ours != theirs or expected.signature.task != beside.signature.task:
            apart = sorted({name for name, _ in set(ours.items()) ^ set(theirs.items())}) or ["the task"]
            raise ReleaseRefusedError(
                f"versions {expected.version} and {beside.manifest.version} of {expected.model} do not take the same "
                f"requests: they differ in {', '.join(apart)}",
                hint=f"neither can stand in for the other; promote it, then: modelyard release deploy {expected.model}",
            )

    def _rollout(self, candidate: Pointer, trial: Trial, deployed: Pointer) -> Rollout:
        """The rollout as it is written down; the one that is under way where that is what is wanted."""
        before = deployed.rollout
        try:
            wanted = Rollout(
                mode=trial.mode,
                candidate=Candidate(version=candidate.version, digest=candidate.digest, bundle=candidate.bundle),
                percent=trial.percent,
                # The same two versions, the same assignments: with a larger share, nobody goes back to the old one.
                salt=salt_of({"model": candidate.model, "candidate": candidate.digest, "beside": deployed.digest}),
                started_at=self.now() if before is None else before.started_at,
                key=trial.key,
                limits=trial.limits,
                tolerance=trial.tolerance,
            )
        except BundleError as error:
            raise ReleaseRefusedError(f"there is no such rollout: {error}", hint="nothing was changed") from error
        return wanted if wanted == before else replace(wanted, started_at=self.now())

    def _taken_up(self, pointer: Pointer, rollout: Rollout, started: float) -> float:
        """Seconds from `started` until the live API tries the candidate."""
        api, until = self.deployment.api, time.monotonic() + self.deployment.seconds
        reason = "it has not taken it up"
        while time.monotonic() < until:
            document = api.get(f"/v2/models/{pointer.model}").json() or {}
            found = document.get("parameters", {}).get("rollout") or {}
            if found.get("id") == rollout.id:
                if found.get("state") != "returned":
                    return time.monotonic() - started
                reason = str(found.get("reason"))
                break
            time.sleep(_POLL_SECONDS)
        raise ReleaseRefusedError(
            f"the live model API does not try version {rollout.candidate.version} of {pointer.model}: {reason}",
            hint=f"`modelyard release rollout {pointer.model}` shows what is tried",
        )

    def _let_go(self, model: str) -> bool:
        api, until = self.deployment.api, time.monotonic() + self.deployment.seconds
        while time.monotonic() < until:
            try:
                document = api.get(f"/v2/models/{model}").json() or {}
            except ModelApiUnreachableError:
                return False
            if not document.get("parameters", {}).get("rollout"):
                return True
            time.sleep(_POLL_SECONDS)
        return False


def _report(
    pointer: Pointer, rollout: Rollout, *, seconds: float, rehearsal: SuiteReport | None = None
) -> RolloutReport:
    return RolloutReport(
        model=pointer.model,
        beside=pointer.version,
        rollout=rollout,
        changed=rehearsal is not None,
        rehearsal=rehearsal,
        seconds=seconds,
    )
