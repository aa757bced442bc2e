"""Going back: one release is undone, wherever it stands, and nothing else.

If the release is tried, its rollout is ended. If it is deployed, what was deployed before it is deployed again, and
smoked; if nothing was, the model is withdrawn. If it is neither, nothing happens. So running it again never goes back a
second step, and killed at any instant and run again, it ends as if it had never been killed.

There is no rehearsal: what was deployed before has passed one, and somebody waits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from modelyard.errors import ModelApiUnreachableError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.expectation import Expectation
from modelyard.release.journal import Journal
from modelyard.release.report import SuiteReport
from modelyard.release.trail import Step, Trail
from modelyard_bundle import Pointer

Was = Literal["tried", "deployed", "neither"]
UNCONFIRMED = "unconfirmed"
"""What stands for the time of a deployment that was never confirmed."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class BackReport:
    """What going back did."""

    model: str
    version: str
    """The version of the release that was to be undone."""
    digest: str
    was: Was
    """Where it stood. neither: there was nothing to undo, or it had been undone before."""
    answering: str | None
    """The version that is deployed now; none if nothing is."""
    undone: str | None
    """What tells this undoing from another one of the same version; none if this release was never undone."""
    live: SuiteReport | None
    """The smoke checks on the live API; none where no other version took over."""

    @property
    def changed(self) -> bool:
        """Whether this call undid anything."""
        return self.was != "neither"

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "was": self.was,
            "changed": self.changed,
            "answering": self.answering,
            "live": None if self.live is None else self.live.to_document(),
        }


@dataclass(frozen=True, slots=True)
class GoingBack:
    """Undoes releases at one place."""

    deployment: Deployment

    def back(self, release: Pointer) -> BackReport:
        """Undo one release.

        Raises:
            InvalidBundleError: The bundle that was deployed before is missing or damaged; nothing was changed.
            ReleaseRefusedError: It is not known what was deployed before, and nothing was changed; or that is deployed
                again, and the live API does not serve it well.
            ModelApiUnreachableError: What was deployed before is deployed again, but the live API does not answer.
            ReleaseBusyError: A deployment or rollout of this model is under way.
        """
        with self.deployment.locked(release.model):
            there = self.deployment.deployed(release.model)
            if there is not None and there.alone() == release:
                step = self._step_before(release)
                if step.before is not None:
                    # Before anything is changed: what cannot be served is nothing to go back to.
                    self.deployment.verified(step.before)
                return self._undo(step, was="deployed")
            if there is not None and there.candidate == release and there.rollout is not None:
                step = Step(version=release, before=there.alone(), since=there.rollout.id)
                return self._undo(step, was="tried")
            return self._settle(release, there)

    def _step_before(self, release: Pointer) -> Step:
        """Where it leads from a release that is deployed, confirmed or not."""
        journal, step = self._journal(release), self._trail(release).step_to(release)
        good = journal.good() if journal.is_open() else None
        if journal.is_open() and (good is None or good.alone() != release):
            since = step.since if step is not None and step.undone else UNCONFIRMED
            return Step(version=release, before=None if good is None else good.alone(), since=since)
        if step is None:
            raise ReleaseRefusedError(
                f"version {release.version} of {release.model} is deployed, and it is not known what was before it",
                hint=f"say what is to be served: `modelyard model rollback {release.model}`, then `modelyard release "
                f"deploy {release.model}`; or `release deploy --from` with the release to go back to",
            )
        return step

    def _undo(self, step: Step, *, was: Was) -> BackReport:
        place, release = self.deployment, step.version
        place.begins("remember")
        self._trail(release).note(replace(step, undone=True))
        self._journal(release).open(good=step.before)
        place.begins("replace")
        place.restore(release.model, step.before)
        live = self._verified(release, step.before)
        return self._report(release, was, step.before, undone=step.since, live=live)

    def _settle(self, release: Pointer, there: Pointer | None) -> BackReport:
        """Nothing is to be undone; whoever was killed while undoing it may have left the end of it."""
        step, journal = self._trail(release).step_to(release), self._journal(release)
        now = None if there is None else there.alone()
        if step is None or not step.undone or step.before != now:
            return self._report(release, "neither", there)
        live = None
        if journal.is_open() and journal.good() == there:
            live = self._verified(release, now)
        return self._report(release, "neither", there, undone=step.since, live=live)

    def _verified(self, release: Pointer, before: Pointer | None) -> SuiteReport | None:
        """Wait until the live API does what the pointer says, and close the journal."""
        place = self.deployment
        place.begins("wait")
        try:
            self._followed(release.model, before)
            place.begins("smoke")
            live = None if before is None else place.confirmed(Expectation.of(place.verified(before)))
        except (ReleaseRefusedError, ModelApiUnreachableError) as error:
            now = "nothing is deployed" if before is None else f"version {before.version} is deployed again"
            raise type(error)(
                f"{release.model}: {now}, but {error.message}",
                hint=f"mend that, then run the same command again; `modelyard release status {release.model}`",
            ) from error
        place.begins("confirm")
        self._journal(release).close()
        return live

    def _followed(self, model: str, before: Pointer | None) -> None:
        """Wait for the live API. It may just be starting again: what is undone may have brought it down."""
        place = self.deployment
        until = time.monotonic() + place.seconds
        while True:
            try:
                if before is not None:
                    place.served(before, time.monotonic())
                if not (waits_for := self._lags(model, before)):
                    return
                reason: ReleaseRefusedError | ModelApiUnreachableError = ReleaseRefusedError(waits_for)
            except ModelApiUnreachableError as error:
                reason = error
            if time.monotonic() >= until:
                raise reason
            time.sleep(_POLL_SECONDS)

    def _lags(self, model: str, before: Pointer | None) -> str:
        """What the live API does still that it should not; empty if it does nothing of the kind."""
        document = self.deployment.api.get(f"/v2/models/{model}").json()
        if not isinstance(document, dict) or "versions" not in document:
            return ""
        if before is None:
            return "the live model API serves it still"
        # A version that is let go of is named until the requests that it answers have ended.
        alone = document["versions"] == [before.version] and not (document.get("parameters") or {}).get("rollout")
        return "" if alone else "the live model API serves another version beside it still"

    def _report(
        self,
        release: Pointer,
        was: Was,
        answering: Pointer | None,
        *,
        undone: str | None = None,
        live: SuiteReport | None = None,
    ) -> BackReport:
        return BackReport(
            model=release.model,
            version=release.version,
            digest=release.digest,
            was=was,
            answering=None if answering is None else answering.version,
            undone=undone,
            live=live,
        )

    def _journal(self, release: Pointer) -> Journal:
        return Journal(self.deployment.deployments, release.model)

    def _trail(self, release: Pointer) -> Trail:
        return Trail(self.deployment.deployments, release.model)
