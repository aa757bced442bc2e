"""The gate to production accepts, refuses, says when it cannot tell, and a weakened copy of it is caught."""

from dataclasses import dataclass

import numpy as np
import pytest

from modelyard.evaluation.comparison import Scored, compare
from modelyard.evaluation.resampling import prepare


@dataclass(frozen=True)
class Floor:
    column: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    fewest: int = 50


def share_promoted(decide, draw, *, trials, **drawn):
    return np.mean([decide(*draw(10_000 + trial, **drawn), trial) for trial in range(trials)])


@pytest.fixture
def decide(judge):
    """The gate: does the candidate win?"""

    def decided(labels, new, old, seed, **changes):
        said = {"seed": seed, "resamples": 80, **changes}
        return judge(labels, new, old, **said).verdict == "candidate_wins"

    return decided


def prove_calibrated(decide, draw):
    """Equal models win in at most 5%, and three standard errors of such a share over 200 trials."""
    assert share_promoted(decide, draw, trials=200, gain=0.0) <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def prove_powerful(decide, draw):
    """A modestly better model wins at least six times in ten."""
    assert share_promoted(decide, draw, trials=100, gain=0.16, shared=0.9) >= 0.6


def prove_right_way_round(decide, draw):
    """A worse model never wins."""
    assert share_promoted(decide, draw, trials=30, gain=-0.4) == 0


def test_the_gate_is_calibrated_powerful_and_the_right_way_round(decide, draw):
    prove_calibrated(decide, draw)
    prove_powerful(decide, draw)
    prove_right_way_round(decide, draw)


def test_a_comparison_on_average_precision_is_calibrated_and_the_right_way_round(decide, draw):
    prove_calibrated(lambda *drawn: decide(*drawn, metric="pr_auc"), draw)
    prove_right_way_round(lambda *drawn: decide(*drawn, metric="pr_auc"), draw)


def larger_wins(labels, new, old, seed):
    """No test at all: whoever has the larger value."""
    del seed
    once = np.ones(len(labels), dtype=np.uint8)
    return prepare("roc_auc", labels, new).weighted(once) > prepare("roc_auc", labels, old).weighted(once)


def test_a_gate_that_takes_the_larger_value_is_caught(draw):
    with pytest.raises(AssertionError):
        prove_calibrated(larger_wins, draw)


def test_a_gate_with_a_lower_bar_is_caught(decide, draw):
    with pytest.raises(AssertionError):
        prove_calibrated(lambda *drawn: decide(*drawn, confidence=0.8), draw)


def test_a_gate_that_draws_other_rows_for_each_model_is_caught(decide, draw):
    with pytest.raises(AssertionError):
        prove_powerful(lambda *drawn: decide(*drawn, rule="unpaired_90"), draw)


def test_a_gate_that_compares_labels_instead_of_scores_is_caught(decide, draw):
    with pytest.raises(AssertionError):
        prove_powerful(lambda labels, new, old, seed: decide(labels, new.round(), old.round(), seed), draw)


def test_a_gate_with_its_sides_exchanged_is_caught(decide, draw):
    with pytest.raises(AssertionError):
        prove_right_way_round(lambda labels, new, old, seed: decide(labels, old, new, seed), draw)


def test_rare_ones_do_not_make_it_bold(decide):
    """40 ones among 2,000 rows, and scores of one digit, so that most are tied."""

    def drawn(seed):
        generator = np.random.default_rng(seed)
        labels = np.r_[np.ones(40), np.zeros(1960)]
        shared = generator.normal(size=2000)
        return (labels, *(np.round(labels + shared + 0.4 * generator.normal(size=2000), 1) for _ in range(2)))

    won = np.mean([decide(*drawn(seed), seed) for seed in range(150)])
    assert won <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


def test_equal_regressions_win_at_most_as_often_as_declared(decide):
    won = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        labels, shared = generator.normal(size=(2, 200))
        new, old = (labels + shared + 0.5 * generator.normal(size=200) for _ in range(2))
        won += decide(labels, new, old, seed, metric="rmse")
    assert won / 200 <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_the_unpaired_rule_is_there_by_name(draw, judge):
    drawn = draw(1, gain=1.0)
    found = judge(*drawn, rule="unpaired_90")
    assert (found.verdict, found.rule, found.needed) == ("candidate_wins", "unpaired_90", 0.9)
    assert judge(drawn[0], drawn[2], drawn[1], rule="unpaired_90").verdict == "production_wins"
    assert judge(drawn[0], drawn[1], drawn[1], rule="unpaired_90").verdict == "not_enough_data"


def test_what_cannot_be_told_says_what_could_be_and_how_many_rows_would_do(draw, judge):
    found = judge(*draw(3, gain=0.1))
    assert found.verdict == "not_enough_data"
    assert 0.005 < found.detectable < 0.1
    assert found.more_rows > 100
    said = " ".join(found.reasons)
    assert f"a true gain of {found.detectable:.4f} would be found with a probability of 80%" in said
    assert f"about {found.more_rows:,} rows more would show it" in said


