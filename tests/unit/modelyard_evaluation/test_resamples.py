"""The bootstrap of two models: exact, reproducible, and small in memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from modelyard.evaluation.paired.bootstrap import paired_bootstrap, resampled
from modelyard.evaluation.paired.drawing import Drawing
from modelyard.evaluation.resampling import prepare


@pytest.fixture
def bootstrapped():
    def done(labels, candidate, production, metric="roc_auc", **changes):
        models = (prepare(metric, labels, one) for one in (candidate, production))
        said = {"resamples": 200, "confidence": 0.95, "seed": 7, **changes}
        return paired_bootstrap(*models, rows=len(labels), metric=metric, **said)

    return done


LIBRARY = {"roc_auc": roc_auc_score, "pr_auc": average_precision_score}


@pytest.mark.parametrize("library", LIBRARY.items(), ids=LIBRARY)
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 120), st.integers(1, 6), st.integers(0, 50))
def test_every_resample_equals_the_library_on_the_rows_drawn_under_ties(library, seed, rows, distinct, place):
    metric, measure = library
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < 0.4).astype(float)
    scores = [generator.integers(0, distinct, rows) / distinct for _ in range(2)]
    models = [prepare(metric, labels, one) for one in scores]
    found = resampled(*models, rows=rows, resamples=place + 1, seed=seed)[place]
    drawn = np.repeat(np.arange(rows), Drawing(rows, seed).counts(place))
    if len(np.unique(labels[drawn])) < 2:
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx([measure(labels[drawn], one[drawn]) for one in scores], abs=1e-12)


@pytest.mark.parametrize("metric", LIBRARY)
@pytest.mark.parametrize("threads", [2, 3, 64])
def test_threads_do_not_change_the_answer(draw, threads, metric):
    labels, new, old = draw(1, rows=3000)
    models = [prepare(metric, labels, one) for one in (new, old)]
    alone = resampled(*models, rows=3000, resamples=30, seed=1, threads=1)
    assert (resampled(*models, rows=3000, resamples=30, seed=1, threads=threads) == alone).all()


def test_the_difference_is_in_favour_of_the_candidate_whatever_the_metric(draw, bootstrapped):
    labels, better, worse = draw(1, gain=1.0)
    for metric in ("roc_auc", "pr_auc", "log_loss"):
        assert bootstrapped(labels, better, worse, metric).difference > 0
        assert bootstrapped(labels, worse, better, metric).difference < 0
    numbers = np.random.default_rng(1).normal(size=200)
    for metric in ("rmse", "mse", "mae", "r2"):
        assert bootstrapped(numbers, numbers * 0.9, numbers * 0.5, metric).share_won == 1


def test_pairing_makes_the_interval_narrow(draw, bootstrapped):
    drawn = draw(1, rows=2000)
    width = {how: np.ptp(bootstrapped(*drawn, pairing=how, resamples=500).interval) for how in ("paired", "unpaired")}
    assert width["paired"] < 0.6 * width["unpaired"]


def test_a_margin_counts_what_is_worse_by_less(draw, bootstrapped):
    labels, scores, _ = draw(1)
    found = bootstrapped(labels, scores, scores, margin=0.01)
    assert (found.share_won, found.share_not_worse) == (0.5, 1.0)


def test_the_bars_hold_every_resample(draw, bootstrapped):
    found = bootstrapped(*draw(1))
    assert sum(found.bars) == found.resamples == 200
    assert found.bounds[0] < found.difference < found.bounds[1]


def test_memory_does_not_grow_with_resamples(draw):
    rows = 100_000
    labels, new, old = draw(1, rows=rows)
    models = [prepare("roc_auc", labels, one) for one in (new, old)]
    peaks = []
    for resamples in (4, 40):
        tracemalloc.start()
        resampled(*models, rows=rows, resamples=resamples, seed=1, threads=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
    assert peaks[1] < 30 * rows
