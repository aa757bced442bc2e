"""What the API test suite is made of."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modelyard.errors import ModelApiUnreachableError, ModelyardError, ReleaseBusyError, exit_code_of
from modelyard.release.bad_requests import bad_requests
from modelyard.release.calling import ModelApi
from modelyard.release.expectation import Expectation
from modelyard.release.journal import Journal
from modelyard.release.openapi_form import faults_of, paths_of
from modelyard.release.report import Check, SuiteReport
from modelyard.release.suite import SMOKE, SUITE, run_smoke
from modelyard_bundle import Example, Pointer


@pytest.fixture
def expected(tiny):
    return Expectation(version="1", digest=tiny.digest, signature=tiny.signature, example=tiny.example)


def report(*checks):
    return SuiteReport(url="http://x", model="tiny", version="1", digest="d", checks=checks)


def test_a_report_passes_when_every_check_passed():
    assert report(Check("a", passed=True), Check("b", passed=True)).passed
    assert not report(Check("a", passed=True), Check("b", passed=False)).passed


def test_a_report_of_nothing_does_not_pass():
    assert not report().passed


def test_a_report_names_what_failed_in_one_line_and_as_json():
    found = report(Check("it is ready", passed=False, detail="status 503"), Check("b", passed=True))
    assert "it is ready (status 503)" in found.sentence()
    assert json.loads(json.dumps(found.to_document()))["passed"] is False


def test_checks_have_names_of_their_own():
    names = [name for name, _ in SUITE]
    assert len(set(names)) == len(names)
    assert set(SMOKE) < set(SUITE)


def test_an_address_where_nobody_answers_fails_every_check_and_raises_nothing(expected):
    found = run_smoke("http://127.0.0.1:9", expected)
    assert len(found.failures) == len(SMOKE)
    assert "no model API answers" in found.failures[0].detail


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "127.0.0.1:8000", "ftp://x"])
def test_only_http_addresses_are_called(url):
    with pytest.raises(ModelApiUnreachableError, match="is not the address") as caught:
        ModelApi(url).get("/v2")
    assert caught.value.hint


def test_bad_requests_cover_every_feature_and_every_protocol(expected):
    found = list(bad_requests(expected))
    paths = {f"/models/{name}/{last}" for name in ("tiny", "no_such_model") for last in ("invocations", "predict")}
    assert {bad.request.path for bad in found} == {*paths, "/v2/models/tiny/infer", "/v2/models/no_such_model/infer"}
    for protocol in ("dataframe_records", "typed rows", "CSV", "tensors", "binary"):
        names = " ".join(bad.name for bad in found if bad.name.startswith(protocol))
        assert [name for name in expected.signature.names if name not in names] == []
    assert len({bad.name for bad in found}) == len(found)
    assert len({(bad.request.path, bad.request.body, *bad.request.headers.values()) for bad in found}) == len(found)


def test_bad_requests_spare_null_where_it_is_allowed(expected):
    names = [bad.name for bad in bad_requests(expected)]
    for protocol in ("dataframe_records", "typed rows", "tensors"):
        assert f"{protocol}: null for hour" in names
        assert f"{protocol}: null for distance" not in names
    assert "CSV: '' for the integer hour" in names
    assert "CSV: '' for the number distance" not in names


def test_bad_requests_of_a_wide_model_stay_few_and_still_come_from_all_over_it(expected):
    (number, *_) = expected.signature.features
    features = tuple(replace(number, name=f"f{at}") for at in range(1000))
    rows = ({feature.name: 1.0 for feature in features},)
    wide = replace(
        expected,
        signature=replace(expected.signature, features=features),
        example=Example(rows=rows, predictions=(0.5,)),
    )
    found = list(bad_requests(wide))
    assert len(found) < 500
    assert any("f966" in bad.name for bad in found)


def test_reads_predictions_from_both_protocols(expected):
    v2 = {"outputs": [{"name": "label", "data": ["late"]}, {"name": "probability", "data": [0.5]}]}
    assert expected.predictions_in(v2) == [0.5]
    assert expected.predictions_in({"predictions": [{"probability": 0.5, "label": "late"}]}) == [0.5]


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"outputs": []}, {"outputs": [1]}, {"predictions": [0.5]}, {"predictions": [{"probability": "1"}]}],
)
def test_what_is_no_answer_gives_no_predictions(expected, answer):
    assert expected.predictions_in(answer) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"openapi": "2.0"}, "3.1"),
        ({"info": {}}, "title"),
        ({"paths": {}}, "is missing"),
        ({"x": {"$ref": "#/components/schemas/nothing"}}, "leads nowhere"),
        ({"x": {"$ref": "https://elsewhere/schema"}}, "leads nowhere"),
        ({"components": {}}, "features"),
        ({"row": {"hour": {"type": "number"}}}, "type of hour"),
        ({"row": {"hour": {"type": ["integer", "null"]}}}, "type of hour"),
        ({"row": {"carrier": {"type": "string", "x-categories": ["AA"]}}}, "x-categories of carrier"),
        ({"row": {"distance": {"type": ["number", "null"], "x-minimum": 80}}}, "x-maximum of distance"),
        ({"row": {"other": {"type": "number"}}}, "features"),
    ],
)
def test_finds_what_is_wrong_with_an_openapi_document(tiny, change, fault):
    properties = {
        "distance": {"type": ["number", "null"], "x-minimum": 80, "x-maximum": 5000},
        "hour": {"type": "integer", "x-minimum": 0, "x-maximum": 23},
        "carrier": {"type": "string", "x-categories": ["AA", "DL", "UA"]},
        "weekend": {"type": "boolean"},
    }
    found = faults_of(openapi(properties), signature=tiny.signature, version="1")
    assert found == []
    others = {key: value for key, value in change.items() if key != "row"}
    document = openapi({**properties, **change.get("row", {})}) | others
    assert fault in " ".join(faults_of(document, signature=tiny.signature, version="1"))


def openapi(properties):
    row = {"properties": properties, "required": list(properties)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {"post": {"responses": {"200": {}}}} for path in paths_of("tiny", "1")},
        "components": {"schemas": {"tiny_row": row}},
    }


def test_a_journal_remembers_what_was_good_until_it_is_closed(tmp_path):
    journal = Journal(tmp_path, "tiny")
    good = Pointer.to("tiny", "1", digest="ab" * 32)
    assert not journal.is_open()
    journal.open(good=good)
    assert journal.is_open()
    assert Journal(tmp_path, "tiny").good() == good
    journal.open(good=None)
    assert journal.is_open()
    assert journal.good() is None
    journal.close()
    journal.close()
    assert not journal.is_open()


def test_a_busy_release_may_be_tried_again():
    error: ModelyardError = ReleaseBusyError("busy")
    assert exit_code_of(error) == 75
