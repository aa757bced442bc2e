"""Counters in shared memory: what workers add, the host reads, and an ended worker leaves behind."""

from __future__ import annotations

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from modelyard_serving.observing.counters import (
    ENDPOINTS,
    MAX_KINDS,
    STATUSES,
    Ledger,
    Segment,
    VersionKey,
)
from modelyard_serving.observing.exposition import Facts, render_metrics
from modelyard_serving.observing.metrics import Metrics

ONE, TWO = VersionKey("tiny", "1", "aa"), VersionKey("tiny", "2", "bb")


@pytest.fixture
def make_segment():
    made = []

    def make(*versions, areas=None):
        made.append(Segment(versions, areas=areas))
        return made[-1]

    yield make
    for segment in made:
        segment.close()


def answer(metrics, key=ONE, *, status=200, seconds=0.003, error=None, endpoint="infer"):
    metrics.count(endpoint, status, key=key, seconds=seconds, error=error)


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_what_another_process_counts_is_read_here(make_segment):
    segment = make_segment(ONE)
    if (child := os.fork()) == 0:
        metrics = Metrics(segment)
        answer(metrics)
        answer(metrics, error="ragged", status=400)
        metrics.predicted(ONE, [0.25, 0.75], above=1, unseen=2)
        os._exit(0)
    os.waitpid(child, 0)
    totals = Ledger().totals([segment])[ONE]
    assert list(totals.by_endpoint()) == [("infer", "200", 1.0), ("infer", "400", 1.0)]
    assert totals.errors == {"ragged": 1.0}
    assert totals.values == [2.0, 1.0, 0.625, 1.0, 2.0]


def test_counters_of_ended_workers_stay_and_those_of_live_ones_are_added(make_segment):
    ledger, first, second = Ledger(), make_segment(ONE), make_segment(ONE, TWO)
    for segment, key in ((first, ONE), (second, ONE), (second, TWO)):
        answer(Metrics(segment), key)
    ledger.keep(first)
    totals = ledger.totals([second])
    assert [sum(totals[key].requests) for key in (ONE, TWO)] == [2, 1]
    # Looking changes nothing.
    assert sum(ledger.totals([second])[ONE].requests) == 2


def test_areas_are_summed_over_all_who_have_them(make_segment):
    area, ledger = ("rollout", "x"), Ledger()
    first, second, third = make_segment(areas={area: 2}), make_segment(areas={area: 2}), make_segment()
    for segment, value in ((first, 1.0), (second, 10.0)):
        segment.area(area)[1] = value
    ledger.keep(first)
    assert ledger.area(area, [second, third]) == [0.0, 11.0]
    assert ledger.area(("rollout", "y"), [second]) is None
    assert third.area(area) is None
    ledger.forget(area)
    assert ledger.area(area, [second]) == [0.0, 10.0]


def test_what_a_version_that_is_not_in_the_segment_answers_counts_for_none(make_segment):
    segment = make_segment(ONE)
    answer(Metrics(segment), TWO)
    totals = Ledger().totals([segment])
    assert sum(totals[VersionKey("", "", "")].requests) == 1
    assert sum(totals[ONE].requests) == 0


def test_more_kinds_of_error_than_there_is_room_for_count_as_other(make_segment):
    segment = make_segment(ONE)
    metrics = Metrics(segment)
    for index in range(MAX_KINDS + 20):
        answer(metrics, error=f"kind {index}", status=400)
    errors = Ledger().totals([segment])[ONE].errors
    assert sum(errors.values()) == MAX_KINDS + 20
    assert errors["other"] == 21


def test_every_endpoint_and_status_has_a_slot_of_its_own(make_segment):
    segment = make_segment(ONE)
    metrics = Metrics(segment)
    for endpoint in ENDPOINTS:
        for status in STATUSES:
            answer(metrics, endpoint=endpoint, status=status)
    assert set(Ledger().totals([segment])[ONE].requests) == {1.0}
    answer(metrics, endpoint="nobody said", status=418)
    assert ("other", "other", 2.0) in list(Ledger().totals([segment])[ONE].by_endpoint())


def test_prometheus_reads_what_is_rendered(make_segment):
    segment = make_segment(ONE)
    metrics = Metrics(segment)
    for seconds in (0.0001, 0.003, 70.0):
        answer(metrics, seconds=seconds)
    metrics.batch(ONE, 3)
    metrics.batch(ONE, 5000)
    facts = Facts(in_flight=2, workers=3, restarts=1, served={ONE: "production"}, refused=["tiny"])
    found = samples(render_metrics(Ledger().totals([segment]), facts))
    version = (("model", "tiny"), ("version", "1"))
    assert found["modelyard_request_seconds_count", *version] == 3
    assert found["modelyard_request_seconds_sum", *version] == pytest.approx(70.0031)
    assert found["modelyard_request_seconds_bucket", ("le", "0.005"), *version] == 2
    assert found["modelyard_request_seconds_bucket", ("le", "+Inf"), *version] == 3
    assert found["modelyard_batch_rows_bucket", ("le", "4"), *version] == 1
    assert found["modelyard_batch_rows_count", *version] == 2
    assert found["modelyard_workers",] == 3
    assert found["modelyard_worker_restarts_total",] == 1
    assert found["modelyard_bundle_refused", ("model", "tiny")] == 1
    assert found["modelyard_model_info", ("digest", "aa"), ("model", "tiny"), ("role", "production"), ("version", "1")]
