"""Deployment: a bundle takes the traffic only after it has passed the suite, and keeps it only if the live API agrees.

Verify → rehearse → replace the pointer → wait for the live API → smoke. A failure after the pointer was replaced puts
the last confirmed one back. Killed at any point and run again, it ends as if it had never been killed.

A deployment ends the rollout of another version. Deploying the candidate is how a rollout succeeds; deploying the
version that is deployed leaves its rollout alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from modelyard.errors import InvalidBundleError, ModelApiUnreachableError, ReleaseBusyError, ReleaseRefusedError
from modelyard.release.calling import Answer, ModelApi
from modelyard.release.credential import CREDENTIAL_VARIABLE, Credential
from modelyard.release.expectation import Expectation
from modelyard.release.journal import Journal
from modelyard.release.rehearsal import rehearse
from modelyard.release.report import SuiteReport
from modelyard.release.suite import LATENCY_BUDGET_MS, LOAD_SECONDS, run_smoke, run_suite
from modelyard.release.trail import Step, Trail
from modelyard_bundle import (
    BundleContent,
    BundleError,
    Pointer,
    bundle_folder,
    read_bundle,
    read_pointer,
    remove_pointer,
    replace_pointer,
)

Rehearse = Callable[..., AbstractContextManager[str]]
Stage = Literal["verify", "rehearse", "remember", "replace", "wait", "smoke", "confirm"]
"""What a deployment does, in this order."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentReport:
    """What a deployment did."""

    model: str
    version: str
    digest: str
    previous: str | None
    """The version that was deployed before; none if there was none."""
    changed: bool
    """Whether the pointer was replaced; no if this version was deployed and confirmed already."""
    rehearsal: SuiteReport | None
    """The suite on the rehearsal; none where nothing was changed."""
    live: SuiteReport
    """The smoke checks on the live API."""
    seconds: float
    """From the replaced pointer to the first answer by the new version."""
    ended: str | None = None
    """The rollout that this deployment has ended, if there was one."""

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "previous": self.previous,
            "changed": self.changed,
            "rehearsal": None if self.rehearsal is None else self.rehearsal.to_document(),
            "live": self.live.to_document(),
            "seconds": round(self.seconds, 3),
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where bundles are deployed to, and how strict that is."""

    bundles: Path
    """The root of all bundles."""
    deployments: Path
    """The folder of deployment pointers."""
    live: str
    """Address of the live model API."""
    budget_ms: float = LATENCY_BUDGET_MS
    """What 95 of 100 single-row predictions must not exceed in rehearsal."""
    load_seconds: float = LOAD_SECONDS
    """How long several clients ask at once in rehearsal."""
    credential: Credential | None = None
    """What lets this deployment in at the live API; none where everybody may ask."""
    sampled: Callable[[Expectation], Expectation] = field(default=lambda expected: expected)
    """Adds rows that the registered model has predicted; asked only when there is a rehearsal."""
    seconds: float = 60.0
    """How long the live API may take to serve the new version."""
    lock_seconds: float = 5.0
    """How long to wait for another deployment of the same model."""
    rehearse: Rehearse = field(default=rehearse)
    now: Callable[[], str] = field(default=lambda: datetime.now(UTC).isoformat(timespec="microseconds"))
    """The time, ISO 8601 in UTC."""
    begins: Callable[[Stage], None] = field(default=lambda _: None)
    """Told of every stage before it begins, for whoever shows progress."""

    @property
    def api(self) -> ModelApi:
        """The live model API."""
        return ModelApi(self.live, credential=self.credential)

    def deploy(self, pointer: Pointer) -> DeploymentReport:
        """Deploy the bundle that `pointer` names.

        Raises:
            InvalidBundleError: There is no such bundle, or it is damaged.
            ReleaseRefusedError: It failed the suite in rehearsal, or the live API does not serve it. The version that
                was confirmed before is deployed.
            ModelApiUnreachableError: The live API does not answer, so nothing was begun.
            ReleaseBusyError: Another deployment of this model is under way.
        """
        self.begins("verify")
        content = self.verified(pointer)
        self.answering(pointer.model)
        with self.locked(pointer.model):
            return self._deploy(pointer, Expectation.of(content))

    def withdraw(self, model: str) -> bool:
        """Take a model out of service; whether it was in service.

        Raises:
            ReleaseBusyError: A deployment of this model is under way.
        """
        with self.locked(model):
            there = self.deployed(model) is not None
            remove_pointer(self.deployments, model)
            Journal(self.deployments, model).close()
            return there

    def verified(self, pointer: Pointer) -> BundleContent:
        """The content of the bundle that `pointer` names.

        Raises:
            InvalidBundleError: There is no such bundle, or it is damaged, or of another version.
        """
        try:
            content = read_bundle(bundle_folder(self.bundles, pointer.bundle))
        except BundleError as error:
            raise InvalidBundleError(
                f"the bundle of {pointer.model} {pointer.version} is not in order: {error}",
                hint=f"`modelyard release build {pointer.model}` builds it anew from the registry",
            ) from error
        manifest = content.manifest
        if (manifest.model, manifest.version, manifest.digest) != (pointer.model, pointer.version, pointer.digest):
            raise InvalidBundleError(
                f"the bundle at {pointer.bundle} is of {manifest.model} {manifest.version} ({manifest.digest[:12]}…)",
                hint=f"`modelyard release build {pointer.model}` builds it anew from the registry",
            )
        return content

    def answering(self, model: str) -> None:
        """Go on only if the live API answers, and lets this deployment in.

        Raises:
            ModelApiUnreachableError: It does not answer.
            ReleaseRefusedError: It does not let this deployment in.
        """
        if not self.api.answers():
            raise ModelApiUnreachableError(
                f"the model API at {self.live} does not answer, so {model} is left as it is",
                hint="`modelyard infra up local` starts it",
            )
        answer = self.api.get("/v2")
        if answer.status in (401, 403):
            why = "" if answer.fault is None else f": {answer.fault.message}"
            raise ReleaseRefusedError(
                f"the model API at {self.live} does not let this deployment in{why}; {model} is left as it is",
                hint=f"put a key with the roles predict and read, or a token, into {CREDENTIAL_VARIABLE}",
            )

    @contextmanager
    def locked(self, model: str) -> Iterator[None]:
        """Keep every other deployment and rollout of this model out.

        Raises:
            ReleaseBusyError: One is under way.
        """
        self.deployments.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.deployments / f".{model}.lock", timeout=self.lock_seconds):
                yield
        except Timeout as error:
            raise ReleaseBusyError(
                f"another deployment or rollout of {model} is under way",
                hint="run the same command again when it has ended",
            ) from error

    def _deploy(self, pointer: Pointer, expected: Expectation) -> DeploymentReport:
        journal = Journal(self.deployments, pointer.model)
        deployed = self.deployed(pointer.model)
        if deployed is not None and deployed.alone() == pointer and not journal.is_open():
            return self._confirmed_already(deployed, expected)
        self.begins("rehearse")
        rehearsal = self.rehearsed(pointer, expected)
        good = journal.good() if journal.is_open() else deployed
        self.begins("remember")
        journal.open(good=good)
        self.begins("replace")
        started = time.monotonic()
        replace_pointer(self.deployments, pointer)
        try:
            self.begins("wait")
            seconds = self.served(pointer, started)
            self.begins("smoke")
            live = self.confirmed(expected)
        except (ReleaseRefusedError, ModelApiUnreachableError) as error:
            self.restore(pointer.model, good)
            journal.close()
            raise self._refused(pointer, good, reason=error.message) from error
        self.begins("confirm")
        self._leave_trail(pointer, good)
        journal.close()
        return DeploymentReport(
            model=pointer.model,
            version=pointer.version,
            digest=pointer.digest,
            previous=None if good is None else good.version,
            changed=True,
            rehearsal=rehearsal,
            live=live,
            seconds=seconds,
            ended=None if good is None or good.rollout is None else good.rollout.title,
        )

    def _leave_trail(self, pointer: Pointer, good: Pointer | None) -> None:
        """Written before the journal is closed: until then the journal knows where going back leads."""
        before = None if good is None else good.alone()
        if before != pointer:
            Trail(self.deployments, pointer.model).note(Step(version=pointer, before=before, since=self.now()))

    def deployed(self, model: str) -> Pointer | None:
        """The pointer that lies there, confirmed or not."""
        try:
            return read_pointer(self.deployments, model)
        except BundleError:
            # A pointer that cannot be read serves nothing and is no version to go back to.
            return None

    def _confirmed_already(self, pointer: Pointer, expected: Expectation) -> DeploymentReport:
        seconds = self.served(pointer, time.monotonic())
        return DeploymentReport(
            model=pointer.model,
            version=pointer.version,
            digest=pointer.digest,
            previous=pointer.version,
            changed=False,
            rehearsal=None,
            # While another version is tried, it may answer what names no version.
            live=self.confirmed(expected, beside=pointer.rollout is not None),
            seconds=seconds,
        )

    def rehearsed(self, pointer: Pointer, expected: Expectation) -> SuiteReport:
        """The whole suite against a process that serves nothing but this bundle.

        Raises:
            ReleaseRefusedError: A check did not hold.
        """
        wanted = self.sampled(expected)
        with self.rehearse(pointer, bundles=self.bundles) as address:
            report = run_suite(address, wanted, budget_ms=self.budget_ms, load_seconds=self.load_seconds)
        if not report.passed:
            raise ReleaseRefusedError(
                f"{report.sentence()}; nothing was deployed",
                hint=f"`modelyard release test {pointer.model} --format json` shows every check",
            )
        return report

    def served(self, pointer: Pointer, started: float) -> float:
        """Seconds from `started` until the live API serves what `pointer` names.

        Raises:
            ReleaseRefusedError: It refuses to, or does not within `seconds`.
            ModelApiUnreachableError: It does not answer.
        """
        api, until = self.api, time.monotonic() + self.seconds
        reason = "it does not answer"
        while time.monotonic() < until:
            answer = api.get(f"/v2/models/{pointer.model}")
            found = (answer.headers.get("x-model-version"), answer.headers.get("x-model-digest"))
            if answer.status == 200 and found == (pointer.version, pointer.digest):  # noqa: PLR2004 - OK
                return time.monotonic() - started
            reason, final = _reason(answer, pointer)
            if final:
                break
            time.sleep(_POLL_SECONDS)
        raise ReleaseRefusedError(
            f"the live model API does not serve {pointer.model} {pointer.version}: {reason}",
            hint=f"`modelyard release status {pointer.model}` shows what is deployed and served",
        )

    def confirmed(self, expected: Expectation, *, beside: bool = False) -> SuiteReport:
        """The smoke checks on the live API.

        Raises:
            ReleaseRefusedError: A check did not hold.
        """
        report = run_smoke(self.live, expected, credential=self.credential, beside=beside)
        if not report.passed:
            raise ReleaseRefusedError(
                f"on the live model API, {report.sentence()}", hint="`modelyard serve smoke` shows every check"
            )
        return report

    def restore(self, model: str, good: Pointer | None) -> None:
        """Put the pointer back that was confirmed last; none at all where there was none."""
        if good is None:
            remove_pointer(self.deployments, model)
        else:
            replace_pointer(self.deployments, good)

    def _refused(self, pointer: Pointer, good: Pointer | None, *, reason: str) -> ReleaseRefusedError:
        back = "nothing is deployed, as before" if good is None else f"version {good.version} is deployed again"
        return ReleaseRefusedError(
            f"{reason}; {back}", hint=f"`modelyard release status {pointer.model}` shows what is deployed and served"
        )


def _reason(answer: Answer, pointer: Pointer) -> tuple[str, bool]:
    """Why another version answers, and whether waiting is in vain."""
    document: dict[str, Any] = answer.json() or {}
    refused = document.get("parameters", {}).get("refused") or {}
    if refused.get("digest") == pointer.digest:
        return f"it was refused: {refused.get('reason')}", True
    if answer.fault is not None and answer.fault.code == "model_not_ready":
        # It may still speak of the bundle before; only one that names this digest is the last word.
        return answer.fault.message, pointer.digest[:12] in answer.fault.message
    versions = ", ".join(document.get("versions", [])) or "none"
    return f"served is version {versions}", False
