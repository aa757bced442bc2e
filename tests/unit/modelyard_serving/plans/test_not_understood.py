"""What the compiler does not know for certain gets no plan, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from modelyard_serving.plans.compiling import compile_plan

NUMBERS = ["temperature", "pressure", "wind", "seats"]
PLAIN = ("plain", "passthrough", ["hour"])


class Halved(StandardScaler):
    """A scaler that does something else than its parent."""


STEPS: dict[str, Any] = {
    "MinMaxScaler": ("a", make_pipeline(SimpleImputer(), MinMaxScaler()), NUMBERS),
    "KBinsDiscretizer": ("a", KBinsDiscretizer(3, encode="ordinal"), ["hour"]),
    "Halved": ("a", Halved(), ["hour"]),
    "handle_unknown='error'": ("a", OneHotEncoder(), ["origin"]),
    "handle_unknown='infrequent_if_exist'": ("a", OneHotEncoder(handle_unknown="infrequent_if_exist"), ["origin"]),
    "rare categories": ("a", OneHotEncoder(handle_unknown="ignore", min_frequency=90), ["carrier"]),
    "OrdinalEncoder refuses": ("a", OrdinalEncoder(), ["origin"]),
    "an encoder over the integer hour": ("a", OneHotEncoder(handle_unknown="ignore"), ["hour"]),
    "does not give 64-bit numbers": (
        "a",
        OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32),
        ["origin"],
    ),
    "the function": ("a", FunctionTransformer(np.square), ["hour"]),
    "a function of a boolean": ("a", FunctionTransformer(np.expm1), ["weekend"]),
    "arguments of a function": ("a", FunctionTransformer(np.sqrt, kw_args={"dtype": np.float64}), ["hour"]),
    "another sign for null": ("a", SimpleImputer(missing_values=3), ["hour"]),
}


@pytest.mark.parametrize(("reason", "step"), STEPS.items(), ids=STEPS.keys())
def test_gives_no_plan_for_a_step_or_setting_that_is_not_known(reason: str, step: Any, fit: Any) -> None:
    fitted = fit(LogisticRegression(max_iter=500), step, PLAIN)
    assert reason in fitted.why_not
    assert compile_plan(fitted.pipeline, fitted.signature) is None


@pytest.mark.parametrize(
    "estimator",
    [ExtraTreesClassifier(5), SGDClassifier(loss="log_loss"), make_pipeline(StandardScaler(), ExtraTreesClassifier(2))],
)
def test_gives_no_plan_for_an_estimator_that_is_not_known(estimator: Any, fit: Any) -> None:
    assert "the estimator" in fit(estimator, PLAIN).why_not


def test_gives_no_plan_for_another_task(fit: Any) -> None:
    from dataclasses import replace

    from modelyard_bundle import Output

    fitted = fit(LogisticRegression(), PLAIN)
    output = Output(name="delay", kind="number")
    asked_for_numbers = replace(fitted, signature=replace(fitted.signature, task="regression", output=output))
    assert "another task" in asked_for_numbers.why_not


def test_gives_no_plan_for_a_column_that_the_signature_lacks(fit: Any) -> None:
    from dataclasses import replace

    fitted = fit(LogisticRegression(), PLAIN)
    fewer = replace(fitted.signature, features=fitted.signature.features[:3])
    assert "hour is not in the signature" in replace(fitted, signature=fewer).why_not


def test_gives_no_plan_for_weighted_columns(fit: Any) -> None:
    weighted = ColumnTransformer([PLAIN], transformer_weights={"plain": 2.0})
    assert "weights" in fit(None, whole=Pipeline([("a", weighted), ("b", LogisticRegression())])).why_not


def test_gives_no_plan_for_something_that_is_no_pipeline(fit: Any) -> None:
    fitted = fit(LogisticRegression(), PLAIN)
    for thing in (None, 3, "passthrough", fitted.pipeline[0]):
        assert compile_plan(thing, fitted.signature) is None


def test_gives_no_plan_for_fitted_parts_that_do_not_match(fit: Any) -> None:
    fitted = fit(LogisticRegression(), PLAIN)
    fitted.pipeline[-1].coef_ = np.ones((1, 2))
    assert "as many weights as columns" in fitted.why_not
    forest = fit(RandomForestClassifier(3), PLAIN)
    del forest.pipeline[0].output_indices_
    assert "AttributeError" in forest.why_not


def test_gives_no_plan_for_one_hot_columns_without_end(fit: Any) -> None:
    words = [[f"{number:05}" for number in range(3000)]]
    encoder = OneHotEncoder(categories=words, handle_unknown="ignore")
    assert "too many words" in fit(LogisticRegression(), ("a", encoder, ["origin"]), PLAIN).why_not


def test_gives_no_plan_for_several_classes_or_targets(fit: Any) -> None:
    several = fit(HistGradientBoostingClassifier(max_iter=2), PLAIN)
    several.pipeline[-1].n_trees_per_iteration_ = 3
    assert "several trees" in several.why_not
    wide = fit(LinearRegression(), PLAIN, binary=False)
    wide.pipeline[-1].coef_ = np.ones((2, 1))
    assert "several targets" in wide.why_not
