"""Standard errors without resampling agree with their definition, with a library, and with the bootstrap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from modelyard.evaluation.paired.asymptotic import delong, estimate, paired_difference
from modelyard.evaluation.paired.bootstrap import paired_bootstrap
from modelyard.evaluation.paired.quantiles import student_quantile
from modelyard.evaluation.resampling import prepare, resampled_metrics


def delong_by_definition(labels, scores):
    """Every pair of a 1 and a 0, as the paper writes it: O(n^2)."""
    wins = [
        (one[labels == 1][:, None] > one[labels == 0]) + 0.5 * (one[labels == 1][:, None] == one[labels == 0])
        for one in scores
    ]
    of_ones, of_zeros = np.array([win.mean(axis=1) for win in wins]), np.array([win.mean(axis=0) for win in wins])
    return np.cov(of_ones) / of_ones.shape[1] + np.cov(of_zeros) / of_zeros.shape[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 40), st.integers(1, 8))
def test_the_fast_covariance_is_delongs_under_ties(seed, ones, zeros, distinct):
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.r_[np.ones(ones), np.zeros(zeros)])
    scores = [generator.integers(0, distinct, ones + zeros) / distinct for _ in range(3)]
    areas, covariance = delong(labels, scores)
    assert areas == pytest.approx([roc_auc_score(labels, one) for one in scores], abs=1e-12)
    assert covariance == pytest.approx(delong_by_definition(labels, scores), abs=1e-12)


def test_the_error_of_a_difference_follows_from_the_covariance(draw):
    labels, new, old = draw(1)
    areas, covariance = delong(labels, [new, old])
    models = [prepare("roc_auc", labels, one) for one in (new, old)]
    found = paired_difference("roc_auc", labels, *models)
    assert found.value == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert found.error**2 == pytest.approx(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], rel=1e-9)


@pytest.mark.parametrize("metric", resampled_metrics())
def test_every_metric_has_the_error_that_the_bootstrap_finds(draw, metric):
    labels, new, old = draw(2, rows=2000, gain=0.3)
    models = [prepare(metric, labels, one) for one in (new, old)]
    found = paired_difference(metric, labels, *models)
    drawn = paired_bootstrap(*models, rows=2000, metric=metric, resamples=2000, confidence=0.95, seed=1)
    assert found.value == pytest.approx(drawn.difference, abs=1e-12)
    assert np.ptp(found.interval(0.9)) == pytest.approx(np.ptp(drawn.interval), rel=0.1)
    assert found.interval(0.9) == pytest.approx(drawn.interval, abs=0.1 * np.ptp(drawn.interval))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.integers(2, 20), st.integers(1, 8))
def test_a_rows_part_in_the_average_precision_is_what_more_of_it_would_change(seed, ones, zeros, distinct):
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.r_[np.ones(ones), np.zeros(zeros)])
    scores = generator.integers(0, distinct, ones + zeros) / distinct
    parts, value = prepare("pr_auc", labels, scores).parts(), average_precision_score(labels, scores)
    assert parts.mean() == pytest.approx(value, abs=1e-12)
    little, rows = 1e-6, ones + zeros
    for row in range(rows):
        weights = np.ones(rows)
        weights[row] += little
        moved = average_precision_score(labels, scores, sample_weight=weights) - value
        assert parts[row] - value == pytest.approx(moved / little * rows, abs=1e-3)


@pytest.mark.parametrize("metric", resampled_metrics())
def test_one_models_interval_holds_its_metric(draw, metric):
    labels, scores, _ = draw(2)
    model = prepare(metric, labels, scores)
    found = estimate(metric, labels, model)
    assert found.value == pytest.approx(model.weighted(np.ones(len(labels), dtype=np.uint8)), abs=1e-12)
    assert found.interval(0.9)[0] < found.value < found.interval(0.9)[1]


@pytest.mark.parametrize("ones", [0.3, 0.03])
def test_intervals_cover_the_truth_as_often_as_they_say(ones):
    """90% intervals of a difference that is 0, over 600 draws, with few ones and with ties."""
    covered = []
    for trial in range(600):
        generator = np.random.default_rng(trial)
        rows = 1000
        labels = np.r_[np.ones(round(rows * ones)), np.zeros(rows - round(rows * ones))]
        shared = labels + generator.normal(size=rows)
        scores = [np.round(shared + 0.5 * generator.normal(size=rows), 1) for _ in range(2)]
        low, high = paired_difference("roc_auc", labels, *(prepare("roc_auc", labels, one) for one in scores)).interval(
            0.9
        )
        covered.append(low <= 0 <= high)
    assert 0.865 <= np.mean(covered) <= 0.935


@pytest.mark.parametrize("freedom", [9, 30, 200, 5000])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.975, 0.999])
def test_quantiles_agree_with_the_library(freedom, share):
    assert student_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-3, abs=1e-9)


def test_models_that_say_the_same_have_no_difference_and_no_error(draw):
    labels, scores, _ = draw(1)
    model = prepare("roc_auc", labels, scores)
    found = paired_difference("roc_auc", labels, model, model)
    assert (found.value, found.error, found.is_above(0, 0.95), found.is_below(0, 0.95)) == (0, 0, False, False)


def test_one_row_of_a_class_has_no_error():
    labels, scores = np.array([1.0, 0.0, 0.0]), np.array([0.3, 0.2, 0.1])
    assert estimate("roc_auc", labels, prepare("roc_auc", labels, scores)) is None


def test_all_labels_equal_is_no_r2_but_no_crash_either():
    labels, scores = np.full(50, 3.0), np.linspace(2, 4, 50)
    assert np.isnan(prepare("r2", labels, scores).weighted(np.ones(50, dtype=np.uint8)))


def test_a_perfect_regression_has_an_error_of_zero():
    labels = np.linspace(2, 4, 50)
    for metric in ("rmse", "mae", "r2"):
        assert estimate(metric, labels, prepare(metric, labels, labels)).error == 0
