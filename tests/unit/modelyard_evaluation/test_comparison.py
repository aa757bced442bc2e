"""The comparison says who wins, why, and when it cannot be said."""

import json

import numpy as np
import pytest

from modelyard.evaluation.comparison import Scored, compare


def test_a_clearly_better_candidate_wins(draw, judge):
    found = judge(*draw(1, gain=1.0))
    assert found.verdict == "candidate_wins"
    assert found.bootstrap.share_won > 0.95
    assert found.bootstrap.interval[0] > 0
    assert "better in" in found.reasons[0]


def test_a_clearly_worse_candidate_loses(draw, judge):
    labels, better, worse = draw(1, gain=1.0)
    assert judge(labels, worse, better).verdict == "production_wins"


def test_the_same_model_twice_cannot_win(draw, judge):
    labels, scores, _ = draw(1)
    found = judge(labels, scores, scores)
    assert found.verdict == "not_enough_data"
    assert found.bootstrap.share_won == 0.5
    assert found.bootstrap.difference == 0


def test_a_candidate_whose_scores_only_have_another_scale_cannot_win_by_auc(draw, judge):
    labels, scores, _ = draw(1)
    assert judge(labels, scores / 2, scores).bootstrap.share_won == 0.5


def test_nothing_in_production_is_a_verdict_of_its_own(draw, judge):
    labels, scores, _ = draw(1)
    found = judge(labels, scores, None)
    assert (found.verdict, found.production, found.bootstrap) == ("first", None, None)


@pytest.mark.parametrize("production", [True, False])
def test_too_few_rows_of_a_class_tell_nothing(draw, judge, production):
    labels, better, worse = draw(1, gain=3.0, rows=60)
    found = judge(labels, better, worse if production else None)
    assert found.verdict == "not_enough_data"
    assert "below 30 nothing can be told" in found.reasons[0]


@pytest.mark.parametrize("late", ["candidate", "production"])
def test_a_version_that_has_seen_the_test_rows_is_not_compared(draw, late):
    labels, better, worse = draw(1, gain=1.0)
    until = {"candidate": "2013-06-01T00:00:00", "production": "2013-06-01T00:00:00", late: "2013-06-20T00:00:00"}
    found = compare(
        labels,
        Scored(version=2, scores=better, learned_until=until["candidate"]),
        Scored(version=1, scores=worse, learned_until=until["production"]),
        model="parcel_delay",
        metric="roc_auc",
        test_rows={"start": "2013-06-01T00:00:00", "end": "2013-07-01T00:00:00", "data_versions": {}},
        slices={},
        confidence=0.95,
        resamples=50,
        seed=1,
    )
    assert found.verdict == "not_comparable"
    assert f"version {2 if late == 'candidate' else 1} has learned from rows up to 2013-06-20" in found.reasons[0]


def test_times_are_compared_as_times_and_not_as_text(draw):
    labels, better, worse = draw(1, gain=1.0)
    found = compare(
        labels,
        Scored(version=2, scores=better, learned_until="2013-06-01T00:00:00-05:00"),
        Scored(version=1, scores=worse, learned_until="2013-06-01T01:00:00-04:00"),
        model="parcel_delay",
        metric="roc_auc",
        test_rows={"start": "2013-06-01T00:00:00-05:00", "end": "2013-07-01T00:00:00-05:00", "data_versions": {}},
        slices={},
        confidence=0.95,
        resamples=50,
        seed=1,
    )
    assert found.verdict == "candidate_wins"


def test_the_same_seed_gives_the_same_evidence_and_another_seed_another(draw, judge):
    drawn = draw(1, gain=0.3)
    assert judge(*drawn).digest == judge(*drawn).digest
    assert judge(*drawn, seed=8).digest != judge(*drawn).digest


def test_slices_show_where_the_better_model_is_worse(draw, judge):
    labels, better, worse = draw(3, gain=1.0, rows=600)
    depot = np.array(["north"] * 400 + ["south"] * 190 + [None] * 10, dtype=object)
    mixed = np.where(depot == "south", worse, better)
    found = judge(labels, mixed, np.where(depot == "south", better, worse), slices={"depot": depot.tolist()})
    assert [(row.value, row.rows) for row in found.slices] == [("north", 400), ("south", 190)]
    assert found.slices[0].difference > 0 > found.slices[1].difference


def test_lower_is_better_where_it_is(draw, judge):
    generator = np.random.default_rng(1)
    labels = generator.normal(size=300)
    close, far = labels + 0.1 * generator.normal(size=300), labels + generator.normal(size=300)
    found = judge(labels, close, far, metric="rmse", slices={"all": ["x"] * 300})
    assert (found.verdict, found.positives) == ("candidate_wins", None)
    assert found.bootstrap.difference > 0
    assert found.slices[0].difference > 0


def test_goes_to_json_and_back_to_the_same_values(draw, judge):
    found = judge(*draw(1, gain=1.0), slices={"depot": ["north"] * 400})
    document = json.loads(json.dumps(found.to_document()))
    assert document == found.to_document()
    assert document["verdict"] == "candidate_wins"
    assert document["slices"][0]["value"] == "north"
