"""Health, metadata, metrics, OpenAPI, documentation, the log."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace

import pytest

from modelyard_serving.answering.catalog import NO_MODEL, Refusal
from modelyard_serving.observing.records import LogWriter


def test_is_live_and_not_ready_without_a_model(make_api):
    api = make_api()
    assert api.get("/v2/health/live").json == {"live": True}
    answer = api.get("/v2/health/ready")
    assert answer.status == 503
    assert answer.json == {"ready": False, "reason": NO_MODEL}
    assert NO_MODEL == "not ready, no production model"


def test_predictions_without_a_model_are_told_to_come_back(make_api):
    api = make_api()
    answer = api.post("/invocations", {})
    assert (answer.status, answer.code) == (503, "not_ready")
    assert answer.headers["retry-after"] == "5"


def test_is_ready_with_a_model(api):
    assert api.get("/v2/health/ready").json == {"ready": True, "models": ["tiny"]}
    assert api.get("/v2/models/tiny/ready").json == {"name": "tiny", "ready": True}


def test_is_not_ready_while_it_stops_but_still_answers(api, tiny):
    api.catalog.draining = True
    assert api.get("/v2/health/ready").json == {"ready": False, "reason": "not ready, stopping"}
    assert api.get("/v2/models/tiny/ready").status == 503
    answer = api.post("/invocations", {"dataframe_records": [dict(tiny.example.rows[0])]})
    assert answer.status == 200
    assert answer.headers["connection"] == "close"


def test_says_which_version_it_is_loading(make_api):
    api = make_api()
    api.catalog.load("tiny", "1")
    assert api.get("/v2/health/ready").json["reason"] == "not ready, loading tiny 1"


def test_the_server_describes_itself(api):
    assert api.get("/v2").json == {
        "name": "modelyard",
        "version": "1",
        "extensions": ["binary_tensor_data"],
        "models": [{"name": "tiny", "version": "1"}],
    }


def test_a_model_describes_itself_and_where_it_came_from(api, tiny):
    found = api.get("/v2/models/tiny").json
    assert found["versions"] == ["1"]
    assert [tensor["name"] for tensor in found["inputs"]] == list(tiny.signature.names)
    assert [tensor["datatype"] for tensor in found["inputs"]] == ["FP64", "INT64", "BYTES", "BOOL"]
    assert found["parameters"]["digest"] == tiny.digest
    assert found["parameters"]["data_versions"] == {"CURATED/tiny": 1}
    assert api.get("/v2/models/tiny/versions/1").json == found


def test_a_refused_bundle_is_reported_beside_the_version_that_serves_on(api):
    api.catalog.refuse("tiny", Refusal(version="2", digest="ab" * 32, reason="model.skops has the digest …"))
    answer = api.get("/v2/models/tiny")
    assert answer.status == 200
    assert answer.json["parameters"]["refused"]["version"] == "2"


def test_a_model_whose_only_bundle_was_refused_says_why(make_api):
    api = make_api()
    api.catalog.refuse("tiny", Refusal(version="2", digest="ab" * 32, reason="a type is not on the list"))
    for path in ("/v2/models/tiny", "/v2/models/tiny/ready"):
        answer = api.get(path)
        assert (answer.status, answer.code) == (503, "model_not_ready")
        assert "a type is not on the list" in answer.message
        assert "abababababab" in answer.message
    assert "a type is not on the list" in api.get("/v2/health/ready").json["reason"]


def test_the_root_leads_to_the_documentation(api):
    answer = api.get("/")
    assert (answer.status, answer.headers["location"]) == (307, "/docs")


def test_what_openapi_gives_as_an_example_works(api):
    schemas = api.get("/openapi.json").json["components"]["schemas"]
    assert api.post("/invocations", schemas["tiny_invocation"]["examples"][0]).status == 200
    assert api.post("/v2/models/tiny/infer", schemas["tiny_inference"]["examples"][0]).status == 200


def test_openapi_without_a_model_has_the_general_paths(make_api):
    document = make_api().get("/openapi.json").json
    assert set(document["paths"]) == {"/v2", "/v2/health/live", "/v2/health/ready", "/metrics"}


def test_openapi_of_several_models_has_no_path_without_a_name(make_api, load):
    paths = make_api(load(), load(name="other")).get("/openapi.json").json["paths"]
    assert "/invocations" not in paths
    assert {"/models/other/invocations", "/models/tiny/invocations"} <= set(paths)


def test_the_documentation_shows_every_feature_and_loads_nothing_from_elsewhere(api, tiny):
    answer = api.get("/docs")
    page = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/html")
    assert all(f"<td>{name}</td>" in page for name in tiny.signature.names)
    assert "80 to 5000" in page
    assert not re.search(r"(src|href)\s*=|url\(|@import|<script", page)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_nothing_in_a_signature_becomes_markup(make_api, load):
    model = load()
    feature = replace(model.signature.features[2], description="<script>alert(1)</script>", categories=("<b>'x'",))
    signature = replace(model.signature, features=(*model.signature.features[:2], feature, model.signature.features[3]))
    page = make_api(replace(model, signature=signature)).get("/docs").body.decode()
    assert "<script>" not in page
    assert "<b>" not in page
    assert html.escape("<script>alert(1)</script>") in page


@pytest.mark.parametrize("host", ["evil.example'; rm -rf ~; '", "a b", "x" * 300, "<script>"])
def test_a_forged_host_does_not_get_into_the_command(api, host):
    page = api.call("GET", "/docs", host=host).body.decode()
    assert "curl -sS http://127.0.0.1/models/tiny/invocations" in page


def test_a_quote_in_an_example_does_not_end_the_command(make_api, load):
    import shlex

    model = load()
    row = {**model.example.rows[0], "carrier": "O'Hare $(id) `id`"}
    api = make_api(replace(model, example=replace(model.example, rows=(row, *model.example.rows[1:]))))
    page = api.get("/docs").body.decode()
    command = shlex.split(html.unescape(re.search(r"<pre>(curl .*?)</pre>", page, re.DOTALL).group(1)))
    assert json.loads(command[-1])["dataframe_records"][0]["carrier"] == "O'Hare $(id) `id`"


def test_metrics_count_requests_rows_errors_and_name_the_version(api, tiny):
    row = dict(tiny.example.rows[0])
    api.post("/invocations", {"dataframe_records": [row, {**row, "carrier": "ZZ"}]})
    api.post("/invocations", {"dataframe_records": [{}]})
    api.get("/nope/1")
    api.get("/nope/2")
    text = api.get("/metrics").body.decode()
    served = 'model="tiny",version="1"'
    assert 'modelyard_requests_total{endpoint="invocations",model="tiny",status="200",version="1"} 1.0' in text
    assert f"modelyard_rows_total{{{served}}} 2.0" in text
    assert f"modelyard_unseen_features_total{{{served}}} 1.0" in text
    assert f"modelyard_request_seconds_count{{{served}}} 1.0" in text
    assert 'modelyard_errors_total{kind="missing_feature",model="tiny",version="1"} 1.0' in text
    assert 'modelyard_requests_total{endpoint="other",model="",status="404",version=""} 2.0' in text
    assert f'modelyard_model_info{{digest="{tiny.digest}",model="tiny",role="production",version="1"}} 1.0' in text
    assert "/nope" not in text


def test_a_refused_bundle_shows_in_the_metrics(api):
    assert 'modelyard_bundle_refused{model="tiny"} 0.0' in api.get("/metrics").body.decode()
    api.catalog.refuse("tiny", Refusal(version="2", digest=None, reason="x"))
    assert 'modelyard_bundle_refused{model="tiny"} 1.0' in api.get("/metrics").body.decode()


def test_the_log_says_what_happened_and_never_what_was_sent(api, tiny):
    row = {**tiny.example.rows[0], "carrier": "SECRET"}
    api.post("/invocations", {"dataframe_records": [row]}, x_request_id="one")
    api.post("/invocations", {"dataframe_records": [{"SECRET": 1}]}, x_request_id="two")
    api.get("/v2/health/live")
    first, second = api.events("request")
    assert (first["request_id"], first["status"], first["rows"], first["version"]) == ("one", 200, 1, "1")
    assert (second["request_id"], second["status"], second["error"]) == ("two", 400, "missing_feature")
    assert b"SECRET" not in api.sink.getvalue()


def test_a_sink_that_fails_stops_nothing():
    class Full(io.BytesIO):
        def write(self, *_):
            raise OSError(28, "no space left on device")

    log = LogWriter(Full())
    for index in range(100):
        log.event("request", index=index)
    log.close()


def test_a_sink_that_blocks_stops_nothing_and_what_is_lost_is_counted(monkeypatch):
    import threading

    from modelyard_serving.observing import records

    monkeypatch.setattr(records, "_WAITING", 10)
    released = threading.Event()
    lines = []

    class Blocked(io.BytesIO):
        def write(self, part):
            released.wait(10)
            lines.extend(json.loads(line) for line in part.splitlines())
            return len(part)

    log = LogWriter(Blocked())
    for index in range(50):
        log.event("request", index=index)
    released.set()
    while len(lines) < 10:
        threading.Event().wait(0.01)
    log.event("request", index=50)
    log.close()
    assert lines[-1]["dropped_before"] >= 30
