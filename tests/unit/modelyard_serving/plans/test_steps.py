"""Every step that is understood gives what scikit-learn gives, before a linear model and before trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from modelyard_steps import CyclicEncoder, OutlierClipper

WEATHER = ["temperature", "pressure", "wind"]
NUMBERS = [*WEATHER, "seats"]
WORDS = ["carrier", "origin"]

ESTIMATORS = {
    "logistic": lambda: LogisticRegression(max_iter=2000),
    "forest": lambda: RandomForestClassifier(12, random_state=0),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=12, random_state=0),
}


def gaps(**settings: Any) -> SimpleImputer:
    return SimpleImputer(**settings)


@pytest.fixture(params=sorted(ESTIMATORS))
def estimator(request: pytest.FixtureRequest) -> Any:
    return ESTIMATORS[request.param]()


STEPS: dict[str, list[Any]] = {
    "mean": [("a", gaps(), NUMBERS)],
    "median": [("a", gaps(strategy="median"), NUMBERS)],
    "most frequent": [("a", gaps(strategy="most_frequent"), NUMBERS)],
    "constant": [("a", gaps(strategy="constant", fill_value=-7.5), NUMBERS)],
    "indicator": [("a", make_pipeline(gaps(add_indicator=True), StandardScaler()), NUMBERS)],
    "scaled": [("a", make_pipeline(gaps(), StandardScaler()), NUMBERS)],
    "centred only": [("a", make_pipeline(gaps(), StandardScaler(with_std=False)), NUMBERS)],
    "scaled only": [("a", make_pipeline(gaps(), StandardScaler(with_mean=False)), NUMBERS)],
    "scaled before filled": [("a", make_pipeline(StandardScaler(), gaps()), NUMBERS)],
    "one-hot": [("a", OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS)],
    "one-hot, sparse": [("a", OneHotEncoder(handle_unknown="ignore"), ["origin"]), ("b", gaps(), NUMBERS)],
    "one-hot, one dropped": [
        ("a", OneHotEncoder(handle_unknown="ignore", drop="first", sparse_output=False), ["origin", "carrier"])
    ],
    "one-hot of a boolean": [("a", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["weekend", "origin"])],
    "ordinal": [
        (
            "a",
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
            WORDS,
        )
    ],
    "target": [("a", TargetEncoder(), WORDS)],
    "target, scaled": [("a", make_pipeline(TargetEncoder(), StandardScaler()), [*WORDS[::-1]])],
    "cyclic": [("a", CyclicEncoder(24), ["hour"]), ("b", gaps(), NUMBERS)],
    "clipped": [("a", make_pipeline(OutlierClipper(0.1, 0.8), gaps(), StandardScaler()), NUMBERS)],
    "functions": [
        ("a", make_pipeline(gaps(strategy="median"), FunctionTransformer(np.log1p)), ["seats"]),
        ("b", FunctionTransformer(np.sqrt), ["hour"]),
        ("c", make_pipeline(gaps(), StandardScaler(), FunctionTransformer(np.expm1)), ["wind"]),
        ("d", FunctionTransformer(), ["hour"]),
    ],
    "passed through": [("a", "passthrough", ["hour", "weekend"]), ("b", "drop", WORDS)],
    "the same column several ways": [
        ("a", make_pipeline(gaps(), StandardScaler()), NUMBERS),
        ("b", gaps(strategy="median"), NUMBERS[::-1]),
        ("c", TargetEncoder(), ["carrier"]),
        ("d", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"]),
    ],
}


def refuses_null(estimator: Any) -> bool:
    return isinstance(estimator, LogisticRegression)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_answers_as_scikit_learn_after(steps: list[Any], estimator: Any, fit: Any) -> None:
    fit(estimator, *steps).check()


def test_leaves_nulls_to_trees_that_take_them(fit: Any) -> None:
    steps = [("a", OutlierClipper(), WEATHER), ("b", CyclicEncoder(400), ["seats"]), ("c", "passthrough", NUMBERS)]
    for name in ("forest", "boosting"):
        fit(ESTIMATORS[name](), *steps).check()


def test_follows_columns_through_nested_transformers(estimator: Any, fit: Any) -> None:
    inner = ColumnTransformer(
        [
            ("few", make_pipeline(gaps(), StandardScaler()), ["wind", "pressure"]),
            ("words", TargetEncoder(), ["origin"]),
        ],
        remainder="passthrough",
    )
    outer = ColumnTransformer([("nothing", StandardScaler(), []), ("all", inner, ["origin", *NUMBERS[:3], "hour"])])
    after = ColumnTransformer([("last", StandardScaler(), [3, 0]), ("rest", "passthrough", [1, 2])])
    steps = [("outer", outer), ("gaps", gaps()), ("after", after), ("none", None), ("same", "passthrough")]
    fit(None, whole=Pipeline([*steps, ("estimator", estimator)])).check()


def test_passes_on_what_no_step_names(fit: Any) -> None:
    whole = Pipeline(
        [
            ("columns", ColumnTransformer([("words", "drop", WORDS)], remainder="passthrough")),
            ("estimator", ESTIMATORS["boosting"]()),
        ]
    )
    plan = fit(None, whole=whole).check()
    assert plan.vocabularies == {"carrier": (), "origin": ()}


def test_names_the_words_of_each_category_in_the_order_of_their_codes(fit: Any) -> None:
    encoder = OneHotEncoder(categories=[["WN", "AA"]], handle_unknown="ignore", sparse_output=False)
    fitted = fit(ESTIMATORS["logistic"](), ("a", encoder, ["carrier"]), ("b", TargetEncoder(), WORDS))
    plan = fitted.check()
    assert plan.vocabularies == {"carrier": ("AA", "B6", "DL", "UA", "WN"), "origin": ("EWR", "JFK", "LGA")}


def test_a_column_far_from_zero_costs_no_digits(fit: Any) -> None:
    seconds = FunctionTransformer(np.expm1)
    step = make_pipeline(gaps(), StandardScaler())
    far = ("far", make_pipeline(seconds, step), ["hour"])
    fit(ESTIMATORS["logistic"](), far, ("near", step, NUMBERS)).check()
