"""A version that is tried: it gets its part of the requests, and what it answers is counted beside the deployed one's.

A candidate that fails on a request costs the client nothing: the deployed version answers instead, and the failure
counts against the candidate.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

from modelyard_serving.answering.calls import Call
from modelyard_serving.answering.catalog import Beside
from modelyard_serving.answering.reporting import shift_of
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.counters import Segment, Slots
from modelyard_serving.protocols.asking import Asked, Told
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.rollouts import outcome, shadow
from modelyard_serving.rollouts.assigning import assigner

Ask = Callable[[Call, ServedModel, Asked], Awaitable[Told]]
"""Asks one version; raises `ModelFailedError` where it cannot answer."""
MOST_WAITING = 4
"""A shadow is not shown a request while so many wait to be shown: answers come first."""


class ModelFailedError(Exception):
    """The model could not answer rows that were in order. What it was is in the log."""


class Trial:
    """One rollout in one worker.

    Args:
        production: The deployed version.
        beside: What is tried.
        segment: Where this worker counts, and reads the candidate's weight.
    """

    def __init__(self, production: ServedModel, beside: Beside, segment: Segment) -> None:
        self.beside = beside
        self._production = production
        self._assign = assigner(beside.rollout, worker=os.getpid())
        self._counts: Slots | None = segment.area(beside.counts)
        self._weight: Slots | None = segment.area(beside.weight)
        self._shift = shift_of(production)
        self._shown: set[asyncio.Task[None]] = set()

    async def ask(self, call: Call, asked: Asked, ask: Ask) -> Told:
        """The answer to a request, by the version that has its place.

        Raises:
            ModelFailedError: The deployed version could not answer.
        """
        place = self._assign(call.headers, asked.columns)
        counts, weight = self._counts, self._weight
        if counts is None or weight is None:
            return await ask(call, self._production, asked)
        if self.beside.rollout.mode == "shadow":
            told = await ask(call, self._production, asked)
            if place is not None and place < weight[0]:
                self._show(call, asked, told, ask, counts)
            return told
        if place is None:
            outcome.count_unassigned(counts, 0)
            return await ask(call, self._production, asked)
        if place < weight[0]:
            try:
                return await self._counted(call, self.beside.candidate, asked, ask, place)
            except ModelFailedError:
                return await ask(call, self._production, asked)
        return await self._counted(call, self._production, asked, ask, place)

    async def _counted(self, call: Call, model: ServedModel, asked: Asked, ask: Ask, place: float) -> Told:
        begun = time.perf_counter()
        try:
            told = await ask(call, model, asked)
        except ModelFailedError:
            self._count(model, place, None, seconds=time.perf_counter() - begun)
            raise
        # A request that is refused is the client's fault, and says nothing about either version.
        self._count(model, place, told, seconds=time.perf_counter() - begun)
        return told

    def _count(self, model: ServedModel, place: float, told: Told | None, *, seconds: float) -> None:
        limits = self.beside.rollout.limits
        values = () if told is None else told.prediction.values
        assert self._counts is not None
        outcome.count_answer(
            self._counts,
            0,
            place=place,
            is_candidate=model is self.beside.candidate,
            seconds=seconds,
            latency_ms=float("inf") if limits is None else limits.latency_ms,
            is_error=told is None,
            rows=len(values),
            total=sum(values) - self._shift * len(values),
            above=0 if told is None else told.prediction.above,
        )

    def _show(self, call: Call, asked: Asked, told: Told, ask: Ask, counts: Slots) -> None:
        """Let the candidate answer the same request, after the client has its answer."""
        if len(self._shown) >= MOST_WAITING:
            shadow.count_skipped(counts, 0)
            return
        # A call of its own: whatever the candidate does, the client's call is not touched.
        aside = Call(call.scope, call.receive, call.headers, call.request_id)
        task = asyncio.get_running_loop().create_task(self._compare(aside, asked, told, ask, counts))
        self._shown.add(task)
        task.add_done_callback(self._shown.discard)

    async def _compare(self, call: Call, asked: Asked, told: Told, ask: Ask, counts: Slots) -> None:
        try:
            found = await ask(call, self.beside.candidate, asked)
        except (ModelFailedError, RequestRefusedError):
            # Refused by the shadow alone: the deployed version has answered it by now.
            shadow.count_error(counts, 0)
            return
        shadow.count_comparison(
            counts,
            0,
            given=told.prediction.values,
            shadow=found.prediction.values,
            tolerance=self.beside.rollout.tolerance or 0.0,
            threshold=self._production.signature.output.threshold,
        )
