"""A model learns from the past, is chosen on validation, and is measured on rows that no decision has seen."""

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.features import number
from modelyard.models.preparing import label_values
from modelyard.models.searching import Choices, Floats, Integers, Search
from modelyard.testing.model_fakes import build_pipeline, sample_frame, sample_spec
from modelyard_bundle.signature import Output
from modelyard_training.fitting import fit_model
from modelyard_training.learning import thinned

VERSIONS = {"CURATED/parcels": 1}


def fit(spec=None, frame=None, **more):
    return fit_model(
        sample_spec() if spec is None else spec,
        sample_frame() if frame is None else frame,
        data_versions=VERSIONS,
        **more,
    )


def test_finds_the_signal_and_says_how_good_it_is():
    trained = fit()
    assert trained.validation_metrics["roc_auc"] > 0.7
    assert trained.test_metrics["roc_auc"] > 0.7
    assert len(trained.search.trials) == 3
    assert not trained.search.out_of_time


def test_the_same_input_gives_the_same_model_in_whatever_order_the_rows_come():
    one = fit()
    other = fit(frame=sample_frame().sample(fraction=1.0, shuffle=True, seed=3))
    assert one.search.best == other.search.best
    assert one.model.predict(one.parts.test).tolist() == other.model.predict(one.parts.test).tolist()
    assert one.test_metrics == other.test_metrics


def test_another_seed_tries_other_parameters():
    assert fit(seed=1).search.trials != fit(seed=2).search.trials


def test_the_test_rows_decide_nothing():
    """With other labels in the test month, parameters, model and validation metrics stay the same."""
    frame = sample_frame()
    last = pl.col("sent_at") >= pl.lit("2013-06-01").str.to_datetime()
    turned = frame.with_columns(hours_late=pl.when(last).then(-pl.col("hours_late")).otherwise(pl.col("hours_late")))
    one, other = fit(frame=frame), fit(frame=turned)
    assert one.search.best == other.search.best
    assert one.validation_metrics == other.validation_metrics
    assert one.model.predict(one.parts.train).tolist() == other.model.predict(one.parts.train).tolist()
    assert one.test_metrics["roc_auc"] > 0.5 > other.test_metrics["roc_auc"]


def test_validation_is_measured_before_the_model_has_learned_from_it():
    seen = []

    class Watching(Pipeline):
        def fit(self, X, y, **more):
            seen.append(("fit", len(X)))
            return super().fit(X, y, **more)

        def predict_proba(self, X, **more):
            seen.append(("predict", len(X)))
            return super().predict_proba(X, **more)

    trained = fit(sample_spec(build=lambda parameters: Watching(build_pipeline(parameters).steps)))
    train, validation = trained.parts.train.height, trained.parts.validation.height
    assert seen[-4:] == [
        ("fit", train),
        ("predict", validation),
        ("fit", train + validation),
        ("predict", trained.parts.test.height),
    ]


def test_a_model_may_be_released_as_it_was_validated():
    trained = fit(sample_spec(refit="train"))
    assert trained.learned_until == "2013-05-01T00:00:00"
    assert trained.model.predict(trained.parts.validation).tolist() == trained.validation_scores.tolist()
    assert fit().learned_until == "2013-06-01T00:00:00"


def test_a_trial_learns_from_rows_spread_over_the_whole_time():
    frame = pl.DataFrame({"row": range(1001)})
    few = thinned(frame, 100)
    assert few.height <= 100
    assert few["row"].min() == 0
    assert few["row"].max() > 980
    assert thinned(frame, 5000) is frame


def test_a_failing_trial_is_remembered_and_another_one_wins():
    def build(parameters):
        if parameters["strength"] > 1:
            raise ValueError("too strong")
        return build_pipeline(parameters)

    search = Search(space={"strength": Floats(0.01, 100, log=True)}, metric="roc_auc", trials=8, rows=300)
    found = fit(sample_spec(build=build, search=search)).search
    assert found.best["strength"] <= 1
    assert "ValueError: too strong" in {trial.problem for trial in found.trials}


def test_where_every_trial_fails_the_first_reason_is_said():
    def build(parameters):
        raise ValueError("no such solver")

    with pytest.raises(InvalidModelError, match=r"every trial of model parcel_delay failed.*no such solver"):
        fit(sample_spec(build=build))


def test_a_search_by_a_metric_that_does_not_exist_is_told_which_ones_do():
    search = Search(space={}, metric="f1", trials=1)
    with pytest.raises(InvalidModelError, match=r"searches by 'f1'; a binary model has roc_auc"):
        fit(sample_spec(search=search))


def test_a_search_that_runs_out_of_time_says_so():
    search = Search(space={"strength": Floats(0.1, 1)}, metric="roc_auc", trials=5, seconds=0)
    found = fit(sample_spec(search=search)).search
    assert found.out_of_time
    assert len(found.trials) == 1


def test_every_kind_of_dimension_is_searched_within_its_bounds():
    space = {"strength": Floats(0.1, 1), "odd": Integers(1, 3), "way": Choices(("a", None, 2))}
    found = fit(sample_spec(search=Search(space=space, metric="log_loss", trials=6, rows=200))).search
    assert all(0.1 <= trial.parameters["strength"] <= 1 for trial in found.trials)
    assert all(trial.parameters["odd"] in (1, 2, 3) for trial in found.trials)
    assert all(trial.parameters["way"] in ("a", None, 2) for trial in found.trials)
    assert found.value == min(trial.value for trial in found.trials)


def test_declared_parameters_are_tried_first():
    assert fit(sample_spec(defaults={"strength": 0.5})).search.trials[0].parameters["strength"] == 0.5


def test_one_class_in_a_part_is_said_before_anything_is_learned():
    first = pl.col("sent_at") < pl.lit("2013-05-01").str.to_datetime()
    frame = sample_frame().with_columns(hours_late=pl.when(first).then(1.0).otherwise(pl.col("hours_late")))
    with pytest.raises(DataNotReadyError, match="every label of model parcel_delay is the same"):
        fit(frame=frame)


def test_a_regression_learns_too():
    spec = sample_spec(
        task="regression",
        target=pl.col("hours_late"),
        output=Output(name="hours", kind="number"),
        features=(number("distance"),),
        search=Search(space={}, metric="rmse", trials=1),
        metric="rmse",
        build=lambda _: Pipeline([("estimator", LinearRegression())]),
    )
    trained = fit(spec)
    assert set(trained.test_metrics) == {"rmse", "mse", "mae", "r2"}
    assert trained.test_metrics["r2"] > 0.1
    assert np.isclose(trained.base_rate, label_values(trained.parts.train).mean())


def test_says_what_it_does():
    steps = []
    fit(progress=steps.append)
    assert steps[0].startswith("trial 1 of 3: roc_auc 0.")
    assert steps[-1].startswith("refit on")
