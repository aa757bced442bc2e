"""The proof holds for what the compiler makes, and catches every weakened copy."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from modelyard_serving.plans.compiling import study
from modelyard_serving.plans.drawing import draw_rows
from modelyard_serving.plans.plan import Plan
from modelyard_steps import CyclicEncoder, OutlierClipper

NUMBERS = ["temperature", "pressure", "wind"]
STEPS = [
    ("clipped", make_pipeline(OutlierClipper(0.05, 0.95), SimpleImputer(), StandardScaler()), NUMBERS),
    ("clock", CyclicEncoder(24), ["hour"]),
    ("seats", SimpleImputer(strategy="median"), ["seats"]),
    ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["origin"]),
    ("carrier", TargetEncoder(), ["carrier"]),
    ("weekend", "passthrough", ["weekend"]),
]


def step(pipeline: Any, name: str) -> Any:
    return pipeline[0].named_transformers_[name]


def wrong_coefficient(pipeline: Any) -> None:
    pipeline[-1].coef_[0, 0] *= 1 + 1e-8


def wrong_intercept(pipeline: Any) -> None:
    pipeline[-1].intercept_ += 1e-9


def missing_clip(pipeline: Any) -> None:
    step(pipeline, "clipped")[0].upper_bounds_ += 1e9


def one_sided_clip(pipeline: Any) -> None:
    step(pipeline, "clipped")[0].lower_bounds_[1] = -1e9


def wrong_fill(pipeline: Any) -> None:
    step(pipeline, "seats").statistics_ += 1


def wrong_scale(pipeline: Any) -> None:
    step(pipeline, "clipped")[2].scale_[2] *= 1 + 1e-9


def wrong_period(pipeline: Any) -> None:
    step(pipeline, "clock").period = 25


def wrong_order_of_categories(pipeline: Any) -> None:
    encoder = step(pipeline, "words")
    encoder.categories_[0] = encoder.categories_[0][::-1].copy()


def unknown_category_lost(pipeline: Any) -> None:
    encoder = step(pipeline, "words")
    encoder.categories_[0] = np.array(["EWR", "JFK", "QQQ"], dtype=object)


def wrong_target_mean(pipeline: Any) -> None:
    step(pipeline, "carrier").target_mean_ += 0.01


def wrong_encoding(pipeline: Any) -> None:
    step(pipeline, "carrier").encodings_[0][2] += 1e-6


def other_boolean(pipeline: Any) -> None:
    pipeline[-1].coef_[0, -1] *= -1


WEAKENED: list[Callable[[Any], None]] = [
    wrong_coefficient,
    wrong_intercept,
    missing_clip,
    one_sided_clip,
    wrong_fill,
    wrong_scale,
    wrong_period,
    wrong_order_of_categories,
    unknown_category_lost,
    wrong_target_mean,
    wrong_encoding,
    other_boolean,
]


@pytest.fixture(scope="module")
def fitted(fit: Any) -> Any:
    return fit(LogisticRegression(max_iter=3000), *STEPS)


def test_holds_for_the_plan_of_the_pipeline(fitted: Any) -> None:
    proof = fitted.prove()
    assert proof.holds, proof.reason
    assert proof.rows == 260
    assert (proof.refused, proof.reason) == (0, "")
    assert proof.largest < 1e-12


@pytest.mark.parametrize("weaken", WEAKENED, ids=[one.__name__ for one in WEAKENED])
def test_catches_a_linear_plan_with(weaken: Callable[[Any], None], fitted: Any) -> None:
    copy = deepcopy(fitted.pipeline)
    weaken(copy)
    weakened = study(copy, fitted.signature)
    assert isinstance(weakened, Plan)
    for seed in range(3):
        proof = fitted.prove(weakened, seed=seed)
        assert not proof.holds
        assert proof.reason


def flipped_nulls(pipeline: Any) -> None:
    for (predictor,) in pipeline[-1]._predictors:
        predictor.nodes["missing_go_to_left"] ^= 1


def wrong_leaf(pipeline: Any) -> None:
    nodes = pipeline[-1]._predictors[3][0].nodes
    nodes["value"][np.argmax(np.where(nodes["is_leaf"], nodes["count"], 0))] += 1e-9


def lost_tree(pipeline: Any) -> None:
    pipeline[-1]._predictors.pop()


def wrong_guess(pipeline: Any) -> None:
    pipeline[-1]._baseline_prediction = pipeline[-1]._baseline_prediction + 1e-9


@pytest.mark.parametrize("weaken", [flipped_nulls, wrong_leaf, lost_tree, wrong_guess, wrong_period])
def test_catches_a_plan_of_boosted_trees_with(weaken: Callable[[Any], None], fit: Any) -> None:
    steps = [("clipped", OutlierClipper(0.1, 0.9), NUMBERS), ("seats", "passthrough", ["seats"]), STEPS[1]]
    fitted = fit(HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=4, random_state=0), *steps)
    copy = deepcopy(fitted.pipeline)
    weaken(copy)
    weakened = study(copy, fitted.signature)
    assert isinstance(weakened, Plan)
    assert fitted.prove().holds
    assert not fitted.prove(weakened).holds


def test_catches_a_forest_that_compares_with_other_digits(fit: Any) -> None:
    fitted = fit(RandomForestClassifier(10, random_state=0), ("a", "passthrough", ["hour", "seats"]))
    copy = deepcopy(fitted.pipeline)
    for tree in copy[-1].estimators_:
        state = tree.tree_.__getstate__()
        state["nodes"]["threshold"] -= 0.5
        tree.tree_.__setstate__(state)
    weakened = study(copy, fitted.signature)
    assert isinstance(weakened, Plan)
    assert not fitted.prove(weakened).holds


def test_catches_a_plan_with_the_words_in_another_order(fitted: Any) -> None:
    words = {name: known[::-1] for name, known in fitted.plan.vocabularies.items()}
    assert not fitted.prove(replace(fitted.plan, vocabularies=words)).holds


def test_catches_a_plan_that_is_wrong_for_single_rows_only(fitted: Any) -> None:
    right = fitted.plan.predict
    single = replace(fitted.plan, predictor=lambda matrix: right(matrix) + (len(matrix) == 1) * 1e-6)
    assert not fitted.prove(single).holds


def test_catches_a_plan_that_changes_its_input(fitted: Any) -> None:
    def changing(matrix: Any) -> Any:
        found = fitted.plan.predict(matrix)
        matrix[0, 0] = 5.0
        return found

    assert fitted.prove(replace(fitted.plan, predictor=changing)).reason == "the plan changes its input"


@pytest.mark.parametrize(
    ("predictor", "reason"),
    [
        (lambda matrix: np.full((len(matrix), 1), 0.5), "shape"),
        (lambda matrix: np.full(len(matrix), np.nan), "nan"),
        (lambda matrix: np.full(len(matrix), np.inf), "inf"),
        (lambda matrix: matrix[10_000], "the plan fails: IndexError"),
    ],
)
def test_catches_a_plan_whose_answers_are_no_answers(predictor: Any, reason: str, fitted: Any) -> None:
    proof = fitted.prove(replace(fitted.plan, predictor=predictor))
    assert not proof.holds
    assert reason in proof.reason


def test_says_nothing_about_rows_that_the_pipeline_refuses(fitted: Any) -> None:
    def plain(frame: Any) -> Any:
        if frame["carrier"].null_count():
            raise ValueError("no nulls")
        return fitted.pipeline.predict_proba(frame)[:, 1]

    full = fitted.example.rows[0] | {"carrier": "AA"}
    example = replace(fitted.example, rows=(full,), predictions=(0.5,))
    from modelyard_serving.plans.proof import prove

    proof = prove(fitted.plan, plain, fitted.signature, example)
    assert proof.holds, proof.reason
    assert proof.refused > 5
    assert proof.rows + proof.refused == 257


def test_proves_nothing_where_the_pipeline_refuses_its_example_or_nearly_everything(fitted: Any) -> None:
    from modelyard_serving.plans.proof import prove

    def nothing(frame: Any) -> Any:
        raise ValueError("no")

    def little(frame: Any) -> Any:
        if frame.height > 1 or frame["temperature"][0] not in [row["temperature"] for row in fitted.example.rows]:
            raise ValueError("no")
        return fitted.pipeline.predict_proba(frame)[:, 1]

    assert (
        prove(fitted.plan, nothing, fitted.signature, fitted.example).reason == "the pipeline refuses its own example"
    )
    assert "of the drawn rows" in prove(fitted.plan, little, fitted.signature, fitted.example).reason


def test_proves_a_decoder_together_with_the_plan(fitted: Any) -> None:
    from modelyard_serving.plans.drawing import as_matrix

    def careless(columns: Any) -> Any:
        return np.nan_to_num(as_matrix(columns, fitted.signature, fitted.plan.vocabularies))

    assert not fitted.prove(encode=careless).holds


def test_draws_bounds_and_beyond_every_category_strangers_and_nulls(fitted: Any) -> None:
    columns = draw_rows(fitted.signature, {"origin": ("EWR", "JFK", "LGA")}, rows=256, seed=0)
    hours, seats, carriers, origins = (columns[name] for name in ("hour", "seats", "carrier", "origin"))
    assert {0, 23, 12, -1, 24, -23, 46} <= set(hours)
    assert None not in hours
    assert {None, 20, 400, 19, 401} <= set(seats)
    assert {"AA", "B6", "DL", "UA", "WN", "", "never seen", None} <= set(carriers)
    assert {"EWR", "JFK", "LGA", "", "never seen"} <= set(origins)
    assert set(columns["weekend"]) == {True, False}
    assert columns == draw_rows(fitted.signature, {"origin": ("EWR", "JFK", "LGA")}, rows=256, seed=0)
    assert columns != draw_rows(fitted.signature, {"origin": ("EWR", "JFK", "LGA")}, rows=256, seed=1)


def test_draws_every_category_however_many_there_are(fitted: Any) -> None:
    many = tuple(f"{number:04}" for number in range(700))
    assert set(many) <= set(draw_rows(fitted.signature, {"origin": many}, rows=10, seed=0)["origin"])
