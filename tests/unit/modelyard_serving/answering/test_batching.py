"""Requests that wait at the same moment share a call; what goes wrong with one spoils no other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest

from modelyard_serving.answering.batching import BATCH_ROWS, INLINE_ROWS, Batcher
from modelyard_serving.loading.served import Decoded, Prediction
from modelyard_serving.observing.counters import Ledger, Segment, VersionKey
from modelyard_serving.observing.metrics import Metrics

KEY = VersionKey("tiny", "1", "aa")


@dataclass
class Model:
    """Doubles numbers; refuses NaN, and all that are asked with it."""

    cheap: bool = False
    calls: list[int] = field(default_factory=list)
    key: VersionKey = KEY

    def answer(self, waiting):
        self.calls.append(sum(one.height for one in waiting))
        values = np.concatenate([one.matrix for one in waiting])
        if np.isnan(values).any():
            raise ValueError("not a number")
        return [Prediction((one.matrix * 2).tolist(), []) for one in waiting]


@pytest.fixture
def run():
    """Runs questions together; gives their answers, the sizes of the calls, and the counted batches."""

    def together(*questions, cheap=False):
        model, segment = Model(cheap=cheap), Segment([KEY])

        async def scenario():
            with ThreadPoolExecutor(1) as threads:
                batcher = Batcher(model, metrics=Metrics(segment), threads=threads)
                asked = [
                    batcher.predict(Decoded(height=len(values), matrix=np.array(values, dtype=float)))
                    for values in questions
                ]
                return await asyncio.gather(*asked, return_exceptions=True)

        answers = asyncio.run(asyncio.wait_for(scenario(), 20))
        counted = sum(Ledger().totals([segment])[KEY].batches[:-1])
        segment.close()
        return answers, model.calls, counted

    return together


def values_of(answers):
    return [answer.values for answer in answers]


def test_requests_of_one_turn_are_one_call_and_each_gets_its_own_answer(run):
    answers, calls, counted = run([1], [2, 3], [4])
    assert values_of(answers) == [[2], [4, 6], [8]]
    assert (calls, counted) == ([4], 1)


def test_a_cheap_model_is_asked_at_once(run):
    answers, calls, _ = run([1], [2], cheap=True)
    assert values_of(answers) == [[2], [4]]
    assert calls == [1, 1]


def test_one_bad_request_spoils_no_other(run):
    answers, calls, _ = run([1], [float("nan")], [3])
    assert [answers[0].values, answers[2].values] == [[2], [6]]
    assert isinstance(answers[1], ValueError)
    assert calls == [3, 1, 1, 1]


def test_many_rows_are_several_calls_in_order(run):
    half = [1.0] * (BATCH_ROWS // 2 + 1)
    answers, calls, _ = run(half, half, [5])
    assert [len(answer.values) for answer in answers] == [len(half), len(half), 1]
    assert calls == [len(half), len(half) + 1]


def test_a_request_that_is_larger_than_a_batch_is_asked_alone(run):
    answers, calls, _ = run([1.0] * (BATCH_ROWS * 2), [7])
    assert answers[1].values == [14]
    assert sorted(calls) == [1, BATCH_ROWS * 2]


def test_large_calls_leave_the_event_loop_free(run):
    """They run in a thread, where they are counted like the others."""
    answers, calls, counted = run([1.0] * (INLINE_ROWS + 1))
    assert len(answers[0].values) == INLINE_ROWS + 1
    assert (calls, counted) == ([INLINE_ROWS + 1], 1)


def test_a_client_that_leaves_disturbs_nobody():
    model, segment = Model(), Segment([KEY])

    async def scenario():
        batcher = Batcher(model, metrics=Metrics(segment), threads=None)
        leaving, staying = (
            asyncio.create_task(batcher.predict(Decoded(height=1, matrix=np.array([value])))) for value in (1.0, 2.0)
        )
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(asyncio.wait_for(scenario(), 20)).values == [4.0]
    segment.close()
