"""Frozen rows wear out: every further comparison on them must be surer."""

from dataclasses import replace

import numpy as np
import pytest

from modelyard.evaluation.deciding import Findings, judge
from modelyard.evaluation.paired.asymptotic import paired_difference
from modelyard.evaluation.paired.bootstrap import paired_bootstrap
from modelyard.evaluation.resampling import prepare
from modelyard.evaluation.uses import needed_confidence, same_rows, use_of_rows

ROWS = {"data_versions": {"CURATED/parcels": 3}, "column": "sent_at", "start": "a", "end": "b", "rows": 400}


def kept(candidate, production, rows=ROWS, **more):
    return {"candidate": candidate, "production": production, "test_rows": rows, **more}


def number(*documents, candidate=3, production=1):
    return use_of_rows(documents, candidate=candidate, production=production, test_rows=ROWS)


def test_the_first_comparison_is_number_one():
    assert number() == 1


def test_other_comparisons_on_the_same_rows_are_counted():
    assert number(kept(2, 1), kept(4, 2)) == 3


def test_comparisons_on_other_rows_are_not():
    assert number(kept(2, 1, {**ROWS, "start": "b", "end": "c"})) == 1


def test_a_first_version_that_was_compared_with_nothing_decided_nothing():
    assert number(kept(1, None)) == 1


def test_the_same_comparison_again_keeps_its_number():
    assert number(kept(2, 1, use=1), kept(3, 1, use=2), kept(4, 1, use=3)) == 2
    assert number(kept(3, 1)) == 1


def test_what_cannot_be_read_is_counted():
    assert number(None, kept(2, 1)) == 3


def test_the_same_stretch_of_a_table_that_has_grown_is_the_same_rows():
    grown = {**ROWS, "data_versions": {"CURATED/parcels": 9}, "rows": 430}
    assert same_rows(ROWS, grown)
    assert same_rows({**ROWS, "key": ["a"]}, {**ROWS, "key": ("a",)})
    assert not same_rows(ROWS, {**ROWS, "end": "c"})


@pytest.mark.parametrize(("use", "needed"), [(1, 0.95), (2, 0.9875), (5, 0.998)])
def test_each_further_comparison_must_be_surer(use, needed):
    assert needed_confidence(0.95, use) == pytest.approx(needed)


def test_however_many_follow_the_chance_of_any_false_promotion_stays_bounded():
    spent = sum(1 - needed_confidence(0.95, use) for use in range(1, 10_000))
    assert spent < 0.05 * np.pi**2 / 6


def test_the_best_of_ten_equal_candidates_seldom_wins_where_uses_count_and_often_where_they_do_not(draw):
    """The trap that the counting is for, at 40 test sets with ten candidates each."""
    guarded = unguarded = 0
    for trial in range(40):
        labels, _, skilled = draw(trial)
        generator = np.random.default_rng(1_000 + trial)
        rivals = [prepare("roc_auc", labels, skilled + 0.1 * generator.normal(size=400)) for _ in range(11)]
        found = [findings(labels, one, rivals[0], use) for use, one in enumerate(rivals[1:], start=1)]
        guarded += any(wins(one) for one in found)
        unguarded += any(wins(replace(one, use=1)) for one in found)
    assert guarded / 40 <= 0.05 * np.pi**2 / 6 + 3 * (0.08 * 0.92 / 40) ** 0.5
    assert unguarded / 40 > 0.15


def findings(labels, new, old, use):
    drawn = paired_bootstrap(new, old, rows=400, metric="roc_auc", resamples=60, confidence=0.95, seed=use)
    apart = paired_difference("roc_auc", labels, new, old)
    return Findings(metric="roc_auc", rows=400, bootstrap=drawn, estimate=apart, use=use)


def wins(found):
    return judge(found, rule="paired", confidence=0.95).verdict == "candidate_wins"
