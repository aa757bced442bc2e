"""Metrics agree with the library, and resampled ones with the library on resampled rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as library

from modelyard.evaluation.metrics import binary_metrics, calibration_bins, is_better, regression_metrics
from modelyard.evaluation.resampling import prepare_metric, resampled_metrics


@pytest.fixture
def scored():
    generator = np.random.default_rng(1)
    scores = generator.uniform(0.01, 0.99, 500)
    return (generator.random(500) < scores).astype(float), scores


def test_a_model_that_always_says_the_base_rate_has_no_skill():
    labels = np.array([0.0, 0.0, 0.0, 1.0])
    assert binary_metrics(labels, np.full(4, 0.3), base_rate=0.3)["brier_skill"] == 0


def test_skill_is_measured_against_what_was_known_at_training_not_against_the_future():
    labels, scores = np.array([1.0, 1.0, 1.0, 0.0]), np.full(4, 0.6)
    against_training = binary_metrics(labels, scores, base_rate=0.25)["brier_skill"]
    against_the_future = binary_metrics(labels, scores, base_rate=0.75)["brier_skill"]
    assert against_training > 0 > against_the_future


def test_accuracy_is_taken_at_the_declared_threshold():
    labels, scores = np.array([0.0, 1.0]), np.array([0.3, 0.4])
    assert binary_metrics(labels, scores, threshold=0.35, base_rate=0.5)["accuracy"] == 1
    assert binary_metrics(labels, scores, base_rate=0.5)["accuracy"] == 0.5


def test_a_calibrated_model_has_a_small_calibration_error_and_a_shifted_one_a_large(scored):
    labels, scores = scored
    assert binary_metrics(labels, scores, base_rate=0.5)["calibration_error"] < 0.07
    assert binary_metrics(labels, scores / 2, base_rate=0.5)["calibration_error"] > 0.2


def test_calibration_bins_hold_every_row_once(scored):
    assert sum(count for _, _, count in calibration_bins(*scored)) == 500
    assert sum(count for _, _, count in calibration_bins(np.array([1.0, 0.0]), np.array([0.2, 0.1]))) == 2


def test_regression_metrics_agree_with_the_library():
    generator = np.random.default_rng(2)
    labels = generator.normal(size=100)
    scores = labels + generator.normal(size=100)
    found = regression_metrics(labels, scores)
    assert found["r2"] == pytest.approx(library.r2_score(labels, scores))
    assert found["rmse"] == pytest.approx(library.root_mean_squared_error(labels, scores))
    assert found["mae"] == pytest.approx(library.mean_absolute_error(labels, scores))


def test_the_direction_of_a_metric_is_known():
    assert is_better("roc_auc", 0.7, than=0.6)
    assert is_better("log_loss", 0.3, than=0.4)
    assert not is_better("roc_auc", 0.6, than=0.6)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 60),
    st.integers(1, 8),
    st.floats(0.05, 0.95),
)
def test_the_resampled_auc_equals_the_library_under_ties(seed, rows, distinct, share):
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < share).astype(float)
    scores = generator.integers(0, distinct, rows) / distinct
    weights = np.bincount(generator.integers(0, rows, rows), minlength=rows)
    found = prepare_metric("roc_auc", labels, scores)(weights)
    drawn = labels.repeat(weights)
    if 0 < drawn.sum() < len(drawn):
        assert found == pytest.approx(library.roc_auc_score(drawn, scores.repeat(weights)), abs=1e-12)
    else:
        assert np.isnan(found)


@pytest.mark.parametrize(
    ("metric", "function"),
    [
        ("pr_auc", library.average_precision_score),
        ("brier", library.brier_score_loss),
        ("log_loss", library.log_loss),
        ("mse", library.mean_squared_error),
        ("mae", library.mean_absolute_error),
        ("rmse", library.root_mean_squared_error),
        ("r2", library.r2_score),
    ],
)
def test_every_other_resampled_metric_equals_the_library(scored, metric, function):
    labels, scores = scored
    weights = np.bincount(np.random.default_rng(4).integers(0, 500, 500), minlength=500)
    found = prepare_metric(metric, labels, scores)(weights)
    assert found == pytest.approx(function(labels.repeat(weights), scores.repeat(weights)), abs=1e-12)


def test_every_resampled_metric_is_tested_here():
    assert set(resampled_metrics()) == {"roc_auc", "pr_auc", "brier", "log_loss", "mse", "mae", "rmse", "r2"}
