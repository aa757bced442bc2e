"""Rows that hang together are no independent witnesses, however many they are."""

import numpy as np
import pytest

from modelyard.evaluation.paired.asymptotic import paired_difference
from modelyard.evaluation.paired.bootstrap import paired_bootstrap, resampled
from modelyard.evaluation.paired.clusters import clusters_of, drawing_of
from modelyard.evaluation.resampling import prepare, resampled_metrics

MEMBERS = 6


@pytest.fixture
def visits():
    """Customers with several rows each; what a model gets wrong of a customer, it gets wrong on each of them."""

    def drawn(seed, *, customers=120, gain=0.0, alike=0.9):
        generator = np.random.default_rng(seed)
        customer = np.repeat(np.arange(customers), generator.integers(1, 2 * MEMBERS, customers))
        labels = (generator.random(customers) < 0.4).astype(float)[customer]
        common = generator.normal(size=len(customer))

        def scores(strength):
            own = alike**0.5 * generator.normal(size=customers)[customer]
            own = own + (1 - alike) ** 0.5 * generator.normal(size=len(customer))
            return 1 / (1 + np.exp(-(strength * labels + 0.7 * common + 0.7 * own)))

        return labels, scores(1.2 + gain), scores(1.2), customer.tolist()

    return drawn


@pytest.fixture
def share_won(judge, visits):
    def share(*, trials, clustered=True, metric="roc_auc", **how):
        won = []
        for trial in range(trials):
            labels, new, old, customer = visits(20_000 + trial, **how)
            together = customer if clustered else None
            found = judge(labels, new, old, seed=trial, resamples=100, metric=metric, clusters=together)
            won.append(found.verdict == "candidate_wins")
        return np.mean(won)

    return share


LIMIT = 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
"""Equal models win in at most 5%, and three standard errors of such a share over 200 trials."""


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "log_loss"])
def test_equal_models_seldom_win_where_rows_hang_together(share_won, metric):
    assert share_won(trials=200, metric=metric) <= LIMIT


def test_whoever_takes_each_row_for_a_witness_is_caught(share_won):
    assert share_won(trials=200, clustered=False) > 2 * LIMIT


def test_a_better_model_still_wins(share_won):
    assert share_won(trials=60, gain=0.6) > 0.6


@pytest.mark.parametrize("metric", resampled_metrics())
def test_both_witnesses_agree_on_the_error(visits, metric):
    labels, new, old, customer = visits(3, customers=600)
    together = clusters_of(customer)
    models = [prepare(metric, labels, one) for one in (new, old)]
    found = paired_difference(metric, labels, *models, clusters=together)
    said = {"rows": len(labels), "metric": metric, "resamples": 1500, "confidence": 0.95, "seed": 1}
    drawn = paired_bootstrap(*models, **said, clusters=together)
    assert found.value == pytest.approx(drawn.difference, abs=1e-12)
    assert np.ptp(found.interval(0.9)) == pytest.approx(np.ptp(drawn.interval), rel=0.12)
    apart = paired_bootstrap(*models, **said)
    assert np.ptp(apart.interval) < 0.8 * np.ptp(drawn.interval)


@pytest.mark.parametrize("metric", resampled_metrics())
def test_clusters_of_one_row_each_change_nearly_nothing(draw, metric):
    labels, new, old = draw(2, rows=2000, gain=0.3)
    models = [prepare(metric, labels, one) for one in (new, old)]
    alone = paired_difference(metric, labels, *models, clusters=clusters_of(list(range(2000))))
    usual = paired_difference(metric, labels, *models)
    assert alone.error == pytest.approx(usual.error, rel=2e-3)
    once = resampled(*models, rows=2000, resamples=5, seed=1, clusters=clusters_of(list(range(2000))))
    assert (once == resampled(*models, rows=2000, resamples=5, seed=1)).all()


def test_rows_of_a_cluster_are_drawn_together_and_those_without_one_too():
    together = clusters_of(["a", "b", "a", None, "c", None])
    counts = drawing_of(6, 5, together).counts(0)
    assert counts[0] == counts[2]
    assert counts[3] == counts[5]
    assert counts[[0, 1, 3, 4]].sum() == together.count == 4


def test_many_rows_of_few_clusters_are_not_enough_to_tell(judge, visits):
    labels, new, old, customer = visits(1, customers=40, gain=3.0)
    found = judge(labels, new, old, clusters=customer)
    assert found.verdict == "not_enough_data"
    assert "test rows come in 40 clusters, and of one class there are rows in" in found.reasons[0]
    assert judge(labels, new, old).verdict == "candidate_wins"


def test_the_number_of_clusters_is_part_of_the_evidence(judge, visits):
    labels, new, old, customer = visits(1)
    found = judge(labels, new, old, clusters=customer)
    assert found.to_document()["clusters"] == 120
    assert found.digest != judge(labels, new, old).digest


def test_a_slice_counts_clusters_as_well(judge, visits):
    labels, new, old, customer = visits(1, customers=300, gain=0.5)
    half = ["even" if one % 2 == 0 else "odd" for one in customer]
    (wide, *_), (narrow, *_) = (
        judge(labels, new, old, slices={"half": half}, clusters=one).slices for one in (customer, None)
    )
    assert np.ptp(wide.interval) > 1.3 * np.ptp(narrow.interval)
