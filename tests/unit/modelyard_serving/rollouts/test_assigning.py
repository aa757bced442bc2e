"""Who answers: the right share, and the same caller always the same version."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

from modelyard_serving.rollouts.assigning import GROUPS, InTurn, assigner, group_of, place_of

SALT = "0123456789abcdef"
CALLERS = 20_000
CRITICAL = {15: 37.7, 31: 61.1}
"""Chi-square exceeds this with a chance of 0.001, by degrees of freedom."""


def chi_square(counts):
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def places(salt=SALT):
    return [place_of(salt, f"caller-{number}".encode()) for number in range(CALLERS)]


def assigned(assign, **headers):
    return assign({name.replace("_", "-").encode(): value for name, value in headers.items()}, {})


class TestInTurn:
    @pytest.mark.parametrize("weight", [0.001, 0.01, 0.1, 0.5, 0.9])
    def test_the_candidate_has_its_share_to_within_a_few_requests_at_any_time(self, canary, weight):
        assign, hits = assigner(canary), 0
        for number in range(1, 20_001):
            hits += assigned(assign) < weight
            assert abs(hits - weight * number) < 4

    def test_has_no_rhythm_that_a_client_could_keep_step_with(self, canary):
        """Of every second, third, … tenth request, the candidate has its share as well."""
        taken = [assigned(assign) < 0.1 for assign in [assigner(canary)] for _ in range(20_000)]
        for step in range(2, 11):
            for begin in range(step):
                assert abs(np.mean(taken[begin::step]) - 0.1) < 0.01

    def test_workers_begin_at_different_places(self, canary):
        assert len({assigned(assigner(canary, worker=worker)) for worker in range(8)}) == 8

    def test_a_weight_of_nothing_takes_the_candidate_back_at_once(self):
        turn = InTurn()
        assert not any(turn({}, {}) < 0.0 for _ in range(10_000))


class TestByCaller:
    def test_places_are_uniform(self):
        counts = Counter(int(place * 16) for place in places())
        assert chi_square([counts[index] for index in range(16)]) < CRITICAL[15]
        assert all(0 <= place < 1 for place in places())

    def test_groups_are_even_on_both_sides(self):
        for side in (lambda place: place < 0.3, lambda place: place >= 0.3):
            counts = Counter(group_of(place) for place in places() if side(place))
            assert chi_square([counts[index] for index in range(GROUPS)]) < CRITICAL[31]

    def test_another_salt_assigns_independently(self):
        both = list(zip(places(), places("f" * 16), strict=True))
        cells = Counter((one < 0.5, other < 0.5) for one, other in both)
        assert chi_square([cells[cell] for cell in [(a, b) for a in (0, 1) for b in (0, 1)]]) < CRITICAL[15]

    def test_without_the_salt_two_tests_would_share_their_callers(self):
        """The weakened copy: one salt for all tests."""
        cells = Counter((one < 0.5, other < 0.5) for one, other in zip(places(), places(), strict=True))
        assert cells[True, False] == 0

    def test_are_the_same_in_another_process(self, ab):
        program = f"from modelyard_serving.rollouts.assigning import place_of; print(repr(place_of({SALT!r}, b'Anna')))"
        found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
        assert float(found) == assigned(assigner(ab("header", "x-caller"), worker=3), x_caller=b"Anna")
        assert float(found) == pytest.approx(int(sha256(f"{SALT}\0Anna".encode()).hexdigest()[:16], 16) / 2**64)

    def test_no_header_no_place(self, ab):
        assign = assigner(ab("header", "x-caller"))
        assert assigned(assign) is None
        assert assigned(assign, x_caller=b"") is None
        assert assigned(assign, x_caller=b"Anna") is not None

    def test_a_feature_is_a_caller_however_the_protocol_carries_it(self, ab):
        assign = assigner(ab("feature", "carrier"))
        columns = [["AA"], ["AA", "AA"], np.array(["AA"], dtype=object), np.array(["AA", "AA"])]
        assert len({assign({}, {"carrier": values}) for values in columns}) == 1
        number = assigner(ab("feature", "hour"))
        columns = [[1], [1.0], [True], np.array([1.0]), np.array([1], dtype=np.int64), np.array([True, True])]
        assert len({number({}, {"hour": values}) for values in columns}) == 1

    @pytest.mark.parametrize(
        "values", [[], [None], [float("nan")], ["AA", "DL"], ["AA", None], np.array([]), np.array([np.nan])]
    )
    def test_rows_that_name_no_one_caller_have_no_place(self, ab, values):
        assign = assigner(ab("feature", "carrier"))
        assert assign({}, {"carrier": values}) is None
        assert assign({}, {}) is None
