"""The contract suite accepts a good model, and catches each way of being a bad one."""

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelyard.models.conformance import check_model
from modelyard.models.features import category, number
from modelyard.testing.model_fakes import build_pipeline, sample_frame, sample_spec

NUMBERS = ("weight", "distance")


def failed(spec, frame=None):
    report = check_model(spec, sample_frame() if frame is None else frame)
    return {check.name: check.detail for check in report.failures}


def over(estimator, *, words=None, columns=NUMBERS):
    steps = [
        ("numbers", "passthrough", list(columns)),
        ("words", words or OneHotEncoder(sparse_output=False), ["depot"]),
    ]
    return Pipeline([("columns", ColumnTransformer(steps)), ("estimator", estimator)])


class Estimator(ClassifierMixin, BaseEstimator):
    """A classifier with fixed manners."""

    def fit(self, X, y):
        self.classes_ = np.array([0.0, 1.0])
        return self

    def predict_proba(self, X):
        ones = self.ones(np.asarray(X, dtype=float))
        return np.column_stack([1 - ones, ones])


class Wide(Estimator):
    def ones(self, X):
        return X[:, 1]


class OnItsNeighbours(Estimator):
    def ones(self, X):
        return np.full(len(X), len(X) / (len(X) + 1))


def test_accepts_a_good_model():
    report = check_model(sample_spec(), sample_frame())
    assert report.passed, report.failures
    assert len(report.checks) == 17


def test_catches_a_pipeline_that_reads_what_it_did_not_declare():
    spec = sample_spec(build=lambda parameters: over(LogisticRegression(), columns=("distance", "hours_late")))
    assert "hours_late" in failed(spec)["learns from its declared features alone"]


def test_catches_scores_that_are_no_probabilities():
    assert "probabilities reach" in failed(sample_spec(build=lambda _: over(Wide())))["gives one finite score a row"]


def test_catches_a_model_that_rolls_dice():
    def build(parameters):
        return over(RandomForestClassifier(n_estimators=5, random_state=None))

    assert "different scores" in failed(sample_spec(build=build))["learns the same from the same seed"]


def test_catches_a_model_whose_rows_look_at_their_neighbours():
    spec = sample_spec(build=lambda _: over(OnItsNeighbours()))
    assert "one by one" in failed(spec)["scores a row the same alone and among others"]


def test_catches_a_model_that_cannot_do_without_an_optional_feature():
    def build(parameters):
        return over(LogisticRegression(max_iter=5000), columns=("distance", "weight"))

    frame = sample_frame().with_columns(pl.col("weight").fill_null(1.0))
    assert "NaN" in failed(sample_spec(build=build), frame)["scores rows with missing values"]


def test_catches_a_model_that_stumbles_over_a_word_it_has_not_seen():
    spec = sample_spec(build=lambda _: over(RandomForestClassifier(5, random_state=0), words=OneHotEncoder()))
    assert "unknown categories" in failed(spec)["scores rows with values never seen"]


def test_catches_a_feature_that_is_the_label_in_disguise():
    leaked = sample_frame().with_columns(weight=-pl.col("hours_late") * 3 + 1)
    found = failed(sample_spec(), leaked)
    assert "weight (1.000)" in found["no single feature knows the label"]
    assert "above the believable" in found["is not too good to be true"]


def test_catches_a_category_that_is_the_label_in_disguise():
    leaked = sample_frame().with_columns(
        depot=pl.when(pl.col("hours_late") > 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    assert "depot" in failed(sample_spec(), leaked)["no single feature knows the label"]


def test_catches_a_leak_that_only_several_features_give_away_together():
    generator = np.random.default_rng(3)
    noise = pl.Series(generator.normal(0, 15, 1200))
    leaked = sample_frame().with_columns(distance=pl.col("hours_late") + noise, weight=noise)
    found = failed(sample_spec(), leaked)
    assert "no single feature knows the label" not in found
    assert "above the believable" in found["is not too good to be true"]


def test_a_weaker_belief_would_let_the_leak_through():
    leaked = sample_frame().with_columns(weight=-pl.col("hours_late") * 3 + 1)
    assert not failed(sample_spec(believable=1.0), leaked)


def test_catches_a_feature_that_never_varies():
    frame = sample_frame().with_columns(depot=pl.lit("north"))
    assert failed(sample_spec(), frame)["every feature varies"] == "no value but one, or none, in depot"


def test_catches_a_type_that_the_platform_does_not_trust():
    class Local(StandardScaler):
        pass

    def build(parameters):
        pipeline = build_pipeline(parameters)
        pipeline.steps.insert(1, ("local", Local()))
        return pipeline

    assert failed(sample_spec(build=build))["travels as files of trusted types and predicts the same"]


def test_what_does_not_fit_its_table_is_one_failure_and_no_crash():
    report = check_model(sample_spec(features=(number("height"), category("depot"))), sample_frame())
    assert [check.name for check in report.checks] == ["its table holds what it declares"]
    assert "reads height" in report.failures[0].detail


@pytest.mark.parametrize("months", [1, 2])
def test_too_few_periods_are_said(months):
    assert (
        "no row is left"
        in failed(sample_spec(), sample_frame(months=months))["learns from its declared features alone"]
    )
