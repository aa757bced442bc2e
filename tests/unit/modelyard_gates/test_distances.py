import numpy as np
import polars as pl
import pytest

from modelyard.gates.distances import categories, holm, novelty, nulls, numbers
from modelyard.gates.profile import ColumnProfile
from modelyard.gates.sketch import sketch_of


def category_profile(values):
    counts = dict(pl.Series(values).value_counts().iter_rows())
    return ColumnProfile(len(values), 0, categories=counts)


def test_the_p_value_of_numbers_is_that_of_scipys_two_sample_test():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(5)
    for shift in (0.0, 0.02, 0.05):
        a, b = rng.normal(size=4_000), rng.normal(size=9_000) + shift
        ours, theirs = numbers(sketch_of(a), sketch_of(b)), ks_2samp(a, b, method="asymp")
        assert ours.effect == pytest.approx(theirs.statistic, abs=0.006)
        assert (ours.p_value < 0.01) == (theirs.pvalue < 0.01)


def test_the_p_value_of_categories_is_that_of_the_chi_square_test():
    from scipy.stats import chi2_contingency

    rng = np.random.default_rng(6)
    a, b = (
        rng.choice(list("abcd"), 2_000, p=[0.4, 0.3, 0.2, 0.1]),
        rng.choice(list("abcd"), 3_000, p=[0.42, 0.28, 0.2, 0.1]),
    )
    table = [[int((side == name).sum()) for name in "abcd"] for side in (a, b)]
    assert categories(category_profile(a), category_profile(b)).p_value == pytest.approx(
        chi2_contingency(table, correction=False).pvalue
    )


def test_the_effect_of_categories_is_the_share_of_rows_that_changed():
    a, b = category_profile(["x"] * 50 + ["y"] * 50), category_profile(["x"] * 50 + ["z"] * 50)
    assert categories(a, b).effect == pytest.approx(0.5)
    assert categories(a, a).effect == 0


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_the_tolerance_covers_what_chance_does(kind):
    rng = np.random.default_rng(7)
    outside = 0
    for _ in range(200):
        if kind == "numbers":
            distance = numbers(sketch_of(rng.normal(size=500)), sketch_of(rng.normal(size=800)))
        else:
            a, b = rng.integers(0, 9, 500), rng.integers(0, 9, 800)
            distance = categories(category_profile(a), category_profile(b))
        outside += distance.effect > distance.tolerance
    assert outside <= 6


def test_null_shares_are_compared_by_the_two_proportion_test():
    same = nulls(ColumnProfile(1_000, 100), ColumnProfile(5_000, 500))
    more = nulls(ColumnProfile(1_000, 200), ColumnProfile(5_000, 500))
    assert (same.effect, same.p_value) == (0, 1)
    assert more.effect == pytest.approx(0.1)
    assert more.p_value < 1e-12


def test_novelty_counts_rows_with_categories_never_stored():
    stored = category_profile(["a"] * 90 + ["b"] * 10)
    assert novelty(category_profile(["a"] * 80 + ["c"] * 20), stored).effect == pytest.approx(0.2)
    assert novelty(stored, stored).effect == 0
    assert novelty(ColumnProfile(10, 0, categories={"a": 5}, other=5), stored) is None


def test_holms_correction_is_the_textbooks():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
