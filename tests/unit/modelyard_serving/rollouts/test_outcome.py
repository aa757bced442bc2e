"""What a rollout has shown: counted right, and with intervals that hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelyard_serving.rollouts import outcome
from modelyard_serving.rollouts.assigning import GROUPS, place_of
from modelyard_serving.rollouts.outcome import SIZE, count_answer, count_unassigned, read_counts, read_outcome
from modelyard_serving.rollouts.spread import mean_of, student_quantile
from modelyard_serving.rollouts.stopping import Counts

START = 7
"""The slots of a rollout are somewhere in the middle of a worker's."""


@pytest.fixture
def counted(slots):
    """Numbers to count in, and what was counted in them."""
    numbers = slots(START + SIZE + 3)

    def count(**how) -> None:
        how = {"place": 0.2, "is_candidate": False, "seconds": 0.004, "latency_ms": 50, "is_error": False, **how}
        count_answer(numbers, START, **how)

    def read():
        before, found, behind = numbers[:START], numbers[START : START + SIZE], numbers[START + SIZE :]
        assert not any(before.tolist())
        assert not any(behind.tolist())
        return found.tolist()

    return count, read, numbers


def test_nothing_is_known_at_first(slots):
    found = read_outcome(slots(SIZE).tolist(), labels=("no", "yes"))
    assert (found.primary.requests, found.primary.p50_ms, found.primary.mean, found.difference) == (0, None, None, None)
    assert found.primary.labels == {}
    assert "too few" in found.sentence
    assert json.dumps(found.to_document())


def test_counts_each_version_by_itself(counted):
    count, read, numbers = counted
    count(rows=2, total=0.6, above=1)
    count(is_error=True)
    count(seconds=0.0501)
    count(is_candidate=True, rows=4, total=3.2, above=3, seconds=0.002)
    count_unassigned(numbers, START)
    assert read_counts(read()) == (Counts(3, 1, 1), Counts(1, 0, 0))
    found = read_outcome(read(), labels=("no", "yes"), shift=1.0)
    assert found.unassigned == 1
    assert (found.primary.rows, found.candidate.rows) == (2, 4)
    assert found.primary.mean == pytest.approx(1.3)
    assert found.candidate.mean == pytest.approx(1.8)
    assert found.candidate.labels == {"no": 0.25, "yes": 0.75}


def test_numbers_of_workers_can_be_added_up(slots):
    workers = [slots(SIZE) for _ in range(3)]
    for index, numbers in enumerate(workers):
        count_answer(numbers, 0, place=0.1, is_candidate=True, seconds=0.01, latency_ms=50, is_error=index == 0)
    together = np.sum([numbers.tolist() for numbers in workers], axis=0)
    assert read_counts(together.tolist())[1] == Counts(3, 1, 0)


def test_quantiles_of_the_latency_are_close(counted):
    count, read, _ = counted
    seconds = np.random.default_rng(2).lognormal(np.log(0.008), 0.6, 5_000)
    for one in seconds:
        count(seconds=one)
    found = read_outcome(read()).primary
    assert found.p50_ms == pytest.approx(1e3 * np.quantile(seconds, 0.5), rel=0.05)
    assert found.p95_ms == pytest.approx(1e3 * np.quantile(seconds, 0.95), rel=0.05)


def test_what_is_slower_than_every_bucket_is_said_to_be_at_least_that_slow(counted):
    count, read, _ = counted
    count(seconds=100)
    assert read_outcome(read()).primary.p50_ms == 10_000


def trial(random, *, apart, shift=0.0, callers=600, rows=8, level=0.0):
    """An A/B test among callers who differ from each other much more than their own rows do."""
    numbers = memoryview(bytearray(SIZE * 8)).cast("d")
    for place in random.random(callers):
        is_candidate = place < 0.5
        values = level + random.normal(0, 1) + 0.1 * random.normal(size=rows) + (apart if is_candidate else 0)
        count_answer(
            numbers,
            0,
            place=place,
            is_candidate=is_candidate,
            seconds=0.01,
            latency_ms=50,
            is_error=False,
            rows=rows,
            total=float((values - shift).sum()),
        )
    return read_outcome(numbers.tolist(), shift=shift)


def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    random = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        interval = trial(random, apart=0.3).difference
        held += interval.low <= 0.3 <= interval.high
    assert 0.9 <= held / 200 <= 0.99


def test_an_interval_that_takes_rows_for_independent_would_not_hold():
    """The weakened copy: the spread between rows instead of between callers."""
    random = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        found = trial(random, apart=0.3)
        width = 1.96 * np.hypot(*(np.sqrt(1.01 / arm.rows) for arm in (found.primary, found.candidate)))
        held += abs(found.difference.value - 0.3) <= width
    assert held / 200 < 0.7


def test_says_in_a_sentence_what_was_shown():
    random = np.random.default_rng(4)
    assert trial(random, apart=1.0).sentence.startswith("the candidate predicts higher in the mean (+")
    assert trial(random, apart=-1.0).sentence.startswith("the candidate predicts lower in the mean (-")
    assert trial(random, apart=0.0).sentence.startswith("no difference")


def test_a_few_callers_make_no_interval():
    found = trial(np.random.default_rng(4), apart=0.0, callers=5)
    assert found.difference is None
    assert found.primary.standard_error is None


def test_large_numbers_lose_nothing_when_they_are_counted_from_near_their_mean():
    small = trial(np.random.default_rng(6), apart=0.3)
    large = trial(np.random.default_rng(6), apart=0.3, level=1e9, shift=1e9)
    assert large.difference.value == pytest.approx(small.difference.value, rel=1e-5)
    assert large.primary.mean == pytest.approx(1e9 + small.primary.mean)


def test_the_mean_of_groups_is_the_mean_of_all_rows():
    rows, sums = [1.0, 3.0] * 8, [2.0, 12.0] * 8
    found = mean_of(rows, sums)
    assert (found.rows, found.value, found.groups) == (32, 3.5, 16)
    assert found.error == pytest.approx(np.sqrt(16 / 15 * 16 * 1.5**2) / 32)


@pytest.mark.parametrize(("freedom", "quantile"), [(7, 2.36462), (15, 2.13145), (31, 2.03951), (1e6, 1.95997)])
def test_quantiles_of_student_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, rel=1e-3)


def test_every_place_has_a_group(counted):
    count, read, _ = counted
    for number in range(2_000):
        count(place=place_of("0" * 16, str(number).encode()), rows=1)
    rows = read()[1 + outcome._ROWS : 1 + outcome._ROWS + GROUPS]
    assert sum(rows) == 2_000
    assert min(rows) > 30
