"""What can be told of all workers together: the metrics, and how a rollout stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Protocol

from prometheus_client.core import Metric

from modelyard_bundle.rollout_state import RolloutState
from modelyard_serving.answering.catalog import Beside, Catalog
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.counters import Area, Ledger, Segment, VersionKey
from modelyard_serving.observing.exposition import Facts, render_metrics
from modelyard_serving.observing.profile import ProfileLayout, profile_metrics
from modelyard_serving.rollouts import outcome, shadow
from modelyard_serving.rollouts.verdicts import describe, rollout_metrics

PRODUCTION = "production"


def profile_area(model: ServedModel) -> Area:
    """Where the profile of a version's features is counted."""
    return ("profile", model.name, model.version, model.digest)


def segment_for(catalog: Catalog, weights: Mapping[str, float] | None = None) -> Segment:
    """Counters for what a catalog serves and tries.

    Args:
        catalog: What the worker will serve.
        weights: The share of each rollout by its id; what its rollout says unless told.
    """
    versions = catalog.versions
    areas: dict[Area, int] = {profile_area(model): ProfileLayout.of(model.signature).slots for model in versions}
    for beside in catalog.tried.values():
        areas[beside.weight] = 1
        areas[beside.counts] = shadow.SIZE if beside.rollout.mode == "shadow" else outcome.SIZE
    segment = Segment([model.key for model in versions], areas=areas)
    for beside in catalog.tried.values():
        share = (weights or {}).get(beside.rollout.id, beside.rollout.share)
        if (slots := segment.area(beside.weight)) is not None:
            slots[0] = share
    return segment


class Reports(Protocol):
    """Answers what no worker knows alone."""

    async def metrics(self) -> bytes:
        """The answer to Prometheus."""

    async def rollout(self, model: str) -> dict[str, Any] | None:
        """How the rollout of a model stands; none where there is none."""


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything that was counted, at one moment."""

    catalog: Catalog
    segments: Sequence[Segment]
    """The counters of the workers that run."""
    ledger: Ledger = field(default_factory=Ledger)
    """The counters of those that have ended."""
    states: Mapping[str, RolloutState] = field(default_factory=dict)
    """How each rollout stands, by its id."""
    workers: int = 1
    """How many accept requests."""
    restarts: int = 0
    """How many ended without being told to."""

    def metrics(self) -> bytes:
        """The answer to Prometheus."""
        facts = Facts(
            in_flight=sum(segment.in_flight for segment in self.segments),
            workers=self.workers,
            restarts=self.restarts,
            served=self._roles(),
            refused=self.catalog.refused(),
            more=[*self._profiles(), *self._rollouts()],
        )
        return render_metrics(self.ledger.totals(self.segments), facts)

    def rollout(self, model: str) -> dict[str, Any] | None:
        """`parameters.rollout` of a model's metadata; none where nothing is tried."""
        beside = self.catalog.tried.get(model)
        state = None if beside is None else self.states.get(beside.rollout.id)
        if beside is None or state is None:
            return None
        numbers = self.ledger.area(beside.counts, self.segments)
        result = None if numbers is None else _result(self.catalog.served[model], beside, numbers)
        return describe(beside.rollout, state, result=result)

    def _roles(self) -> dict[VersionKey, str]:
        found = {model.key: PRODUCTION for model in self.catalog.served.values()}
        return found | {beside.candidate.key: beside.rollout.mode for beside in self.catalog.tried.values()}

    def _profiles(self) -> list[Metric]:
        counted = []
        for model in self.catalog.versions:
            numbers = self.ledger.area(profile_area(model), self.segments)
            if numbers is not None:
                counted.append((model.name, model.version, ProfileLayout.of(model.signature), numbers))
        return profile_metrics(counted)

    def _rollouts(self) -> list[Metric]:
        found: list[Metric] = []
        for name, beside in self.catalog.tried.items():
            if (state := self.states.get(beside.rollout.id)) is not None:
                found += rollout_metrics(beside.rollout, state, model=name)
            numbers = self.ledger.area(beside.counts, self.segments)
            if beside.rollout.mode == "shadow" and numbers is not None:
                found += shadow.shadow_metrics(numbers, model=name, version=beside.candidate.version)
        return found


def _result(production: ServedModel, beside: Beside, numbers: Sequence[float]) -> dict[str, Any]:
    if beside.rollout.mode == "shadow":
        return shadow.read_shadow(numbers).to_document()
    labels = production.signature.output.labels
    return outcome.read_outcome(numbers, labels=labels, shift=shift_of(production)).to_document()


def shift_of(production: ServedModel) -> float:
    """What is taken off every prediction before it is summed, so that nothing is lost in large numbers."""
    return fmean(production.example.predictions)


@dataclass(slots=True)
class Alone:
    """The reports of a worker that has no host."""

    report: Callable[[], Report]

    async def metrics(self) -> bytes:
        """The answer to Prometheus."""
        return self.report().metrics()

    async def rollout(self, model: str) -> dict[str, Any] | None:
        """How the rollout of a model stands."""
        return self.report().rollout(model)
