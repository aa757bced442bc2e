"""What counts for and against a version that is tried."""

from __future__ import annotations

import asyncio

import pytest

from modelyard_bundle.rollout import Candidate, Rollout, RolloutLimits
from modelyard_serving.answering.calls import Call
from modelyard_serving.answering.catalog import Beside
from modelyard_serving.answering.reporting import segment_for
from modelyard_serving.answering.trials import ModelFailedError, Trial
from modelyard_serving.loading.served import Prediction
from modelyard_serving.protocols.asking import Told
from modelyard_serving.protocols.typed import TypedRequest
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.rollouts import outcome, shadow

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=1000, most_slow=0.1, alpha=0.05, beta=0.05, least_requests=20)


class World:
    """A deployed version and a candidate that gets nearly all requests; each answers as it is told to."""

    def __init__(self, load, catalog, **settings):
        first, second = load("1"), load("2", seed=2)
        candidate = Candidate(version="2", digest=second.digest, bundle=f"tiny/2-{second.digest[:12]}")
        rollout = Rollout(
            candidate=candidate,
            salt="0" * 16,
            started_at="2013-06-01T00:00:00+00:00",
            **{"mode": "canary", "percent": 99.0, "limits": LIMITS, **settings},
        )
        self.first, beside = first, Beside(candidate=second, rollout=rollout)
        catalog.serve(first)
        catalog.try_out("tiny", beside)
        self.segment = segment_for(catalog)
        self.counts = self.segment.area(beside.counts)
        # Whatever the place, the candidate answers.
        self.segment.area(beside.weight)[0] = 1.0
        self.trial = Trial(first, beside, self.segment)
        self.candidate = second
        self.asked: list[str] = []

    def ask(self, **errors):
        async def answer(call, model, asked):
            self.asked.append(model.version)
            if (error := errors.get(f"v{model.version}")) is not None:
                raise error
            return Told(Prediction([0.25], ["on time"]))

        async def scenario():
            call = Call({"type": "http", "headers": []}, None, {}, "id")
            told = await self.trial.ask(call, TypedRequest({"hour": [1]}, explain=False), answer)
            await asyncio.gather(*self.trial._shown)
            return told

        return asyncio.run(asyncio.wait_for(scenario(), 20))


@pytest.fixture
def make_world(load):
    from modelyard_serving.answering.catalog import Catalog

    made = []

    def make(**settings):
        made.append(World(load, Catalog(), **settings))
        return made[-1]

    yield make
    for world in made:
        world.counts.release()


def errors_of(world):
    primary, candidate = outcome.read_counts(world.counts.tolist())
    return primary.errors, candidate.errors


def test_a_candidate_that_fails_is_blamed_and_the_client_is_answered(make_world):
    world = make_world()
    assert world.ask(v2=ModelFailedError()).prediction.values == [0.25]
    assert (world.asked, errors_of(world)) == (["2", "1"], (0, 1))


def test_a_request_that_is_refused_is_blamed_on_nobody(make_world):
    """A client that sends nonsense could otherwise have a good candidate taken back."""
    world = make_world()
    with pytest.raises(RequestRefusedError):
        world.ask(v2=RequestRefusedError("wrong_type", "hour[0]: expected a whole number"))
    assert errors_of(world) == (0, 0)
    assert sum(world.counts) == 0


def test_where_both_fail_the_client_is_told(make_world):
    world = make_world()
    with pytest.raises(ModelFailedError):
        world.ask(v1=ModelFailedError(), v2=ModelFailedError())


@pytest.mark.parametrize("error", [ModelFailedError(), RequestRefusedError("wrong_type", "no")])
def test_a_shadow_that_cannot_answer_is_counted_and_disturbs_nobody(make_world, error):
    world = make_world(mode="shadow", percent=100.0, limits=None, tolerance=1e-6)
    assert world.ask(v2=error).prediction.values == [0.25]
    found = shadow.read_shadow(world.counts.tolist())
    assert (found.errors, found.requests) == (1, 0)


def test_a_shadow_is_compared_with_what_was_answered(make_world):
    world = make_world(mode="shadow", percent=100.0, limits=None, tolerance=1e-6)
    world.ask()
    found = shadow.read_shadow(world.counts.tolist())
    assert (found.requests, found.differing, found.errors) == (1, 0, 0)


def test_weights_are_read_at_the_moment_of_the_request(make_world):
    world = make_world()
    world.segment.area(world.trial.beside.weight)[0] = 0.0
    world.ask()
    assert world.asked == ["1"]
