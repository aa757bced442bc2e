"""A model by groups becomes a plan a group, with one for all groups without their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelyard_serving.plans.compiling import study
from modelyard_serving.plans.plan import Plan
from modelyard_steps import ByGroup

NUMBERS = ["temperature", "pressure", "wind", "seats"]


def over(estimator: Any) -> Any:
    steps = [
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
        ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"]),
    ]
    return Pipeline([("columns", ColumnTransformer(steps)), ("estimator", estimator)])


def by(columns: list[str], estimator: Any, fewest: int = 20) -> ByGroup:
    return ByGroup(pipeline=over(estimator), by=columns, fewest=fewest)


@pytest.mark.parametrize("columns", [["origin"], ["carrier"], ["carrier", "origin"], ["origin", "carrier"]])
def test_every_group_is_answered_by_its_own_plan(columns: list[str], fit: Any) -> None:
    fitted = fit(None, whole=by(columns, LogisticRegression(max_iter=500)))
    assert len(fitted.pipeline.groups_) > 2
    assert fitted.check().name == "by group"
    fit(None, whole=by(columns, LinearRegression()), binary=False).check()


def test_small_groups_and_strangers_are_answered_by_the_pool(fit: Any) -> None:
    fit(None, whole=by(["carrier"], RandomForestClassifier(4, random_state=0), fewest=70)).check()
    lonely = fit(None, whole=by(["origin"], LogisticRegression(max_iter=500), fewest=10_000))
    assert not lonely.pipeline.groups_
    lonely.check()


def test_a_group_of_nulls_is_also_that_of_the_empty_text(fit: Any) -> None:
    fitted = fit(None, whole=by(["carrier"], LogisticRegression(max_iter=500)))
    model = fitted.pipeline
    model = ByGroup(by=["carrier"]).take(model.pool_, {"": model.groups_["AA"], "DL": model.groups_["UA"]})
    plan = fitted.with_pipeline(model).check()
    assert "" in plan.vocabularies["carrier"]


def test_swapped_groups_are_caught(fit: Any) -> None:
    fitted = fit(None, whole=by(["origin"], LogisticRegression(max_iter=500)))
    model = fitted.pipeline
    other = ByGroup(by=["origin"]).take(
        model.pool_, dict(zip(model.groups_, [*model.groups_.values()][::-1], strict=True))
    )
    weakened = study(other, fitted.signature)
    assert isinstance(weakened, Plan)
    assert not fitted.prove(weakened).holds


def test_groups_of_numbers_or_of_unknown_estimators_get_no_plan(fit: Any) -> None:
    fitted = fit(None, whole=by(["weekend"], LogisticRegression(max_iter=500)))
    assert "not made of categories" in fitted.why_not
    assert "the estimator" in fit(None, whole=by(["origin"], ExtraTreesClassifier(2))).why_not


def test_a_batch_of_many_groups_comes_back_in_order(fit: Any) -> None:
    fitted = fit(None, whole=by(["carrier", "origin"], LogisticRegression(max_iter=500)))
    matrix = np.random.default_rng(0).integers(-1, 3, (500, 8)).astype(np.float64)
    plan = fitted.plan
    together = plan.predict(matrix)
    np.testing.assert_allclose(together, [plan.predict(row[None])[0] for row in matrix], rtol=1e-12)
