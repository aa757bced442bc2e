"""Every estimator that is understood gives what scikit-learn gives, to the order of a sum."""

from __future__ import annotations

import os
import signal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from skops.io import dumps, loads

from modelyard_bundle import TRUSTED_TYPES

NUMBERS = ["temperature", "pressure", "wind", "seats"]
FILLED = ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS)
WORDS = ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier", "origin"])
OPEN = ("open", "passthrough", [*NUMBERS, "hour", "weekend"])
CODES = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)

CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=500),
    "logistic without an intercept": LogisticRegression(fit_intercept=False, solver="liblinear"),
    "tree": DecisionTreeClassifier(max_depth=6),
    "stump": DecisionTreeClassifier(max_depth=1),
    "forest": RandomForestClassifier(33, random_state=0),
    "one tree": RandomForestClassifier(1, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=30),
    "boosting once": HistGradientBoostingClassifier(max_iter=1),
}
REGRESSORS = {
    "linear": LinearRegression(),
    "linear without an intercept": LinearRegression(fit_intercept=False),
    "ridge": Ridge(3.0),
    "tree": DecisionTreeRegressor(max_depth=7),
    "forest": RandomForestRegressor(20, random_state=0),
    "boosting": HistGradientBoostingRegressor(max_iter=25),
    "absolute error": HistGradientBoostingRegressor(max_iter=15, loss="absolute_error"),
    "quantile": HistGradientBoostingRegressor(max_iter=15, loss="quantile", quantile=0.8),
    "poisson": HistGradientBoostingRegressor(max_iter=15, loss="poisson"),
    "gamma": HistGradientBoostingRegressor(max_iter=15, loss="gamma"),
}


@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_a_classifier_gives_the_probability_of_the_second_class(estimator: Any, fit: Any) -> None:
    fit(estimator, FILLED, WORDS).check()


@pytest.mark.parametrize("estimator", REGRESSORS.values(), ids=REGRESSORS.keys())
def test_a_regressor_gives_the_number(estimator: Any, fit: Any) -> None:
    fit(estimator, FILLED, WORDS, binary=False).check()


@pytest.mark.parametrize("name", ["tree", "forest", "boosting"])
def test_trees_send_nulls_where_training_sent_them(name: str, fit: Any) -> None:
    fit(CLASSIFIERS[name], OPEN, WORDS).check()
    fit(REGRESSORS[name], OPEN, WORDS, binary=False).check()


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(solver="newton-cholesky"), RandomForestClassifier(9), LinearRegression()]
)
def test_a_model_that_takes_no_null_needs_no_step_for_it(estimator: Any, fit: Any) -> None:
    binary = not isinstance(estimator, LinearRegression)
    fit(estimator, OPEN, WORDS, binary=binary, nullable=False).check()


@pytest.mark.parametrize("places", [[0, 1], [1], [0, 3]])
def test_boosting_splits_by_category(places: list[int], fit: Any) -> None:
    estimator = HistGradientBoostingClassifier(max_iter=20, categorical_features=places, min_samples_leaf=5)
    ordinal = ("codes", CODES, ["carrier", "origin"])
    words = ("words", CODES, ["origin", "carrier"])
    fitted = fit(estimator, ordinal, ("open", "passthrough", NUMBERS[:1]), words)
    assert any(one.nodes["is_categorical"].any() for (one,) in fitted.pipeline[-1]._predictors)
    fitted.check()


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_a_value_on_a_threshold_goes_the_same_way(name: str, fit: Any) -> None:
    fitted = fit(CLASSIFIERS[name], ("a", "passthrough", NUMBERS))
    plan, found = fitted.plan, []
    for part in getattr(fitted.pipeline[-1], "estimators_", ()):
        found += part.tree_.threshold[part.tree_.children_left != -1].tolist()
    for (part,) in getattr(fitted.pipeline[-1], "_predictors", ()):
        found += part.nodes["num_threshold"][part.nodes["is_leaf"] == 0].tolist()
    edges = np.array([edge for edge in found if np.isfinite(edge)][:200])
    frame = fitted_rows(np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)]))
    np.testing.assert_allclose(plan.predict(fitted.matrix(frame)), fitted.plain(frame), rtol=1e-12)


def fitted_rows(values: Any) -> Any:
    count = len(values)
    columns = dict.fromkeys(("temperature", "pressure", "wind"), values) | {"hour": [1] * count}
    columns |= {"seats": [100] * count, "carrier": ["AA"] * count, "origin": ["JFK"] * count}
    return pl.DataFrame(columns | {"weekend": [False] * count})


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_a_batch_of_any_size_gets_the_answers_that_its_rows_get(name: str, fit: Any) -> None:
    fitted = fit(CLASSIFIERS[name], OPEN)
    plan = fitted.plan
    matrix = np.random.default_rng(0).normal(100, 300, (3000, 8))
    whole = plan.predict(matrix)
    np.testing.assert_allclose(whole[:200], plan.predict(matrix[:200]), rtol=1e-14)
    np.testing.assert_allclose(whole[:20], [plan.predict(row[None])[0] for row in matrix[:20]], rtol=1e-14)


def test_a_number_too_large_for_a_forest_lies_above_every_threshold(fit: Any) -> None:
    fitted = fit(CLASSIFIERS["forest"], OPEN)
    rows = np.full((2, 8), 50.0)
    rows[:, 0] = 1e30, 1e300
    large, larger = fitted.plan.predict(rows)
    assert large == larger


def native_threads() -> int:
    """Threads of any library, where the system shows them."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0


@pytest.mark.parametrize("name", ["logistic", "forest", "boosting"])
@pytest.mark.parametrize("rows", [1, 40, 4000])
def test_predicting_leaves_the_input_as_it_is_and_starts_no_thread(name: str, rows: int, fit: Any) -> None:
    plan = fit(CLASSIFIERS[name], FILLED, WORDS).plan
    matrix = np.full((rows, 8), np.nan)
    matrix[:, 3], matrix[:, 6:] = 5.0, 1.0
    before, threads = matrix.copy(), native_threads()
    matrix.setflags(write=False)
    plan.predict(matrix)
    np.testing.assert_array_equal(matrix, before)
    assert native_threads() == threads


@pytest.mark.parametrize("name", ["logistic", "forest", "boosting"])
def test_a_plan_made_before_a_fork_answers_after_it(name: str, fit: Any) -> None:
    plan = fit(CLASSIFIERS[name], FILLED, WORDS).plan
    matrix = np.random.default_rng(0).integers(0, 3, (300, 8)).astype(np.float64)
    wanted = plan.predict(matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, about forks beside the threads of others
        child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)  # a child that hangs is ended
            os._exit(0 if np.array_equal(plan.predict(matrix), wanted) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("name", ["logistic", "forest", "boosting"])
def test_a_pipeline_that_travelled_as_skops_gives_the_same_plan(name: str, fit: Any) -> None:
    fitted = fit(CLASSIFIERS[name], FILLED, WORDS, ("codes", TargetEncoder(), ["carrier"]))
    travelled = loads(dumps(fitted.pipeline), trusted=sorted(TRUSTED_TYPES))
    plan = fitted.with_pipeline(travelled).check()
    matrix = np.random.default_rng(0).integers(0, 3, (50, 8)).astype(np.float64)
    np.testing.assert_array_equal(plan.predict(matrix), fitted.plan.predict(matrix))
