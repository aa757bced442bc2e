"""The rollouts of one host: each candidate is loaded, watched, and taken back when it does worse than it may."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from modelyard_bundle import BundleError, Pointer
from modelyard_bundle.rollout_state import RolloutState, write_rollout_state
from modelyard_serving.answering.catalog import Beside, Catalog
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.records import Log
from modelyard_serving.rollouts.outcome import read_counts
from modelyard_serving.rollouts.stopping import Watch
from modelyard_serving.rollouts.verdicts import after, resume, take_back, watch_of, weight_of

Load = Callable[[Pointer], ServedModel]
Numbers = Callable[[Beside], list[float] | None]
"""The counts of a rollout over all workers."""
Weigh = Callable[[Beside, float], None]
"""Gives a candidate another share, at once."""


class Tryouts:
    """Opens, watches and ends rollouts.

    Args:
        deployments: Where the state of each rollout is kept.
        catalog: What is served and tried.
        log: Where it writes what happened.
    """

    def __init__(self, deployments: Path, *, catalog: Catalog, log: Log) -> None:
        self._deployments = deployments
        self._catalog = catalog
        self._log = log
        self.states: dict[str, RolloutState] = {}
        """How each rollout stands, by its id."""
        self._watches: dict[str, Watch | None] = {}

    def open(self, pointer: Pointer, production: ServedModel, load: Load) -> Beside | None:
        """What a pointer says is to be tried; none where nothing is, or where it was taken back."""
        rollout, candidate = pointer.rollout, pointer.candidate
        if rollout is None or candidate is None:
            return None
        try:
            state = resume(self._deployments, pointer.model, rollout, now=_now())
        except OSError as error:
            # Where nothing can be remembered, a candidate that was taken back would come again.
            reason = f"its state cannot be written: {error.strerror}"
            self._log.event("rollout_refused", model=pointer.model, version=candidate.version, reason=reason)
            return None
        self.states[rollout.id] = state
        if state.state == "returned":
            return None
        try:
            model = self._in_memory(candidate) or load(candidate)
            _check_alike(production, model)
        except BundleError as error:
            self._decide(pointer.model, take_back(state, reason=f"it cannot be served: {error}", now=_now()))
            return None
        self._watches[rollout.id] = watch_of(rollout, state)
        return Beside(candidate=model, rollout=rollout)

    def look(self, numbers: Numbers, weigh: Weigh) -> None:
        """See how the candidates do, and take back those that do worse than they may."""
        for name, beside in self._catalog.tried.items():
            watch, counted = self._watches.get(beside.rollout.id), numbers(beside)
            if watch is None or counted is None:
                continue
            state = self.states[beside.rollout.id]
            self._watches[beside.rollout.id], verdict = watch.look(*read_counts(counted))
            new = after(state, verdict, now=_now())
            if new is not state:
                # First the clients, then the books.
                weigh(beside, weight_of(beside.rollout, new))
                self._decide(name, new)
                self._watches[beside.rollout.id] = watch_of(beside.rollout, new)

    def _in_memory(self, pointer: Pointer) -> ServedModel | None:
        """The version, if it is loaded already in whatever role."""
        wanted = (pointer.model, pointer.version, pointer.digest)
        return next((model for model in self._catalog.versions if _named(model) == wanted), None)

    def _decide(self, name: str, state: RolloutState) -> None:
        self.states[state.rollout] = state
        # A full disk must not keep a failing candidate in traffic: it has been taken back by now.
        with suppress(OSError):
            write_rollout_state(self._deployments, name, state)
        self._log.event(
            f"rollout_{state.state}", model=name, version=state.version, rollout=state.rollout, reason=state.reason
        )


def _named(model: ServedModel) -> tuple[str, str, str]:
    return model.name, model.version, model.digest


def _check_alike(production: ServedModel, candidate: ServedModel) -> None:
    """Both take the same request: the same features of the same kinds, and the same task."""
    ours, theirs = (
        {feature.name: feature.kind for feature in model.signature.features} for model in (production, candidate)
    )
    if ours != theirs:
        differ = ", ".join(sorted(dict(ours.items() ^ theirs.items())))
        raise BundleError(f"it takes other features than version {production.version}: {differ}")
    if production.signature.task != candidate.signature.task:
        raise BundleError(f"it is a {candidate.signature.task} model, version {production.version} is none")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
