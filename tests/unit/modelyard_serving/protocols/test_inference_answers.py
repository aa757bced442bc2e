"""Inference answers, JSON and binary: a prediction in, bytes out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelyard.testing.inference_requests import ROWS, as_bytes, body_of, tiny_tensors
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.explaining.explanation import Explanation
from modelyard_serving.loading.served import Prediction
from modelyard_serving.protocols.asking import Told
from modelyard_serving.protocols.inference import read_inference

PREDICTION = Prediction(values=[0.25, 0.75], labels=["on time", "late"])


def rendered(load, told=None, **document):
    body, header = body_of(*tiny_tensors(), **document)
    model = load()
    asked = read_inference(body, model.signature, Decoder.compile(model.signature), header=header)
    return asked.render(model, told or Told(PREDICTION, ["careful"]))


def split(answer):
    length = int(dict(answer.headers)[b"inference-header-content-length"])
    document = json.loads(answer.body[:length])
    pieces, start = {}, length
    for output in document["outputs"]:
        if "parameters" in output:
            size = output["parameters"]["binary_data_size"]
            pieces[output["name"]] = answer.body[start : start + size]
            start += size
    assert start == len(answer.body)
    return document, pieces


def test_an_answer_is_json_unless_bytes_are_asked_for(load):
    answer = rendered(load, id="q")
    assert dict(answer.headers) == {b"content-type": b"application/json"}
    document = json.loads(answer.body)
    assert document["id"] == "q"
    assert document["parameters"]["warnings"] == ["careful"]
    assert document["outputs"] == [
        {"name": "probability", "shape": [2], "datatype": "FP64", "data": [0.25, 0.75]},
        {"name": "label", "shape": [2], "datatype": "BYTES", "data": ["on time", "late"]},
    ]


def test_an_answer_in_bytes_says_where_they_begin(load):
    answer = rendered(load, parameters={"binary_data_output": True})
    assert dict(answer.headers)[b"content-type"] == b"application/octet-stream"
    document, pieces = split(answer)
    assert [output["shape"] for output in document["outputs"]] == [[2], [2]]
    assert all("data" not in output for output in document["outputs"])
    assert pieces["probability"] == as_bytes([0.25, 0.75], "<f8")
    assert pieces["label"] == as_bytes(["on time", "late"], None)


def test_an_output_says_for_itself_whether_it_is_wanted_in_bytes(load):
    outputs = [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probability"}]
    document, pieces = split(rendered(load, outputs=outputs, parameters={"binary_data_output": True}))
    assert set(pieces) == {"probability"}
    assert document["outputs"][1]["data"] == ["on time", "late"]


def test_only_the_outputs_that_were_asked_for_come(load):
    document = json.loads(rendered(load, outputs=[{"name": "label", "parameters": {"binary_data": False}}]).body)
    assert [output["name"] for output in document["outputs"]] == ["label"]


@pytest.mark.parametrize("binary", [False, True])
def test_an_explanation_is_two_more_tensors(load, binary):
    explanation = Explanation(
        features=tuple(ROWS),
        output="probability",
        base=0.5,
        contributions=np.array([[-0.25, 0, 0, 0], [0, 0.25, 0, 0]]),
        method="exact",
        background=3,
    )
    told = Told(PREDICTION, [], explanation)
    answer = rendered(load, told, parameters={"explain": True, "binary_data_output": binary})
    document, pieces = split(answer) if binary else (json.loads(answer.body), {})
    assert document["parameters"]["explanation"]["features"] == list(ROWS)
    contributions, base = document["outputs"][2:]
    assert (contributions["name"], contributions["shape"]) == ("contributions", [2, 4])
    assert (base["name"], base["shape"]) == ("base_value", [1])
    flat = np.frombuffer(pieces["contributions"]).tolist() if binary else contributions["data"]
    assert flat == [-0.25, 0, 0, 0, 0, 0.25, 0, 0]
    assert (np.frombuffer(pieces["base_value"]).tolist() if binary else base["data"]) == [0.5]
