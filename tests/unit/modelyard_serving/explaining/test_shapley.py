"""Shapley values: what each feature adds, held to the definition and to shap."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard_serving.explaining.shapley import EXACT_FEATURES, shapley_values


def evaluator(function, row, background):
    """The mean of `function` when the features of a set come from `row`, the others from the background."""

    def evaluate(masks):
        mixed = np.where(masks[:, None, :], row, background[None])
        return function(mixed.reshape(-1, len(row))).reshape(len(masks), len(background)).mean(axis=1)

    return evaluate


def by_definition(evaluate, features):
    """The mean gain of each feature over all orders in which features can enter."""
    gains = np.zeros(features)
    orders = list(permutations(range(features)))
    for order in orders:
        entered = np.zeros((features + 1, features), dtype=bool)
        for step, feature in enumerate(order):
            entered[step + 1 :, feature] = True
        gains[list(order)] += np.diff(evaluate(entered))
    return gains / len(orders)


def tangled(rows):
    """A function in which features depend on one another."""
    together = np.tanh(rows.sum(axis=1)) * rows[:, 2]
    return np.tanh(rows[:, 0] * rows[:, 1]) + np.maximum(rows[:, 2], rows[:, -1]) + together


def drawn(features, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=features), random.normal(size=(5, features))


@pytest.mark.parametrize("features", [3, 4, 6])
def test_few_features_get_the_values_of_the_definition(features):
    evaluate = evaluator(tangled, *drawn(features))
    found = shapley_values(evaluate, features)
    np.testing.assert_allclose(found.contributions, by_definition(evaluate, features), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(features=st.integers(3, 16), seed=st.integers(0, 10**6))
def test_base_and_contributions_always_add_up_to_the_prediction(features, seed):
    row, background = drawn(features, seed)
    found = shapley_values(evaluator(tangled, row, background), features)
    assert found.base == pytest.approx(tangled(background).mean(), abs=1e-12)
    assert found.base + found.contributions.sum() == pytest.approx(tangled(row[None])[0], abs=1e-9)


@pytest.mark.parametrize("features", [4, 15])
def test_a_feature_that_the_function_ignores_contributes_nothing(features):
    row, background = drawn(features)
    found = shapley_values(evaluator(lambda rows: rows[:, 0] * rows[:, 1], row, background), features)
    np.testing.assert_allclose(found.contributions[2:], 0, atol=1e-12)


@pytest.mark.parametrize("features", [4, 30])
def test_a_sum_is_taken_apart_exactly_however_many_features_it_has(features):
    row, background = drawn(features)
    weights = np.arange(features) - 2.0
    found = shapley_values(evaluator(lambda rows: rows @ weights, row, background), features)
    np.testing.assert_allclose(found.contributions, weights * (row - background.mean(axis=0)), atol=1e-9)


def test_many_features_come_close_to_the_exact_values_and_closer_with_more_orders():
    features = EXACT_FEATURES
    evaluate = evaluator(tangled, *drawn(features))
    from modelyard_serving.explaining import shapley

    exact = shapley_values(evaluate, features).contributions
    errors = [
        np.abs(shapley._sampled(evaluate, features, orders=orders, seed=0).contributions - exact).max()
        for orders in (2, 32, 512)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.1 * np.abs(exact).max()


def test_the_same_request_is_explained_in_the_same_way():
    evaluate = evaluator(tangled, *drawn(14))
    first, again = (shapley_values(evaluate, 14).contributions for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, shapley_values(evaluate, 14, seed=1).contributions)
