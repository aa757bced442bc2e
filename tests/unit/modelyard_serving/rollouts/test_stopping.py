"""The stopping rule: how often it is wrong, how fast it is right. Seeds are fixed, so a run is the same each time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from modelyard_bundle.rollout import RolloutLimits
from modelyard_serving.rollouts import stopping
from modelyard_serving.rollouts.bounds import lower_bound, upper_bound
from modelyard_serving.rollouts.stopping import Counts, Watch, judge

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
LIVES = 200
EVERY = 50


def live(random, *, primary=(0.0, 0.0), candidate, weight=0.1, most=40_000):
    """One rollout until the first decision: what it was, and after how many of the candidate's requests.

    Args:
        primary: Shares of errors and of slow answers of the deployed version.
        candidate: The same of the candidate.
    """
    sizes = round(EVERY * (1 - weight) / weight), EVERY
    seen = [np.zeros(3, dtype=int), np.zeros(3, dtype=int)]
    while seen[1][0] < most:
        for counts, size, shares in zip(seen, sizes, (primary, candidate), strict=True):
            np.add(counts, (size, *(random.binomial(size, share) for share in shares)), out=counts)
        verdict = judge(*(Counts(*counts.tolist()) for counts in seen), LIMITS)
        if verdict.decision != "go_on":
            return verdict.decision, int(seen[1][0])
    return "go_on", most


def lives(seed=0, number=LIVES, **how):
    random = np.random.default_rng(seed)
    found = [live(random, **how) for _ in range(number)]
    decisions = [decision for decision, _ in found]
    return {
        "returned": decisions.count("return") / number,
        "passed": decisions.count("pass") / number,
        "median": float(np.median([requests for _, requests in found])),
    }


def noise(risk):
    """Three standard errors of a share of `LIVES`."""
    return 3 * math.sqrt(risk * (1 - risk) / LIVES)


class TestARealCandidate:
    @pytest.mark.parametrize("base", [0.0, 0.01, 0.05])
    @pytest.mark.parametrize("weight", [0.1, 0.5])
    def test_at_the_very_edge_of_its_limits_is_seldom_returned(self, base, weight):
        found = lives(primary=(base, 0.02), candidate=(base + 0.01, 0.02 + 0.05), weight=weight)
        assert found["returned"] <= LIMITS.alpha

    @pytest.mark.parametrize("base", [0.0, 0.01, 0.05])
    def test_as_good_as_the_deployed_version_passes(self, base):
        found = lives(primary=(base, 0.02), candidate=(base, 0.02))
        assert found["returned"] <= LIMITS.alpha
        assert found["passed"] >= 1 - LIMITS.beta

    @pytest.mark.parametrize(("base", "requests"), [(0.0, 700), (0.01, 1600), (0.05, 4000)])
    def test_that_fails_three_times_as_often_as_allowed_is_returned(self, base, requests):
        found = lives(primary=(base, 0.0), candidate=(base + 3 * LIMITS.most_errors, 0.0))
        assert found["returned"] >= 1 - LIMITS.beta
        assert found["median"] <= requests

    def test_that_is_slow_three_times_as_often_as_allowed_is_returned(self):
        found = lives(primary=(0.0, 0.02), candidate=(0.0, 0.02 + 3 * LIMITS.most_slow))
        assert found["returned"] >= 1 - LIMITS.beta
        assert found["median"] <= 300

    @pytest.mark.parametrize("weight", [0.01, 0.1, 0.5, 0.9])
    def test_that_fails_always_is_returned_at_the_first_looks(self, weight):
        found = lives(number=20, candidate=(1.0, 0.0), weight=weight)
        assert found["returned"] == 1
        assert found["median"] <= 3 * EVERY

    def test_is_not_blamed_for_an_outage_that_hits_both(self):
        """Every second request fails for a while, whoever answers it."""
        random = np.random.default_rng(3)
        returned = 0
        for _ in range(LIVES):
            seen = [np.zeros(3, dtype=int), np.zeros(3, dtype=int)]
            for look in range(60):
                share = 0.5 if 20 <= look < 30 else 0.001
                for counts, size in zip(seen, (450, 50), strict=True):
                    np.add(counts, (size, random.binomial(size, share), 0), out=counts)
                if judge(*(Counts(*counts.tolist()) for counts in seen), LIMITS).decision == "return":
                    returned += 1
                    break
        assert returned / LIVES <= LIMITS.alpha


class TestAWeakenedRule:
    """What the tests above are worth: each of these rules looks sensible, and fails them."""

    def test_that_asks_for_little_evidence_returns_good_candidates(self, monkeypatch):
        monkeypatch.setattr(stopping, "_PARTS", 0.04)
        monkeypatch.setattr(stopping, "upper_bound", lambda bad, seen, risk: bad / seen)
        assert lives(candidate=(0.01, 0.0))["returned"] > LIMITS.alpha + noise(LIMITS.alpha)

    def test_that_takes_the_counted_share_for_the_true_one_returns_good_candidates(self, monkeypatch):
        monkeypatch.setattr(stopping, "upper_bound", lambda bad, seen, risk: bad / seen)
        found = lives(primary=(0.05, 0.0), candidate=(0.06, 0.0), weight=0.9)
        assert found["returned"] > LIMITS.alpha + noise(LIMITS.alpha)

    def test_that_forgets_the_deployed_version_blames_the_candidate_for_an_outage(self, monkeypatch):
        monkeypatch.setattr(stopping, "upper_bound", lambda bad, seen, risk: 0.0)
        monkeypatch.setattr(stopping._Stream, "share", property(lambda _: 0.0))
        assert lives(number=20, primary=(0.05, 0.0), candidate=(0.05, 0.0))["returned"] > 0.5

    def test_that_ends_early_lets_bad_candidates_pass(self, monkeypatch):
        monkeypatch.setattr(stopping, "TRUNCATION", 0.2)
        found = lives(primary=(0.05, 0.0), candidate=(0.08, 0.0))
        assert found["returned"] < 1 - LIMITS.beta - noise(LIMITS.beta)


class TestJudging:
    def test_says_nothing_before_the_least_number_of_requests(self):
        verdict = judge(Counts(500, 0, 0), Counts(49, 49, 0), LIMITS)
        assert verdict.decision == "go_on"
        assert "49 of at least 50" in verdict.reason

    def test_says_nothing_where_nobody_has_asked(self):
        assert judge(Counts(), Counts(), replace(LIMITS, least_requests=1)).decision == "go_on"

    def test_without_any_request_to_the_deployed_version_nobody_is_blamed(self):
        """There is nothing to hold the candidate against; but a share of 100% is not allowed for that reason."""
        assert judge(Counts(), Counts(1_000, 20, 0), LIMITS).decision != "return"

    def test_says_in_a_sentence_why(self):
        verdict = judge(Counts(2_700, 2, 0), Counts(300, 30, 0), LIMITS)
        assert verdict.decision == "return"
        assert verdict.reason == (
            "the candidate failed 30 of 300 requests (10.00%), the deployed version 2 of 2,700 (0.07%) at the same "
            "time; allowed beyond that is 0.01 of all"
        )
        assert verdict.figures["candidate_errors"] == 30

    def test_names_the_limit_that_was_exceeded(self):
        verdict = judge(Counts(2_700, 0, 30), Counts(300, 0, 150), LIMITS)
        assert verdict.reason.startswith("the candidate took more than 50 ms for 150 of 300 requests")

    def test_a_version_that_fails_nearly_everything_leaves_no_room_for_blame(self):
        assert judge(Counts(1_000, 990, 0), Counts(1_000, 1_000, 0), LIMITS).decision != "return"

    def test_a_candidate_between_the_limits_does_not_keep_the_test_open_for_ever(self):
        verdict = judge(Counts(900_000, 0, 0), Counts(100_000, 1_824, 0), LIMITS)
        assert verdict.decision == "pass"
        assert "not shown to be worse" in verdict.reason


class TestWatching:
    def test_a_candidate_that_breaks_after_it_has_passed_is_returned_all_the_same(self):
        watch, primary, candidate = Watch(LIMITS), Counts(), Counts()
        for _ in range(100):
            primary, candidate = add(primary, 450, 0), add(candidate, 50, 0)
            watch, verdict = watch.look(primary, candidate)
            assert verdict.decision != "return"
        assert watch.turn > 10
        looks = 0
        while verdict.decision != "return":
            primary, candidate, looks = add(primary, 450, 0), add(candidate, 50, 5), looks + 1
            watch, verdict = watch.look(primary, candidate)
        assert looks <= 10

    def test_one_long_turn_would_not_have_noticed(self):
        good = Counts(450 * 100, 0, 0), Counts(50 * 100, 0, 0)
        late = add(good[0], 4_500, 0), add(good[1], 500, 50)
        assert judge(*late, LIMITS).decision != "return"

    def test_all_turns_together_spend_alpha(self):
        """At the very edge of the limits, over a life of many turns, looking after each 50 requests."""
        random, returned, number = np.random.default_rng(1), 0, 60
        for _ in range(number):
            watch, primary, candidate = Watch(LIMITS), Counts(), Counts()
            for _ in range(200):
                primary = add(primary, 450, random.binomial(450, 0.01))
                candidate = add(candidate, 50, random.binomial(50, 0.02))
                watch, verdict = watch.look(primary, candidate)
                if verdict.decision == "return":
                    returned += 1
                    break
        assert returned / number <= LIMITS.alpha


def add(counts, requests, errors):
    return Counts(counts.requests + requests, counts.errors + errors, counts.slow)


class TestBounds:
    def test_hold_at_every_moment_at_once(self):
        random, share, risk, misses = np.random.default_rng(5), 0.03, 0.05, 0
        for _ in range(300):
            hits = np.cumsum(random.random(2_000) < share)
            for seen in range(20, 2_001, 40):
                bad = int(hits[seen - 1])
                low, high = (bound(bad, seen, risk=risk) for bound in (lower_bound, upper_bound))
                if not low <= share <= high:
                    misses += 1
                    break
        assert misses / 300 <= risk

    def test_close_in_on_the_share(self):
        assert upper_bound(0, 0, risk=0.05) == 1
        assert lower_bound(0, 0, risk=0.05) == 0
        assert 0.01 < upper_bound(1_000, 100_000, risk=0.05) < 0.0115
        assert 0.0085 < lower_bound(1_000, 100_000, risk=0.05) < 0.01

    @pytest.mark.parametrize(("bad", "seen"), [(0, 10), (10, 10), (3, 10)])
    def test_are_within_0_and_1_and_around_the_counted_share(self, bad, seen):
        low, high = lower_bound(bad, seen, risk=0.1), upper_bound(bad, seen, risk=0.1)
        assert 0 <= low <= bad / seen <= high <= 1
