"""Floors hold in every slice of a column, and say why not where they do not."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn import metrics as library

from modelyard.errors import InvalidModelError
from modelyard.evaluation.floors import check_floors, failures, floor_metrics


@dataclass(frozen=True)
class Floor:
    column: str = "depot"
    metric: str = "accuracy"
    at_least: float | None = None
    at_most: float | None = None
    fewest: int = 2


LABELS = np.array([1.0, 1, 0, 0, 1, 0])
SCORES = np.array([0.9, 0.4, 0.2, 0.1, 0.3, 0.6])
DEPOT = {"depot": ["north", "north", "north", "north", "south", "south"]}


def test_a_slice_below_its_floor_fails_with_the_number():
    found = check_floors(LABELS, SCORES, [Floor(at_least=0.7)], columns=DEPOT)
    assert [(one.value, one.passed) for one in found] == [("north", True), ("south", False)]
    assert list(failures(found)) == ["in depot = south (2 rows), accuracy is 0.0000; at least 0.7 is needed"]


def test_a_slice_above_its_ceiling_fails():
    found = check_floors(LABELS, SCORES, [Floor(metric="brier", at_most=0.2)], columns=DEPOT)
    assert list(failures(found)) == ["in depot = south (2 rows), brier is 0.4250; at most 0.2 is allowed"]


def test_a_small_slice_is_not_judged_and_says_so():
    north, south = check_floors(LABELS, SCORES, [Floor(at_least=0.99, fewest=3)], columns=DEPOT)
    assert (south.passed, south.found) == (None, None)
    assert south.sentence == "depot = south (2 rows) is not held to its floor: fewer than 3 rows"
    assert north.passed is False


def test_a_slice_of_one_class_has_no_area_and_is_named():
    found = check_floors(
        LABELS[:4], SCORES[:4], [Floor(metric="roc_auc", at_least=0.5)], columns={"depot": list("aabb")}
    )
    assert [one.passed for one in found] == [None, None]
    assert "it is not defined here" in found[0].sentence


@pytest.mark.parametrize(
    ("metric", "function"),
    [("recall", library.recall_score), ("precision", library.precision_score), ("accuracy", library.accuracy_score)],
)
@pytest.mark.parametrize("threshold", [0.25, 0.5])
def test_metrics_of_labels_agree_with_the_library_at_the_threshold(metric, function, threshold):
    generator = np.random.default_rng(1)
    labels, scores = (generator.random(200) < 0.4).astype(float), generator.random(200)
    (found,) = check_floors(
        labels, scores, [Floor(metric=metric, at_least=0)], columns={"depot": ["x"] * 200}, threshold=threshold
    )
    assert found.found == pytest.approx(function(labels, scores >= threshold))


@pytest.mark.parametrize("metric", floor_metrics())
def test_every_metric_that_a_floor_may_name_is_measured(metric):
    generator = np.random.default_rng(1)
    labels, scores = (generator.random(200) < 0.4).astype(float), generator.random(200)
    (found,) = check_floors(labels, scores, [Floor(metric=metric, at_least=-9)], columns={"depot": ["x"] * 200})
    assert found.passed is True


@pytest.mark.parametrize(
    ("floor", "said"),
    [
        (Floor(metric="luck", at_least=0), "names the metric 'luck', allowed is one of brier,"),
        (Floor(column="colour", at_least=0), "names the column 'colour', allowed is one of depot"),
    ],
)
def test_a_floor_on_what_is_not_there_is_refused_with_what_is(floor, said):
    with pytest.raises(InvalidModelError, match=said):
        check_floors(LABELS, SCORES, [floor], columns=DEPOT)


def test_missing_values_are_a_slice_of_their_own():
    found = check_floors(LABELS, SCORES, [Floor(at_least=0)], columns={"depot": [None, None, *"aaaa"]})
    assert [(one.value, one.rows) for one in found] == [("(missing)", 2), ("a", 4)]
