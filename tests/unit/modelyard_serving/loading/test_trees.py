"""Trees that would lead scikit-learn out of its memory, or in circles."""

from __future__ import annotations

import copy

import pytest

from modelyard_bundle import BundleError
from modelyard_serving.loading.trees import check_trees


@pytest.fixture
def boosting(train):
    return copy.deepcopy(train(estimator="boosting").pipeline)


@pytest.fixture
def forest(train):
    return copy.deepcopy(train(estimator="forest").pipeline)


@pytest.mark.parametrize("estimator", ["linear", "boosting", "forest"])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_fitted_trees_are_in_order(train, task, estimator):
    check_trees(train(task=task, estimator=estimator).pipeline)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 0), ("right", 0), ("left", 2**31), ("feature_idx", 4), ("feature_idx", 2**31)]
)
def test_refuses_a_boosted_tree_that_leads_outside_or_in_a_circle(boosting, field, value):
    boosting[-1]._predictors[3][0].nodes[field][0] = value
    with pytest.raises(BundleError, match="broken"):
        check_trees(boosting)


def test_refuses_a_set_of_categories_that_does_not_exist(boosting):
    split = categorical_split(boosting)
    split["bitset_idx"] = 1000
    with pytest.raises(BundleError, match="set of categories"):
        check_trees(boosting)


def test_refuses_a_split_by_category_of_a_number(boosting):
    split = categorical_split(boosting)
    split["feature_idx"] = 3
    with pytest.raises(BundleError, match="number by category"):
        check_trees(boosting)


def categorical_split(pipeline):
    for (predictor,) in pipeline[-1]._predictors:
        for index, node in enumerate(predictor.nodes):
            if node["is_categorical"] and not node["is_leaf"]:
                return predictor.nodes[index]
    raise AssertionError("no split by category")


@pytest.mark.parametrize("value", [-1.0, 256.0, float("nan")])
def test_refuses_a_category_that_has_no_bit(boosting, value):
    bins = boosting[-1]._bin_mapper
    column = list(bins.is_categorical_).index(1)
    bins.bin_thresholds_[column] = bins.bin_thresholds_[column] * 0 + value
    with pytest.raises(BundleError, match="category beyond"):
        check_trees(boosting)


@pytest.mark.parametrize(
    ("field", "value"), [("children_left", 0), ("children_right", 10**6), ("children_left", -1), ("feature", 99)]
)
def test_refuses_a_tree_of_a_forest_that_leads_outside_or_in_a_circle(forest, field, value):
    getattr(forest[-1].estimators_[2].tree_, field)[0] = value
    with pytest.raises(BundleError, match="broken"):
        check_trees(forest)