def test_the_detectable_gain_is_found_four_times_in_five(judge, draw):
    """A gain of the size that is said to be detectable, over 120 draws; the share's error is 4%."""
    found = [judge(*draw(seed, gain=0.2, rows=500), resamples=100, seed=seed) for seed in range(120)]
    assert np.mean([one.bootstrap.difference for one in found]) == pytest.approx(
        np.mean([one.detectable for one in found]), rel=0.1
    )
    assert 0.68 < np.mean([one.verdict == "candidate_wins" for one in found]) < 0.92


def test_used_rows_ask_for_more_and_say_so(draw, judge):
    drawn = draw(1, gain=1.0)
    found = judge(*drawn, use=3)
    assert found.needed == pytest.approx(1 - 0.05 / 9)
    assert any("carry comparison number 3" in reason for reason in found.reasons)
    assert not any("comparison number" in reason for reason in judge(*drawn).reasons)


@pytest.mark.parametrize(("margin", "verdict"), [(0.0, "not_enough_data"), (0.05, "not_worse")])
def test_a_margin_lets_through_what_is_not_worse_by_more(draw, judge, margin, verdict):
    labels, new, old = draw(4, rows=2000)
    assert judge(labels, new, old, margin=margin).verdict == verdict


def test_a_margin_does_not_let_through_what_is_worse_by_more(draw, judge):
    labels, better, worse = draw(1, gain=1.0, rows=2000)
    assert judge(labels, worse, better, margin=0.01).verdict == "production_wins"


@pytest.fixture
def unfair(draw):
    """Better overall, and worse in the south."""
    labels, better, worse = draw(3, gain=1.2, rows=900)
    depot = np.array(["north"] * 650 + ["south"] * 200 + ["harbour"] * 40 + ["sea"] * 10)
    south = depot == "south"
    return labels, np.where(south, worse, better), np.where(south, better, worse), depot.tolist()


def test_better_overall_but_worse_in_a_protected_slice_is_refused(unfair, judge):
    labels, new, old, depot = unfair
    slices = {"depot": depot}
    assert judge(labels, new, old, slices=slices).verdict == "candidate_wins"
    found = judge(labels, new, old, slices=slices, floors=[Floor("depot", "roc_auc", at_least=0.5)])
    assert found.verdict == "fails_a_slice"
    assert "in depot = south (200 rows) the candidate is worse" in found.reasons[0]
    assert [row.value for row in found.slices if row.worse] == ["south"]
    assert any("better in" in reason for reason in found.reasons)


def test_a_floor_that_is_not_met_is_refused_with_the_number(unfair, judge):
    labels, new, old, depot = unfair
    found = judge(labels, new, old, slices={"depot": depot}, floors=[Floor("depot", "roc_auc", at_least=0.85)])
    assert found.verdict == "fails_a_slice"
    assert "roc_auc is 0." in found.reasons[0]
    assert "at least 0.85 is needed" in found.reasons[0]


def test_a_floor_holds_for_a_first_version_too(draw, judge):
    labels, scores, _ = draw(1)
    slices = {"depot": ["north"] * 400}
    low, high = ([Floor("depot", "roc_auc", at_least=floor)] for floor in (0.5, 0.99))
    assert judge(labels, scores, None, slices=slices, floors=low).verdict == "first"
    assert judge(labels, scores, None, slices=slices, floors=high).verdict == "fails_a_slice"


def test_equal_models_are_seldom_refused_for_a_slice_however_many_there_are(draw, judge):
    refused = 0
    for seed in range(80):
        labels, new, old = draw(seed, rows=2000)
        depot = [f"depot {row % 12}" for row in range(2000)]
        found = judge(
            labels, new, old, slices={"depot": depot}, floors=[Floor("depot", "roc_auc", at_least=0)], resamples=20
        )
        refused += any(row.worse for row in found.slices)
    assert refused / 80 <= 0.05 + 3 * (0.05 * 0.95 / 80) ** 0.5


def test_a_slice_that_is_worse_in_everything_is_found_by_its_interval_and_not_by_noise(unfair, judge):
    labels, new, old, depot = unfair
    rows = {row.value: row for row in judge(labels, new, old, slices={"depot": depot}).slices}
    assert rows["south"].interval[1] < 0 < rows["north"].interval[0]
    assert "sea" not in rows


def test_compare_takes_what_the_registry_knows(draw):
    """The whole call, as the workflow makes it."""
    labels, new, old = draw(1, gain=1.0)
    found = compare(
        labels,
        Scored(version=2, scores=new, learned_until="2013-06-01T00:00:00"),
        Scored(version=1, scores=old, learned_until="2013-05-01T00:00:00"),
        model="parcel_delay",
        metric="roc_auc",
        test_rows={"start": "2013-06-01T00:00:00", "end": "2013-07-01T00:00:00", "data_versions": {}},
        slices={},
        confidence=0.95,
        resamples=50,
        seed=1,
    )
    assert (found.verdict, found.use, found.needed, found.estimate.value > 0) == ("candidate_wins", 1, 0.95, True)
