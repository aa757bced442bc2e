"""Folds never let a trial learn from what judges it, and only what falls behind is given up."""

import math

import numpy as np
import polars as pl
import pytest

from modelyard.errors import DataNotReadyError
from modelyard.models.preparing import labelled_parts
from modelyard.models.splitting import HashSplit
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard.testing.search_fakes import searched_spec
from modelyard_training.search.folds import bars_of, fell_behind, ground_of

CUSTOMERS = 300


@pytest.fixture
def by_customer():
    frame = sample_frame().with_columns(customer=pl.Series(np.arange(1200) % CUSTOMERS))
    spec = sample_spec(split=HashSplit(key=("customer",)), search=searched_spec(folds=4, rows=10_000).search)
    return spec, labelled_parts(spec, frame, data_versions={})


def over_time(folds, frame=None):
    spec = searched_spec(folds=folds, rows=10_000)
    parts = labelled_parts(spec, sample_frame() if frame is None else frame, data_versions={})
    return ground_of(spec, parts), parts


def test_one_fold_learns_from_train_and_is_judged_by_validation():
    ground, parts = over_time(1)
    (fold,) = ground.folds
    assert ground.rows_of(*fold.learn).equals(parts.train)
    assert ground.rows_of(fold.judge).equals(parts.validation)


def test_blocks_of_time_are_judged_by_what_lies_before_them_and_validation_stays_new():
    ground, parts = over_time(4)
    assert ground.frame.height == parts.train.height
    for fold in ground.folds:
        assert ground.rows_of(*fold.learn)["sent_at"].max() <= ground.rows_of(fold.judge)["sent_at"].min()
    assert ground.folds[-1].judge[1] == parts.train.height


def test_folds_by_hash_cut_no_entity_and_judge_every_row_once(by_customer):
    ground = ground_of(*by_customer)
    judged = [set(ground.rows_of(fold.judge)["customer"]) for fold in ground.folds]
    for fold, customers in zip(ground.folds, judged, strict=True):
        assert not customers & set(ground.rows_of(*fold.learn)["customer"])
    assert sum(len(ground.rows_of(fold.judge)) for fold in ground.folds) == ground.frame.height
    assert len(set().union(*judged)) == sum(map(len, judged))


def test_folds_of_a_hash_are_of_about_the_same_size(by_customer):
    ground = ground_of(*by_customer)
    sizes = [fold.judge[1] - fold.judge[0] for fold in ground.folds]
    assert max(sizes) < 2 * min(sizes)


def test_fewer_rows_than_folds_need_are_refused_with_the_next_step():
    with pytest.raises(DataNotReadyError, match=r"searches with 40 folds, but there are .* at least 82") as refused:
        over_time(40, sample_frame(rows=80))
    assert "declare fewer folds" in refused.value.hint


def test_a_fold_with_one_class_only_is_refused_with_the_next_step():
    early = pl.col("sent_at") < pl.lit("2013-03-01").str.to_datetime()
    frame = sample_frame().with_columns(hours_late=pl.when(early).then(1.0).otherwise(pl.col("hours_late")))
    with pytest.raises(DataNotReadyError, match="fold 1 of 4 of model parcel_delay has one class only") as refused:
        over_time(4, frame)
    assert "declare fewer folds" in refused.value.hint


def test_nothing_is_given_up_before_three_trials_have_passed():
    assert bars_of([(0.1, 0.1), (0.2, 0.2)], 2) == (math.inf,)


def test_the_worse_half_of_what_passed_a_fold_is_given_up():
    losses = [(0.1, 0.5), (0.2, 0.1), (0.3,), (0.4,)]
    assert bars_of(losses, 2) == (0.2,)


def test_rungs_are_at_one_two_four_folds_and_compare_means_over_the_same_folds():
    losses = [(0.1, 0.3, 9, 9, 9)] * 2 + [(0.3, 0.5, 9, 9, 9)] * 2
    bars = bars_of(losses, 8)
    assert bars[0] == pytest.approx(0.1)
    assert bars[1] == pytest.approx(0.2)
    assert bars[2] == math.inf
    assert bars[3] == pytest.approx((0.1 + 0.3 + 9 + 9) / 4)
    assert bars[4:] == (math.inf,) * 3


HARD_AND_EASY = (0.2, 0.9, 0.3, 0.7, 0.5, 0.8, 0.4, 0.6)
"""Folds differ much more from each other than parameters do."""


def behind(apart, folds=8):
    return fell_behind([loss + more for loss, more in zip(HARD_AND_EASY[:folds], apart, strict=False)], HARD_AND_EASY)


def test_whoever_is_a_little_worse_on_every_fold_has_fallen_behind_after_four():
    assert [behind([0.011, 0.012, 0.013, 0.014], folds) for folds in (1, 2, 3, 4)] == [False, False, False, True]


def test_whoever_is_better_or_the_same_has_not_fallen_behind():
    assert not behind([0.0] * 8)
    assert not behind([-0.01] * 8)


def test_one_odd_fold_decides_nothing():
    assert not behind([5.0, -0.01, -0.02, -0.03, -0.04, -0.05, -0.06, -0.07])
    assert behind([-0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08])


def test_parameters_that_are_equally_good_are_seldom_given_up():
    generator = np.random.default_rng(0)
    rounds = [behind(generator.normal(scale=0.05, size=8)) for _ in range(1000)]
    assert np.mean(rounds) < 0.1 + 3 * (0.1 * 0.9 / 1000) ** 0.5
    assert np.mean([behind(generator.normal(0.05, 0.05, size=8)) for _ in range(1000)]) > 0.6
