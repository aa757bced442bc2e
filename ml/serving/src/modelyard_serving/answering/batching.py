"""Micro-batches: requests that wait at the same moment are predicted in one call.

A call of a model costs nearly the same for one row and for sixteen. Requests that the event loop has read in one turn
are predicted together at its end, so a lone request waits for nobody, and a crowd shares the cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from modelyard_serving.loading.served import Decoded, Prediction, ServedModel
from modelyard_serving.observing.metrics import Metrics

INLINE_ROWS = 256
"""Up to so many rows are predicted in the event loop: a thread would cost more than it frees.

Measured on two cores with a gradient boosting pipeline: one row costs 1.5 ms and 256 rows 1.7 ms, nearly all of it
scikit-learn's Python, which holds the interpreter lock. From some hundred rows on the time is spent in compiled code,
and the event loop should not wait for it.
"""
BATCH_ROWS = 1024
"""More rows than this are predicted in several calls, unless one request alone has more."""
Outcome = Prediction | Exception
"""What a model said about one request, or why it could not."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    decoded: Decoded
    answer: asyncio.Future[Outcome]


class Batcher:
    """Predicts for one model version.

    Args:
        model: The version.
        metrics: Where the size of each call is counted.
        threads: Where large batches are predicted.
    """

    def __init__(self, model: ServedModel, *, metrics: Metrics, threads: Executor) -> None:
        self.model = model
        self._metrics = metrics
        self._threads = threads
        self._waiting: list[_Waiting] = []
        self._large: set[asyncio.Task[None]] = set()

    async def predict(self, decoded: Decoded) -> Prediction:
        """What the model says about some rows.

        Raises:
            PredictionFailedError: It gave numbers that are not finite, or not one a row.
            Exception: Whatever the model raised.
        """
        if self.model.cheap and decoded.height <= INLINE_ROWS:
            # Cheaper than waiting for others.
            outcome = self._predict([decoded])[0]
        else:
            loop = asyncio.get_running_loop()
            one = _Waiting(decoded, loop.create_future())
            if not self._waiting:
                loop.call_soon(self._flush)
            self._waiting.append(one)
            outcome = await one.answer
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for group in _groups(waiting):
            if sum(one.decoded.height for one in group) <= INLINE_ROWS:
                self._tell(group, self._predict([one.decoded for one in group]))
            else:
                task = asyncio.get_running_loop().create_task(self._predict_beside(group))
                self._large.add(task)
                task.add_done_callback(self._large.discard)

    async def _predict_beside(self, group: Sequence[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        decoded = [one.decoded for one in group]
        self._tell(group, await loop.run_in_executor(self._threads, self._predict, decoded))

    def _predict(self, decoded: Sequence[Decoded]) -> list[Outcome]:
        self._metrics.batch(self.model.key, sum(one.height for one in decoded))
        try:
            return list(self.model.answer(decoded))
        except Exception as error:
            if len(decoded) == 1:
                return [error]
            # One request must not spoil the others' answers.
            return [self._predict([one])[0] for one in decoded]

    def _tell(self, group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        for one, outcome in zip(group, outcomes, strict=True):
            # A client that left has cancelled its wait.
            if not one.answer.done():
                one.answer.set_result(outcome)


def _groups(waiting: Sequence[_Waiting]) -> Iterator[list[_Waiting]]:
    """The requests in groups of at most `BATCH_ROWS` rows, in the order in which they came."""
    group: list[_Waiting] = []
    rows = 0
    for one in waiting:
        if group and rows + one.decoded.height > BATCH_ROWS:
            yield group
            group, rows = [], 0
        group.append(one)
        rows += one.decoded.height
    if group:
        yield group
