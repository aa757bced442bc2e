"""A search in this process: it repeats itself, goes on after a kill, gives up by folds, and begins with the past."""

from dataclasses import replace

import pytest

from modelyard.errors import InvalidModelError
from modelyard.models.preparing import labelled_parts
from modelyard.models.searching import Choices, Floats
from modelyard.testing.model_fakes import build_pipeline, sample_frame
from modelyard.testing.search_fakes import searched_spec
from modelyard_training.search.running import search
from modelyard_training.search.triers import Means


@pytest.fixture(scope="module")
def parts():
    return labelled_parts(searched_spec(), sample_frame(), data_versions={})


@pytest.fixture
def run(parts):
    def searched(spec=None, *, seed=1, **more):
        return search(spec or searched_spec(), parts, seed=seed, progress=lambda _: None, **more)

    return searched


def timeless(result):
    return [replace(trial, seconds=0.0) for trial in result.trials]


@pytest.mark.parametrize("sampler", ["optuna", "grid", "random"])
@pytest.mark.parametrize("folds", [1, 4])
def test_the_same_search_finds_the_same(run, sampler, folds):
    spec = searched_spec(sampler=sampler, folds=folds)
    assert timeless(run(spec)) == timeless(run(spec))


def test_the_best_is_the_best_of_those_that_went_over_all_folds(run):
    found = run(searched_spec(folds=4, trials=12))
    whole = [trial.value for trial in found.trials if not trial.given_up]
    assert found.value == min(whole)
    assert any(trial.given_up for trial in found.trials)
    assert all(trial.folds < 4 for trial in found.trials if trial.given_up)


def test_giving_up_by_folds_saves_work_and_finds_nearly_as_good(run):
    found = run(searched_spec(folds=4, trials=16))
    assert sum(trial.folds for trial in found.trials) < 0.75 * 4 * 16
    fully = run(searched_spec(folds=1, trials=16))
    assert found.best["strength"] > 0
    assert fully.value > 0


def test_a_trial_is_given_up_once_it_is_worse_than_the_best_beyond_chance(run):
    spec = searched_spec(folds=8, trials=16, rows=10_000, giving_up="wilcoxon")
    found = run(spec)
    assert timeless(found) == timeless(run(spec))
    given_up = [trial for trial in found.trials if trial.given_up]
    assert given_up
    assert all(4 <= trial.folds < 8 for trial in given_up)
    other = run(searched_spec(folds=8, trials=16, rows=10_000))
    assert found.value == pytest.approx(other.value, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"giving_up": "median"}, "allowed is one of halving, wilcoxon"), ({"giving_up": "wilcoxon"}, "5 or more")],
)
def test_a_rule_for_giving_up_that_cannot_be_kept_is_refused(wrong, told):
    with pytest.raises(InvalidModelError, match=told):
        searched_spec(folds=4, **wrong)


class KilledError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("after", [1, 4, 7])
def test_a_search_that_was_killed_goes_on_where_it_stopped_and_finds_the_same(run, parts, tmp_path, after):
    told = []

    def kill(line):
        told.append(line)
        if len(told) == after:
            raise KilledError

    spec, means = searched_spec(folds=2), Means(journals=tmp_path, source="s" * 64)
    with pytest.raises(KilledError):
        search(spec, parts, seed=1, progress=kill, means=means)
    found = run(spec, means=means)
    assert found.replayed == after
    assert timeless(found) == timeless(run(spec))


@pytest.mark.parametrize("change", [{"trials": 9}, {"folds": 2}, {"metric": "brier"}, {"sampler": "random"}])
def test_a_journal_of_another_declaration_is_not_read(run, tmp_path, change):
    means = Means(journals=tmp_path, source="s" * 64)
    run(means=means)
    assert run(means=means).replayed == 8
    assert run(searched_spec(**change), means=means).replayed == 0


def test_a_journal_of_another_seed_is_not_read(run, tmp_path):
    means = Means(journals=tmp_path, source="s" * 64)
    run(means=means)
    assert run(seed=2, means=means).replayed == 0


def test_begins_with_the_declared_parameters_and_then_the_best_of_the_past(run):
    spec = replace(searched_spec(), defaults={"strength": 0.5})
    found = run(spec, warm=[{"strength": 3.0}])
    assert [trial.parameters["strength"] for trial in found.trials[:2]] == [0.5, 3.0]
    assert found.warm == ({"strength": 3.0},)


def test_a_past_that_the_space_no_longer_holds_is_left_out(run):
    assert timeless(run(warm=[{"strength": 1e6}, {"other": 1}])) == timeless(run())


def test_rounds_of_another_size_are_another_search(run):
    spec = searched_spec(together=4)
    assert len(run(spec).trials) == 8
    assert timeless(run(spec)) == timeless(run(spec))


def test_a_grid_with_fewer_corners_than_trials_ends_when_it_is_empty(run):
    spec = searched_spec(space={"strength": Choices((0.1, 1.0, 10.0))}, sampler="grid", trials=50)
    found = run(spec)
    assert len(found.trials) == 3
    assert not found.out_of_time


def test_all_trials_failing_names_the_first_reason_and_the_next_step(run):
    def build(parameters):
        raise ValueError(f"strength {parameters['strength']:.3f} is not allowed")

    with pytest.raises(
        InvalidModelError, match=r"every trial .* failed; .*is not allowed; 8 reasons in all"
    ) as refused:
        run(searched_spec(build))
    assert refused.value.hint == "mend build() or the search space in ml/models/parcel_delay/model.py"


def test_a_loss_that_is_no_number_is_a_failed_trial(run):
    class Odd:
        def fit(self, rows, labels):
            return self

        def predict_proba(self, rows):
            import numpy as np

            return np.full((len(rows), 2), np.nan)

    with pytest.raises(InvalidModelError, match="every trial"):
        run(searched_spec(lambda _: Odd()))


def test_a_model_without_a_space_is_not_searched_for(run):
    found = run(searched_spec(build_pipeline, space={}))
    assert (found.trials, found.best) == ((), {"seed": 1})


def test_a_space_of_one_dimension_by_orders_of_magnitude_is_searched_within_bounds(run):
    found = run(searched_spec(space={"strength": Floats(0.5, 0.6)}))
    assert all(0.5 <= trial.parameters["strength"] <= 0.6 for trial in found.trials)
