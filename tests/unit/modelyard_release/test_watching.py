"""A canary is watched: what ends the wait at once, and what is said when the time is over. No clock is waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelyard.release import watching
from modelyard.release.deployment import Deployment
from modelyard.release.rollout_status import RolloutStatus
from modelyard.release.watching import Watch
from modelyard_bundle import Pointer, remove_pointer, replace_pointer
from modelyard_bundle.rollout import Candidate, Rollout, RolloutLimits

LIMITS = RolloutLimits(most_errors=0.02, latency_ms=50, most_slow=0.1, alpha=0.05, beta=0.05, least_requests=50)
OLD = Pointer.to("tiny", "1", digest="1" * 64)
NEW = Pointer.to("tiny", "2", digest="2" * 64)
CANARY = Rollout(
    mode="canary",
    candidate=Candidate(version="2", digest=NEW.digest, bundle=NEW.bundle),
    percent=10,
    salt="0" * 16,
    started_at="2013-06-01T00:00:00+00:00",
    limits=LIMITS,
)


def side(requests, *, errors=0, slow=0):
    return {"requests": requests, "errors": errors, "slow": slow}


def status(state="running", *, tried=None, known=None, reachable=True):
    result = None if tried is None else {"candidate": tried, "primary": known or side(1000)}
    return RolloutStatus(
        model="tiny",
        beside="1",
        rollout=CANARY,
        state=state,
        reason=f"it is {state}",
        since=None,
        reachable=reachable,
        weight=0.1,
        result=result,
    )


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(tmp_path, clock):
    """Version 2 is tried beside version 1; what the rollout is like is given one after the other, the last for good."""
    replace_pointer(tmp_path, replace(OLD, rollout=CANARY))
    deployment = Deployment(bundles=tmp_path / "bundles", deployments=tmp_path, live="http://127.0.0.1:9")

    def made(*statuses):
        left = list(statuses)
        look = lambda _: left.pop(0) if len(left) > 1 else left[0]  # noqa: E731 - shorter than a function
        return Watch(deployment=deployment, look=look, clock=clock, sleep=clock.sleep)

    return made


def test_a_candidate_that_was_taken_back_ends_the_wait_at_once(watch, clock):
    running = status(tried=side(10))
    (seen,) = watch(running, running, status("returned", tried=side(60, errors=30))).watch([NEW], seconds=3600)
    assert (seen.verdict, seen.good, seen.requests) == ("returned", False, 60)
    assert clock.now == 1.0


def test_one_that_passed_ends_it_at_once_too(watch, clock):
    (seen,) = watch(status(), status("passed", tried=side(200))).watch([NEW], seconds=3600)
    assert (seen.verdict, seen.good, seen.reason) == ("passed", True, "it is passed")
    assert clock.now == 0.5


def test_one_that_answers_everything_already_has_nothing_to_wait_for(watch, tmp_path, clock):
    replace_pointer(tmp_path, NEW)
    (seen,) = watch(status("none")).watch([NEW], seconds=3600)
    assert (seen.verdict, seen.good, clock.now) == ("deployed", True, 0)


@pytest.mark.parametrize("there", [None, OLD])
def test_one_that_is_not_there_at_all_is_not_waited_for(watch, tmp_path, clock, there):
    if there is None:
        remove_pointer(tmp_path, "tiny")
    else:
        replace_pointer(tmp_path, there)
    (seen,) = watch(status("none")).watch([NEW], seconds=3600)
    assert (seen.verdict, seen.good, clock.now) == ("gone", False, 0)


@pytest.mark.parametrize(
    ("last", "verdict", "said"),
    [
        (status(tried=side(50)), "enough", "answered 50 requests within its limits"),
        (status(tried=side(50, errors=1), known=side(1000)), "enough", "within its limits"),
        (status(tried=side(100, errors=5), known=side(100, errors=4)), "enough", "within its limits"),
        (status(tried=side(49)), "undecided", "answered 49 requests, at least 50 are needed"),
        (status(tried=side(0), known=side(0)), "undecided", "at least 50 are needed"),
        (status(tried=side(100, errors=3)), "undecided", "3 of 100 requests count as errors"),
        (status(tried=side(100, slow=11), known=side(0)), "undecided", "11 of 100 requests count as slow"),
        (status("waiting"), "undecided", "does not say how it does"),
        (status(tried=side(500), reachable=False), "undecided", "does not say how it does"),
    ],
)
def test_when_the_time_is_over_only_enough_requests_within_the_limits_let_it_go_on(watch, clock, last, verdict, said):
    (seen,) = watch(last).watch([NEW], seconds=10)
    assert (seen.verdict, seen.good) == (verdict, verdict == "enough")
    assert said in seen.reason
    assert clock.now == 10


def test_without_time_it_looks_once(watch, clock):
    (seen,) = watch(status(tried=side(50))).watch([NEW], seconds=0)
    assert (seen.verdict, clock.now) == ("enough", 0)


def test_a_weakened_end_that_takes_no_news_for_good_news_would_let_a_quiet_one_through(watch, monkeypatch):
    quiet = status(tried=side(0), known=side(0))
    assert not watch(quiet).watch([NEW], seconds=1)[0].good
    monkeypatch.setattr(watching, "GOOD", (*watching.GOOD, "undecided"))
    assert watch(quiet).watch([NEW], seconds=1)[0].good


def test_of_several_releases_the_first_that_is_not_good_ends_the_wait(watch, tmp_path, clock):
    other = Pointer.to("other", "1", digest="3" * 64)
    seen = watch(status()).watch([NEW, other], seconds=3600)
    assert [one.verdict for one in seen] == ["undecided", "gone"]
    assert clock.now == 0
