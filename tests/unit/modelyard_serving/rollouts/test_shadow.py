"""A shadow: what is counted when two versions answer the same request."""

from __future__ import annotations

import json

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from modelyard_serving.rollouts.shadow import (
    SIZE,
    count_comparison,
    count_error,
    count_skipped,
    read_shadow,
    shadow_metrics,
)

START = 3


@pytest.fixture
def numbers(slots):
    return slots(START + SIZE)


def compare(numbers, given, shadow, **how):
    count_comparison(numbers, START, given=given, shadow=shadow, **{"tolerance": 0.01, **how})
    return read_shadow(numbers[START:].tolist())


def test_equal_predictions_do_not_differ(numbers):
    found = compare(numbers, [0.1, 0.7], [0.1, 0.7], threshold=0.5)
    assert (found.requests, found.rows, found.differing, found.label_flips) == (1, 2, 0, 0)
    assert (found.mean_difference, found.largest_at_most) == (0, 1e-12)
    assert not any(numbers[:START].tolist())


def test_counts_what_differs_and_what_would_have_another_label(numbers):
    compare(numbers, [0.1, 0.49, 0.8], [0.105, 0.51, 0.2], threshold=0.5)
    found = compare(numbers, [0.3], [0.6], threshold=0.5)
    assert (found.requests, found.rows, found.differing, found.label_flips) == (2, 4, 3, 3)
    assert found.mean_difference == pytest.approx((0.005 + 0.02 + 0.6 + 0.3) / 4)
    assert found.largest_at_most == 1.0
    assert found.sentence == "75.00% of 4 rows differ; the shadow failed on 0 requests"


def test_large_numbers_may_differ_in_proportion(numbers):
    assert compare(numbers, [1_000.0, -1_000.0], [1_009.0, -1_011.0]).differing == 1


def test_numbers_have_no_labels(numbers):
    assert compare(numbers, [1.0], [2.0]).label_flips == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_differs_and_spoils_no_sum(numbers, value):
    found = compare(numbers, [1.0, 1.0], [value, 3.0])
    assert (found.differing, found.mean_difference, found.largest_at_most) == (2, 1.0, None)


def test_a_failing_shadow_and_one_that_was_not_asked_are_counted(numbers):
    count_error(numbers, START)
    count_skipped(numbers, START)
    count_skipped(numbers, START)
    found = read_shadow(numbers[START:].tolist())
    assert (found.errors, found.skipped, found.requests, found.mean_difference) == (1, 2, 0, None)
    assert found.sentence.startswith("nothing was compared yet")
    assert json.dumps(found.to_document())


def test_prometheus_is_told_the_same(numbers):
    compare(numbers, [0.1, 0.49], [0.105, 0.51], threshold=0.5)

    class Collected:
        def collect(self):
            return shadow_metrics(numbers[START:].tolist(), model="tiny", version="2")

    registry = CollectorRegistry()
    registry.register(Collected())
    text = generate_latest(registry).decode()
    labels = '{model="tiny",version="2"}'
    for line in (
        f"modelyard_shadow_requests_total{labels} 1.0",
        f"modelyard_shadow_rows_total{labels} 2.0",
        f"modelyard_shadow_differing_rows_total{labels} 1.0",
        f"modelyard_shadow_label_flips_total{labels} 1.0",
        f"modelyard_shadow_errors_total{labels} 0.0",
        'modelyard_shadow_difference_bucket{le="0.01",model="tiny",version="2"} 1.0',
        'modelyard_shadow_difference_bucket{le="+Inf",model="tiny",version="2"} 2.0',
    ):
        assert line in text
