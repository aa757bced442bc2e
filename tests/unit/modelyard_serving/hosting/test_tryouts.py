"""What a pointer wants to be tried is tried, watched, and taken back."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from modelyard_bundle import BundleError
from modelyard_bundle.rollout import Candidate, Rollout, RolloutLimits
from modelyard_bundle.rollout_state import read_rollout_state
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.hosting.tryouts import Tryouts
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.rollouts import outcome

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=100, most_slow=0.1, alpha=0.05, beta=0.05, least_requests=20)


class World:
    """A deployed version, a candidate, and the numbers of their requests."""

    def __init__(self, root, train):
        self.bundles, self.deployments = root / "bundles", root / "deployments"
        self.deployments.mkdir()
        self.first = train(seed=1).bundle(self.bundles, "1")
        second = train(seed=2).bundle(self.bundles, "2")
        candidate = Candidate(version="2", digest=second.digest, bundle=second.bundle)
        self.rollout = Rollout(
            mode="canary",
            candidate=candidate,
            percent=20.0,
            salt="0" * 16,
            started_at="2013-06-01T00:00:00+00:00",
            limits=LIMITS,
        )
        self.pointer = replace(self.first, rollout=self.rollout)
        self.sink, self.catalog, self.loads, self.weights = io.BytesIO(), Catalog(), [], []
        self.log = LogWriter(self.sink)
        self.tryouts = Tryouts(self.deployments, catalog=self.catalog, log=self.log)
        self.catalog.serve(pass_gate(self.first, self.bundles))
        self.numbers = memoryview(bytearray(8 * outcome.SIZE)).cast("d")

    def load(self, pointer):
        self.loads.append(pointer.version)
        return pass_gate(pointer, self.bundles)

    def open(self, pointer=None, load=None):
        found = self.tryouts.open(pointer or self.pointer, self.catalog.served["tiny"], load or self.load)
        self.catalog.try_out("tiny", found)
        return found

    def count(self, *, candidate, errors=0, requests=100):
        for index in range(requests):
            outcome.count_answer(
                self.numbers,
                0,
                place=0.1 if candidate else 0.9,
                is_candidate=candidate,
                seconds=0.001,
                latency_ms=LIMITS.latency_ms,
                is_error=index < errors,
            )

    def look(self):
        self.tryouts.look(
            lambda _: self.numbers.tolist(), lambda beside, weight: self.weights.append((beside.rollout.id, weight))
        )
        return read_rollout_state(self.deployments, "tiny").state

    def events(self):
        self.log.close()
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]


@pytest.fixture
def world(tmp_path, train):
    made = World(tmp_path, train)
    yield made
    made.log.close()


def test_a_pointer_without_a_rollout_tries_nothing(world):
    assert world.open(world.first) is None
    assert world.loads == []


def test_a_candidate_is_loaded_once_and_its_rollout_runs(world):
    beside = world.open()
    assert (beside.candidate.version, world.loads) == ("2", ["2"])
    assert read_rollout_state(world.deployments, "tiny").state == "running"
    world.open()
    assert world.loads == ["2"]


def test_a_candidate_that_fails_more_than_it_may_is_taken_back_at_once(world):
    world.open()
    world.count(candidate=False)
    world.count(candidate=True, errors=50)
    assert world.look() == "returned"
    assert world.weights == [(world.rollout.id, 0.0)]
    assert [event["event"] for event in world.events()] == ["rollout_returned"]


def test_what_was_taken_back_is_not_loaded_again(world):
    world.open()
    world.count(candidate=False)
    world.count(candidate=True, errors=100)
    world.look()
    assert world.open() is None
    assert world.loads == ["2"]


def test_a_candidate_that_does_as_the_deployed_version_does_goes_on(world):
    world.open()
    for candidate in (False, True):
        world.count(candidate=candidate, requests=50)
    assert world.look() == "running"
    assert world.weights == []


def test_a_candidate_that_cannot_be_served_is_taken_back_with_the_reason(world):
    def refuse(_):
        raise BundleError("its digest is another")

    assert world.open(load=refuse) is None
    state = read_rollout_state(world.deployments, "tiny")
    assert (state.state, "its digest is another" in state.reason) == ("returned", True)


def test_where_nothing_can_be_remembered_nothing_is_tried(world, monkeypatch):
    from modelyard_serving.hosting import tryouts

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tryouts, "resume", full)
    assert world.open() is None
    assert [event["event"] for event in world.events()] == ["rollout_refused"]


def test_a_full_disk_does_not_keep_a_failing_candidate_in_traffic(world, monkeypatch):
    from modelyard_serving.hosting import tryouts

    world.open()
    world.count(candidate=False)
    world.count(candidate=True, errors=100)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tryouts, "write_rollout_state", full)
    world.look()
    assert world.weights == [(world.rollout.id, 0.0)]
