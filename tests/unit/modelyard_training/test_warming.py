"""A search begins with the best of the past, and trainings leave behind what that needs."""

import json

import pytest

from modelyard.models.searching import Floats, Search
from modelyard.testing.model_fakes import build_pipeline, sample_spec
from modelyard_training.warming import past_best


class Remembered:
    """Reads `search.json` out of the records of a tracker."""

    def __init__(self, tracker):
        self.tracker = tracker

    def searched(self, run_id):
        for record, registration in self.tracker.records:
            if registration.run_id == run_id:
                return json.loads(record.documents["search.json"])
        return None


@pytest.fixture
def searches(tracker):
    return Remembered(tracker)


def test_without_a_past_there_is_nothing_to_begin_with(registry, searches):
    assert past_best(sample_spec(), registry, searches) == ()


def test_the_best_version_gives_its_parameters_and_not_its_seed(run, registry, searches, tracker):
    first = run().version
    second = run(seed=5).version
    best = max((first, second), key=lambda version: version.metrics["roc_auc"])
    expected = next(record.trained.search.best for record, kept in tracker.records if kept.run_id == best.run_id)
    assert past_best(sample_spec(), registry, searches) == ({"strength": expected["strength"]},)


def test_a_space_that_no_longer_holds_them_begins_anew(run, registry, searches):
    run()
    narrow = Search(space={"strength": Floats(100, 200)}, metric="roc_auc")
    assert past_best(sample_spec(search=narrow), registry, searches) == ()


def test_a_run_that_kept_no_search_is_no_past(run, registry):
    class Forgetful:
        def searched(self, run_id):
            return None

    run()
    assert past_best(sample_spec(), registry, Forgetful()) == ()


def test_what_is_given_to_a_training_is_tried_and_written_down(run, tracker):
    run(warm=lambda: [{"strength": 0.7}])
    record, _ = tracker.records[0]
    assert record.trained.search.trials[0].parameters["strength"] == 0.7
    assert json.loads(record.documents["search.json"])["warm"] == [{"strength": 0.7}]


def test_a_training_that_was_done_before_does_not_ask_for_the_past(run):
    def past():
        raise AssertionError("the past was asked for")

    run()
    assert not run(warm=past).fresh


def test_each_variant_is_a_training_of_its_own(run, registry):
    spec = sample_spec(variants={"strong": lambda parameters: build_pipeline({**parameters, "strength": 9.0})})
    one = run(spec=spec.variant(""))
    other = run(spec=spec.variant("strong"), source="s" * 64 + ":strong")
    assert (one.version.version, other.version.version) == (1, 2)
    assert len(registry.candidates("parcel_delay")) == 2
