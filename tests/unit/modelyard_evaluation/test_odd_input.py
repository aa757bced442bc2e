"""Scores and rows that cannot be compared end in a verdict that says so, never in a crash or a winner."""

import json

import numpy as np
import pytest

from modelyard.evaluation.report import comparison_page


def shown(found, labels, *scores):
    """The page must come out too."""
    return comparison_page(found, labels, {f"version {2 - place}": one for place, one in enumerate(scores)})


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_candidate_that_gives_no_number_is_not_promoted(draw, judge, odd):
    labels, new, old = draw(1, gain=2.0)
    new[[3, 5]] = odd
    found = judge(labels, new, old)
    assert found.verdict == "invalid_scores"
    assert found.reasons == ("version 2 gives no number for 2 of 400 test rows; it is not promoted",)
    assert found.candidate_value is None
    assert "no numbers" in shown(found, labels, new, old)


def test_production_that_gives_no_number_cannot_be_compared_with(draw, judge):
    labels, new, old = draw(1)
    old[0] = np.nan
    found = judge(labels, new, old)
    assert (found.verdict, found.reasons) == (
        "not_comparable",
        ("version 1 gives no number for 1 of 400 test rows",),
    )


def test_a_missing_label_is_named(draw, judge):
    labels, new, old = draw(1)
    labels[7] = np.nan
    assert judge(labels, new, old).reasons[0] == "1 of 400 test rows have no label"


def test_a_document_with_no_numbers_is_still_json(draw, judge):
    labels, new, old = draw(1)
    new[0] = np.nan
    text = json.dumps(judge(labels, new, old).to_document(), allow_nan=False)
    assert json.loads(text)["candidate_value"] is None


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("production", [True, False])
def test_one_class_only_tells_nothing(draw, judge, label, production):
    labels, new, old = draw(1)
    labels[:] = label
    found = judge(labels, new, old if production else None)
    assert found.verdict == "not_enough_data"
    assert f"hold 0 of class {int(1 - label)}" in found.reasons[0]
    assert found.more_rows is None
    json.dumps(found.to_document(), allow_nan=False)
    assert "Not enough data" in shown(found, labels, new, old)


def test_too_few_rows_say_how_many_more_are_needed(draw, judge):
    labels, new, old = draw(1, rows=60)
    found = judge(labels, new, old)
    ones = int(labels.sum())
    assert found.more_rows == int(np.ceil((30 - ones) * 60 / ones))
    assert f"about {found.more_rows} rows more are needed" in found.reasons[0]


def test_too_few_rows_of_a_regression_say_so_as_well(judge):
    labels = np.linspace(0, 1, 12)
    found = judge(labels, labels, labels / 2, metric="rmse")
    assert (found.verdict, found.more_rows) == ("not_enough_data", 18)


def test_no_row_at_all_tells_nothing(judge):
    found = judge(np.zeros(0), np.zeros(0), np.zeros(0))
    assert found.verdict == "not_enough_data"
    assert "Not enough data" in shown(found, np.zeros(0), np.zeros(0), np.zeros(0))


def test_a_candidate_with_constant_scores_loses_against_one_that_knows_something(draw, judge):
    labels, _, old = draw(1)
    found = judge(labels, np.full(400, 0.3), old)
    assert found.verdict == "production_wins"
    assert found.reasons[-1] == "version 2 gives the same score on every row"
    assert "Production wins" in shown(found, labels, np.full(400, 0.3), old)


def test_two_constant_models_cannot_be_told_apart_by_any_number_of_rows(draw, judge):
    labels, _, _ = draw(1)
    found = judge(labels, np.full(400, 0.3), np.full(400, 0.4))
    assert (found.verdict, found.more_rows) == ("not_enough_data", None)
    assert "more rows like these would not tell them apart" in " ".join(found.reasons)


def test_a_perfect_candidate_wins_although_its_error_is_zero(draw, judge):
    labels, _, _ = draw(1)
    assert judge(labels, labels.copy(), np.full(400, 0.4)).verdict == "candidate_wins"


@pytest.mark.parametrize(
    ("learned", "start", "comparable"),
    [
        ("0.8 of hash(customer)", "0.8 of hash(customer)", True),
        ("0.7 of hash(customer)", "0.8 of hash(customer)", True),
        ("0.9 of hash(customer)", "0.8 of hash(customer)", False),
        ("0.8 of hash(machine)", "0.8 of hash(customer)", False),
        ("2013-06-01T00:00:00", "0.8 of hash(customer)", False),
        ("0.8 of hash(customer)", "2013-06-01T00:00:00", False),
    ],
)
def test_rows_split_by_hash_are_new_to_what_learned_before_them_on_the_same_line(
    draw, judge, learned, start, comparable
):
    rows = {"data_versions": {}, "column": "hash(customer)", "start": start, "end": "1", "rows": 400}
    found = judge(*draw(1, gain=1.0), test_rows=rows, learned_until=learned)
    assert (found.verdict == "candidate_wins") == comparable
    if not comparable:
        assert found.verdict == "not_comparable"
        assert f"has learned from rows up to {learned}" in found.reasons[0]
