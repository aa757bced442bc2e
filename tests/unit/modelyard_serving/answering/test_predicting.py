"""Predictions over both protocols."""

from __future__ import annotations

import json

import pytest

KINDS = [("binary", "linear"), ("binary", "boosting"), ("binary", "forest"), ("regression", "linear")]


def tensors(tiny, rows=None):
    datatypes = {"distance": "FP64", "hour": "INT64", "carrier": "BYTES", "weekend": "BOOL"}
    chosen = tiny.example.rows[:rows]
    return [
        {"name": name, "shape": [len(chosen)], "datatype": datatype, "data": [row[name] for row in chosen]}
        for name, datatype in datatypes.items()
    ]


def bodies(tiny):
    rows = [dict(row) for row in tiny.example.rows]
    names = list(reversed(tiny.signature.names))
    return {
        "records": {"dataframe_records": rows},
        "split in another order": {
            "dataframe_split": {"columns": names, "data": [[row[name] for name in names] for row in rows], "index": [1]}
        },
        "instances": {"instances": rows},
        "instances by position": {"instances": [list(row.values()) for row in rows]},
        "inputs by column": {"inputs": {name: [row[name] for row in rows] for name in names}},
        "inputs by row": {"inputs": rows},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_both_protocols_give_what_training_recorded(make_api, load, train, kind):
    task, estimator = kind
    tiny = train(task=task, estimator=estimator)
    api = make_api(load(task=task, estimator=estimator))
    over_v2 = api.post("/v2/models/tiny/infer", {"inputs": tensors(tiny)}).json["outputs"][0]["data"]
    records = api.post("/invocations", {"dataframe_records": [dict(row) for row in tiny.example.rows]}).json
    over_mlflow = [record["probability"] if task == "binary" else record for record in records["predictions"]]
    assert over_v2 == pytest.approx(tiny.example.predictions, abs=1e-12)
    assert over_mlflow == over_v2


@pytest.mark.parametrize(
    "name",
    ["records", "split in another order", "instances", "instances by position", "inputs by column", "inputs by row"],
)
def test_every_format_of_mlflow_gives_the_same(api, tiny, name):
    answer = api.post("/invocations", bodies(tiny)[name])
    assert answer.status == 200
    found = [record["probability"] for record in answer.json["predictions"]]
    assert found == pytest.approx(tiny.example.predictions, abs=1e-12)


def test_csv_gives_the_same(api, tiny):
    rows = [",".join(str(value) for value in row.values()) for row in tiny.example.rows]
    body = "\n".join([",".join(tiny.signature.names), *rows]).encode()
    answer = api.post("/invocations", body, content_type="text/csv; charset=utf-8")
    found = [record["probability"] for record in answer.json["predictions"]]
    assert found == pytest.approx(tiny.example.predictions, abs=1e-12)


def test_an_empty_csv_field_is_a_missing_value(api):
    answer = api.post("/invocations", b"distance,hour,carrier,weekend\n,3,AA,true\n", content_type="text/csv")
    assert answer.status == 200


def test_a_missing_value_is_taken_where_the_signature_says_so(api, tiny):
    row = {**tiny.example.rows[0], "distance": None}
    assert api.post("/invocations", {"dataframe_records": [row]}).status == 200


def test_a_whole_float_is_a_whole_number(api, tiny):
    """pandas turns whole numbers into floats as soon as one is missing."""
    row = dict(tiny.example.rows[0])
    exact = api.post("/invocations", {"dataframe_records": [{**row, "hour": 7}]}).json
    assert api.post("/invocations", {"dataframe_records": [{**row, "hour": 7.0}]}).json == exact


def test_labels_follow_the_threshold(api, tiny):
    answer = api.post("/invocations", bodies(tiny)["records"]).json
    for record in answer["predictions"]:
        assert record["label"] == ("late" if record["probability"] >= 0.5 else "on time")


def test_every_answer_names_the_version_and_digest(api, tiny):
    for path, body in (
        ("/invocations", bodies(tiny)["records"]),
        ("/v2/models/tiny/infer", {"inputs": tensors(tiny)}),
        ("/invocations", {"nonsense": 1}),
    ):
        answer = api.post(path, body)
        assert answer.headers["x-model-version"] == "1"
        assert answer.headers["x-model-digest"] == tiny.digest
    for path in ("/v2/health/ready", "/v2/models/tiny", "/metrics", "/docs"):
        assert api.get(path).headers["x-model-digest"] == tiny.digest


def test_v2_repeats_the_id_and_names_the_model(api, tiny):
    answer = api.post("/v2/models/tiny/infer", {"id": "abc", "inputs": tensors(tiny, 1)}).json
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("abc", "tiny", "1")
    assert answer["parameters"]["model_digest"] == tiny.digest


def test_v2_gives_probability_and_label_of_a_binary_model(api, tiny):
    outputs = api.post("/v2/models/tiny/infer", {"inputs": tensors(tiny)}).json["outputs"]
    assert [(output["name"], output["datatype"], output["shape"]) for output in outputs] == [
        ("probability", "FP64", [3]),
        ("label", "BYTES", [3]),
    ]


def test_v2_gives_only_the_outputs_that_were_asked_for(api, tiny):
    body = {"inputs": tensors(tiny), "outputs": [{"name": "label"}]}
    outputs = api.post("/v2/models/tiny/infer", body).json["outputs"]
    assert [output["name"] for output in outputs] == ["label"]


def test_v2_takes_columns_of_one_value_and_narrower_types(api, tiny):
    distance, hour, carrier, weekend = tensors(tiny, 2)
    hour = {**hour, "datatype": "INT32", "shape": [2, 1], "data": [[value] for value in hour["data"]]}
    distance = {**distance, "datatype": "FP32"}
    answer = api.post("/v2/models/tiny/infer", {"inputs": [weekend, hour, carrier, distance]})
    assert answer.status == 200


def test_v2_answers_for_the_served_version_and_no_other(api, tiny):
    assert api.post("/v2/models/tiny/versions/1/infer", {"inputs": tensors(tiny)}).status == 200
    assert api.post("/v2/models/tiny/versions/2/infer", {"inputs": tensors(tiny)}).code == "unknown_version"


def test_values_that_training_never_saw_are_answered_with_a_warning(api, tiny):
    row = {**tiny.example.rows[0], "carrier": "ZZ", "distance": 9999}
    answer = api.post("/invocations", {"dataframe_records": [row]})
    assert answer.status == 200
    assert answer.json["warnings"] == [
        "distance: 1 of 1 values outside 80 to 5000, as seen in training",
        "carrier: 'ZZ' not seen in training",
    ]
    tensor = tensors(tiny, 1)
    tensor[2]["data"] = ["ZZ"]
    assert api.post("/v2/models/tiny/infer", {"inputs": tensor}).json["parameters"]["warnings"]


def test_a_warning_stays_short_whatever_was_sent(api, tiny):
    rows = [{**tiny.example.rows[0], "carrier": str(index) * 1000} for index in range(50)]
    answer = api.post("/invocations", {"dataframe_records": rows})
    assert len(answer.json["warnings"][0]) < 300


def test_many_rows_are_answered_beside_the_event_loop_and_the_same(api, tiny):
    rows = [dict(tiny.example.rows[0])] * 1000
    found = api.post("/invocations", {"dataframe_records": rows}).json["predictions"]
    assert len(found) == 1000
    (probability,) = {record["probability"] for record in found}
    assert probability == pytest.approx(tiny.example.predictions[0], abs=1e-12)


def test_one_served_model_needs_no_name(api, tiny):
    body = bodies(tiny)["records"]
    assert api.post("/invocations", body).json == api.post("/models/tiny/invocations", body).json


def test_several_served_models_need_a_name(make_api, load, tiny):
    api = make_api(load(), load(name="other"))
    answer = api.post("/invocations", bodies(tiny)["records"])
    assert (answer.status, answer.code) == (400, "ambiguous_model")
    assert "/models/other/invocations" in answer.message
    assert "/models/tiny/invocations" in answer.message
    assert api.post("/models/other/invocations", bodies(tiny)["records"]).json["model"]["name"] == "other"


def test_a_regression_model_gives_plain_numbers(make_api, load, train):
    api = make_api(load(task="regression"))
    answer = api.post("/invocations", bodies(train(task="regression"))["records"])
    assert all(isinstance(value, float) for value in answer.json["predictions"])


def test_the_request_id_of_the_client_comes_back(api):
    assert api.get("/v2/health/live", x_request_id="abc-1").headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "ä", ""])
def test_a_request_id_that_is_none_is_replaced(api, given):
    found = api.get("/v2/health/live", x_request_id=given).headers["x-request-id"]
    assert found != given
    assert len(found) == 16


def test_the_curl_line_of_the_docs_page_holds_a_body_that_works(api):
    import html
    import re
    import shlex

    page = api.get("/docs").body.decode()
    commands = [shlex.split(html.unescape(found)) for found in re.findall(r"<pre>(curl .*?)</pre>", page, re.DOTALL)]
    assert len(commands) == 2
    for command in commands:
        path = command[2].removeprefix("http://127.0.0.1:8000")
        assert api.post(path, json.loads(command[-1])).status == 200
