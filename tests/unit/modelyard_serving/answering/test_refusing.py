"""Whatever a client sends: an answer with a 4xx status and a reason, never a 5xx, never a stack trace."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

ROW = {"distance": 500.0, "hour": 7, "carrier": "AA", "weekend": False}
NAMES = list(ROW)
DATATYPES = {"distance": "FP64", "hour": "INT64", "carrier": "BYTES", "weekend": "BOOL"}


def records(*rows):
    return {"dataframe_records": list(rows)}


def tensor(name="hour", **changes):
    return {"name": name, "shape": [1], "datatype": DATATYPES.get(name, "FP64"), "data": [ROW.get(name, 1)], **changes}


def tensors(*changed):
    given_names = {item["name"] for item in changed}
    return {"inputs": [*changed, *(tensor(name) for name in NAMES if name not in given_names)]}


def assert_refused(answer, status=400, code=None):
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    error = answer.fault
    assert set(error) == {"code", "message", "request_id"}
    assert all(error.values())
    assert error["request_id"] == answer.headers["x-request-id"]
    assert len(error["message"]) < 500
    assert b"Traceback" not in answer.body
    if code is not None:
        assert error["code"] == code


def test_the_rows_that_these_tests_spoil_are_in_order(api):
    assert api.post("/invocations", records(ROW)).status == 200
    assert api.post("/v2/models/tiny/infer", tensors()).status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"{", "malformed_json"),
        (b"hello", "malformed_json"),
        (b"[]", "malformed_json"),
        (b"null", "malformed_json"),
        (b'{"dataframe_records": [{"distance": NaN}]}', "malformed_json"),
        (b'{"dataframe_records": [{"distance": -Infinity}]}', "malformed_json"),
        (b'{"dataframe_records": [{"distance": 1e999}]}', "malformed_json"),
        (b'{"a": "\xff\xfe"}', "malformed_json"),
        (b'{"a": "\\ud800"}', "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b"[" * 10_000 + b"]" * 10_000, "malformed_json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "malformed_json"),
        (b"{}", "unknown_format"),
        (b'{"instances": [], "inputs": []}', "unknown_format"),
        (b'{"instances": [], "instances": []}', "duplicate_key"),
        (b'{"instances": [{"hour": 1, "hour": 2}]}', "duplicate_key"),
        (b'{"instances": [], "signature_name": "x"}', "unknown_format"),
        (b'{"instances": [], "params": [1]}', "wrong_type"),
    ],
)
@pytest.mark.parametrize("path", ["/invocations", "/models/tiny/invocations"])
def test_refuses_a_body_that_is_no_request(api, path, body, code):
    assert_refused(api.post(path, body), code=code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (records(), "no_rows"),
        ({"instances": []}, "no_rows"),
        ({"inputs": {name: [] for name in NAMES}}, "no_rows"),
        ({"dataframe_split": {"columns": NAMES, "data": []}}, "no_rows"),
        ({"dataframe_records": {}}, "malformed_rows"),
        ({"dataframe_records": "x"}, "malformed_rows"),
        ({"dataframe_records": [1]}, "malformed_rows"),
        ({"dataframe_records": [None]}, "malformed_rows"),
        ({"instances": [[1]]}, "ragged"),
        ({"instances": [list(ROW.values()), ROW]}, "malformed_rows"),
        ({"dataframe_split": []}, "malformed_split"),
        ({"dataframe_split": {"columns": NAMES}}, "malformed_split"),
        ({"dataframe_split": {"columns": NAMES, "data": [], "rows": 1}}, "malformed_split"),
        ({"dataframe_split": {"columns": [1], "data": []}}, "malformed_split"),
        ({"dataframe_split": {"columns": [*NAMES, "hour"], "data": []}}, "duplicate_feature"),
        ({"dataframe_split": {"columns": NAMES, "data": [[1, 2]]}}, "ragged"),
        ({"dataframe_split": {"columns": NAMES, "data": [1]}}, "malformed_rows"),
        ({"dataframe_split": {"columns": NAMES, "data": {}}}, "malformed_rows"),
        ({"inputs": 1}, "malformed_inputs"),
        ({"inputs": {**{name: [ROW[name]] for name in NAMES}, "hour": [1, 2]}}, "ragged"),
        (records({**ROW, "extra": 1}), "unknown_feature"),
        (records({name: ROW[name] for name in NAMES[1:]}), "missing_feature"),
        (records(ROW, {}), "missing_feature"),
        (records({**{name: ROW[name] for name in NAMES[1:]}, "Distance": 1}), "missing_feature"),
    ],
)
def test_refuses_rows_of_another_form(api, body, code):
    assert_refused(api.post("/invocations", body), code=code)


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("distance", "500"),
        ("distance", True),
        ("distance", [500]),
        ("distance", {"value": 500}),
        ("hour", "7"),
        ("hour", True),
        ("hour", 7.5),
        ("hour", None),
        ("hour", 2**63),
        ("hour", -(2**70)),
        ("hour", 1e300),
        ("carrier", 1),
        ("carrier", True),
        ("carrier", None),
        ("carrier", ["AA"]),
        ("weekend", 1),
        ("weekend", "true"),
        ("weekend", None),
    ],
)
def test_refuses_a_value_of_another_type_and_names_it(api, feature, value):
    answer = api.post("/invocations", records(ROW, {**ROW, feature: value}))
    assert_refused(answer, code="wrong_type")
    assert answer.message.startswith(f"{feature}[1]: expected ")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "malformed_inputs"),
        ({"inputs": {}}, "malformed_inputs"),
        ({"inputs": []}, "missing_feature"),
        ({"inputs": [1]}, "malformed_tensor"),
        ({"inputs": [{}]}, "malformed_tensor"),
        ({**tensors(), "surprise": 1}, "unknown_field"),
        ({**tensors(), "id": 1}, "wrong_type"),
        ({**tensors(), "parameters": []}, "wrong_type"),
        ({**tensors(), "outputs": "label"}, "malformed_outputs"),
        ({**tensors(), "outputs": [{"name": "odds"}]}, "unknown_output"),
        ({**tensors(), "outputs": [{"name": ["label"]}]}, "unknown_output"),
        (tensors(tensor(surprise=1)), "unknown_field"),
        (tensors(tensor(parameters=1)), "wrong_type"),
        (tensors(tensor(datatype="FP64")), "wrong_datatype"),
        (tensors(tensor(datatype=None)), "wrong_datatype"),
        (tensors(tensor(datatype=["INT64"])), "wrong_datatype"),
        (tensors(tensor("carrier", datatype="INT64")), "wrong_datatype"),
        (tensors(tensor(shape=None)), "wrong_shape"),
        (tensors(tensor(shape=[])), "wrong_shape"),
        (tensors(tensor(shape=[-1])), "wrong_shape"),
        (tensors(tensor(shape=[True])), "wrong_shape"),
        (tensors(tensor(shape=[1, 2])), "wrong_shape"),
        (tensors(tensor(shape=[1, 1, 1])), "wrong_shape"),
        (tensors(tensor(shape=[2])), "ragged"),
        (tensors(tensor(shape=[10**18])), "ragged"),
        (tensors(tensor(data=None)), "malformed_tensor"),
        (tensors(tensor(data=[7.5])), "wrong_type"),
        (tensors(tensor(datatype="INT32", data=[2**31])), "wrong_type"),
        (tensors(tensor(data=[[[7]]])), "wrong_type"),
        (tensors(tensor(shape=[2], data=[1, 2])), "ragged"),
        (tensors(tensor("extra")), "unknown_feature"),
        ({"inputs": [tensor("hour"), tensor("hour")]}, "duplicate_feature"),
        ({"inputs": [tensor(name, shape=[0], data=[]) for name in NAMES]}, "no_rows"),
    ],
)
def test_refuses_an_inference_request_of_another_form(api, body, code):
    assert_refused(api.post("/v2/models/tiny/infer", body), code=code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"distance,hour,carrier,weekend\n", "no_rows"),
        (b"hour,hour,carrier,weekend\n1,1,AA,true\n", "duplicate_feature"),
        (b"distance,hour,carrier\n1,1,AA\n", "missing_feature"),
        (b"distance,hour,carrier,weekend\n1,1,AA\n", "ragged"),
        (b"distance,hour,carrier,weekend\n1,1,A\xff,true\n", "bad_utf8"),
        (b'distance,hour,carrier,weekend\n1,1,"AA,true\n', "malformed_csv"),
        (b"distance,hour,carrier,weekend\nx,1,AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\nnan,1,AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\ninf,1,AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\n1,1.5,AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\n1,1,AA,yes\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\n1,,AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\n1," + b"9" * 5000 + b",AA,true\n", "wrong_type"),
        (b"distance,hour,carrier,weekend\n1,1," + b"A" * 200_000 + b",true\n", "malformed_csv"),
    ],
)
def test_refuses_csv_of_another_form(api, body, code):
    assert_refused(api.post("/invocations", body, content_type="text/csv"), code=code)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/xml"],
)
def test_refuses_another_content_type(api, content_type):
    assert_refused(api.post("/invocations", records(ROW), content_type=content_type), 415)


def test_takes_the_content_type_in_any_spelling(api):
    answer = api.post("/invocations", records(ROW), content_type='Application/JSON; Charset="UTF-8"')
    assert answer.status == 200


def test_refuses_csv_over_the_inference_protocol(api):
    assert_refused(api.post("/v2/models/tiny/infer", b"a\n1\n", content_type="text/csv"), 415)


def test_refuses_compressed_bodies_and_a_wrong_length_of_the_json_part(api):
    assert_refused(api.post("/invocations", records(ROW), content_encoding="gzip"), 415)
    headers = {"inference_header_content_length": "10"}
    assert_refused(api.post("/v2/models/tiny/infer", tensors(), **headers), 400)


def test_refuses_a_body_beyond_the_limit_declared_or_not(make_api, load):
    api = make_api(load(), max_body_bytes=1000)
    body = json.dumps(records(*[ROW] * 50)).encode()
    assert_refused(api.post("/invocations", body), 413)
    assert_refused(api.post("/invocations", b"", content_length="1001"), 413)
    parts = [body[:600], body[600:1200], body[1200:]]
    answer = asyncio.run(api.acall("POST", "/invocations", parts=parts, content_type="application/json"))
    assert_refused(answer, 413)


def test_refuses_rows_beyond_the_limit(make_api, load):
    api = make_api(load(), max_rows=3)
    assert api.post("/invocations", records(*[ROW] * 3)).status == 200
    assert_refused(api.post("/invocations", records(*[ROW] * 4)), 413, "too_many_rows")
    body = {"inputs": [tensor(name, shape=[4], data=[ROW[name]] * 4) for name in NAMES]}
    assert_refused(api.post("/v2/models/tiny/infer", body), 413, "too_many_rows")


def test_does_not_wait_for_a_client_that_sends_nothing(make_api, load):
    api = make_api(load(), body_seconds=0.05)

    async def never():
        await asyncio.Event().wait()

    answer = asyncio.run(api.acall("POST", "/invocations", parts=[never], content_type="application/json"))
    assert_refused(answer, 408)


def test_a_client_that_leaves_gets_no_answer_and_breaks_nothing(api):
    async def leave():
        return {"type": "http.disconnect"}

    reply = asyncio.run(api.acall("POST", "/invocations", parts=[leave], content_type="application/json"))
    assert reply.status == 0
    assert api.events("request")[0]["status"] == 499
    assert issubclass(ClientDisconnect, Exception)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/v2/models/nope", 404),
        ("GET", "/v2/models/nope/ready", 404),
        ("POST", "/v2/models/nope/infer", 404),
        ("POST", "/models/nope/invocations", 404),
        ("GET", "/v2/models/../../etc/passwd", 404),
        ("GET", "/v2/models/tiny/versions/9", 404),
        ("GET", "/invocations", 405),
        ("DELETE", "/v2/models/tiny", 405),
        ("PUT", "/v2/models/tiny/infer", 405),
        ("OPTIONS", "/invocations", 405),
        ("BREW", "/docs", 405),
        ("POST", "/docs", 405),
    ],
)
def test_unknown_paths_and_methods_get_the_same_form_of_error(api, method, path, status):
    assert_refused(api.call(method, path), status)


def test_a_long_unknown_name_does_not_come_back_in_full(api):
    assert_refused(api.get("/v2/models/" + "x" * 10_000), 404)


def test_more_requests_than_allowed_are_told_to_come_back(make_api, load):
    api = make_api(load(), max_in_flight=2, body_seconds=0.2)

    async def crowd():
        release = asyncio.Event()

        async def slow():
            await release.wait()
            return {"type": "http.request", "body": json.dumps(records(ROW)).encode(), "more_body": False}

        waiting = [
            asyncio.create_task(api.acall("POST", "/invocations", parts=[slow], content_type="application/json"))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        refused = await api.acall("POST", "/invocations", parts=[b"{}"], content_type="application/json")
        alive = await api.acall("GET", "/v2/health/live")
        release.set()
        return refused, alive, await asyncio.gather(*waiting)

    refused, alive, answered = asyncio.run(crowd())
    assert_refused(refused, 503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert alive.status == 200
    assert [answer.status for answer in answered] == [200, 200]


def test_a_predictor_that_raises_gives_an_error_id_and_keeps_its_secrets(make_api, load):
    from dataclasses import replace

    def broken(frame):
        raise ValueError(f"cannot handle {frame['carrier'][0]} in /srv/models")

    api = make_api(replace(load(), predict_values=broken))
    answer = api.post("/invocations", records({**ROW, "carrier": "SECRET"}))
    assert_refused(answer, 500, "prediction_failed")
    assert b"SECRET" not in answer.body
    assert b"/srv/models" not in answer.body
    logged = api.events("prediction_failed")[0]
    assert logged["request_id"] == answer.fault["request_id"]
    assert logged["error"] == "ValueError"
    assert "test_refusing" in logged["trace"][-1]
    assert b"SECRET" not in api.sink.getvalue()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_prediction_that_is_no_number_is_our_fault_and_never_null(make_api, load, value):
    from dataclasses import replace

    import numpy as np

    api = make_api(replace(load(), predict_values=lambda frame: np.full(frame.height, value)))
    assert_refused(api.post("/invocations", records(ROW)), 500, "prediction_failed")


def test_a_failure_of_our_own_is_an_answer_too(make_api, load, monkeypatch):
    from dataclasses import replace

    api = make_api(replace(load(), decoder=None))
    answer = api.post("/invocations", records(ROW))
    assert_refused(answer, 500, "failed")
    assert api.events("failure")[0]["request_id"] == answer.fault["request_id"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
spoilt_rows = st.fixed_dictionaries({}, optional=dict.fromkeys([*NAMES, "extra"], json_values))
documents = st.one_of(
    json_values,
    st.builds(lambda rows: {"dataframe_records": rows}, st.lists(spoilt_rows, max_size=3)),
    st.builds(lambda rows: {"instances": rows}, json_values),
    st.builds(lambda columns: {"inputs": columns}, spoilt_rows),
    st.builds(lambda a, b: {"dataframe_split": {"columns": a, "data": b}}, json_values, json_values),
    st.builds(
        lambda changes: {"inputs": [{**tensor(name), **changes} for name in NAMES]},
        st.fixed_dictionaries({}, optional=dict.fromkeys(("shape", "datatype", "data", "name", "x"), json_values)),
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents, path=st.sampled_from(["/invocations", "/v2/models/tiny/infer"]))
def test_no_json_whatsoever_makes_the_api_fail(api, document, path):
    answer = api.post(path, json.dumps(document).encode())
    assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, answer.body
    assert answer.status == HTTPStatus.OK or answer.message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), media=st.sampled_from(["application/json", "text/csv"]))
def test_no_bytes_whatsoever_make_the_api_fail(api, body, media):
    assert_refused(api.post("/invocations", body, content_type=media))
