"""MLflow's forms, and the typed route: bytes in, columns out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelyard_bundle import Feature, Output, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.encoding import Encoding
from modelyard_serving.explaining.explanation import Explanation
from modelyard_serving.loading.served import Prediction
from modelyard_serving.protocols.asking import Told, wants_explanation
from modelyard_serving.protocols.bodies import CSV, JSON
from modelyard_serving.protocols.invocations import read_invocation
from modelyard_serving.protocols.typed import read_rows
from modelyard_serving.refusals import RequestRefusedError

PREDICTION = Prediction(values=[0.25], labels=["on time"])
CSV_ROW = b"distance,hour,carrier,weekend\n500.5,7,AA,true\n"
ROW = {"distance": 500.5, "hour": 7, "carrier": "AA", "weekend": True}


def signature_of(*kinds):
    features = tuple(Feature(name=name, kind=kind) for name, kind in zip("abc", kinds, strict=False))
    return Signature(model="sums", task="regression", features=features, output=Output(name="sum", kind="number"))


def rows_in(signature, document, media=JSON):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    decoder = Decoder.compile(signature)
    return decoder.frame(read_invocation(body, media, decoder).columns, max_rows=9).rows()


def refused(call, *arguments):
    with pytest.raises(RequestRefusedError) as caught:
        call(*arguments)
    return caught.value.code


NUMBERS = signature_of("number", "integer")


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, 2], [3.5, 4]]}},
        {"dataframe_split": {"columns": ["b", "a"], "data": [[2, 1.5], [4, 3.5]], "index": [7, 8]}},
        {"dataframe_records": [{"a": 1.5, "b": 2}, {"b": 4, "a": 3.5}]},
        {"instances": [{"a": 1.5, "b": 2}, {"a": 3.5, "b": 4}]},
        {"instances": [[1.5, 2], [3.5, 4]]},
        {"inputs": [[1.5, 2], [3.5, 4]]},
        {"inputs": [{"a": 1.5, "b": 2}, {"a": 3.5, "b": 4}]},
        {"inputs": {"a": [1.5, 3.5], "b": [2, 4]}},
        {"instances": {"a": [1.5, 3.5], "b": [2, 4]}},
    ],
)
def test_every_form_gives_the_same_rows_and_the_same_matrix(document):
    assert rows_in(NUMBERS, document) == [(1.5, 2), (3.5, 4)]
    columns = read_invocation(json.dumps(document).encode(), JSON, Decoder.compile(NUMBERS)).columns
    assert Encoding.compile(NUMBERS, {}).matrix(columns, max_rows=9).tolist() == [[1.5, 2], [3.5, 4]]


@pytest.mark.parametrize("document", [{"inputs": {"a": 1.5, "b": 2}}, {"instances": [[1.5, 2]]}])
def test_single_values_are_one_row(document):
    assert rows_in(NUMBERS, document) == [(1.5, 2)]


@pytest.mark.parametrize("document", [{"inputs": [1.5, 2.5]}, {"instances": [1.5, 2.5]}, {"inputs": {"a": [1.5, 2.5]}}])
def test_a_lone_feature_needs_no_name(document):
    assert rows_in(signature_of("number"), document) == [(1.5,), (2.5,)]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"inputs": {"a": 1, "b": [2]}}, "malformed_inputs"),
        ({"inputs": {"a": {"x": 1}, "b": 2}}, "malformed_inputs"),
        ({"inputs": [1, 2]}, "malformed_rows"),
        ({"instances": [1, 2]}, "malformed_rows"),
        ({"inputs": [[1, 2], {"a": 1, "b": 2}]}, "malformed_rows"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, [2]]]}}, "wrong_type"),
        ({"dataframe_records": [{"a": 1, "b": "2"}]}, "wrong_type"),
        ({"params": {}}, "unknown_format"),
        ({"instances": [[1, 2]], "params": [1]}, "wrong_type"),
        ({"instances": [[1, 2]], "params": {"explain": 1}}, "wrong_type"),
    ],
)
def test_refuses_other_forms(document, code):
    assert refused(rows_in, NUMBERS, document) == code


def test_params_ask_for_an_explanation_and_others_are_ignored_with_a_warning(load):
    body = json.dumps({"dataframe_records": [ROW], "params": {"explain": True, "top_k": 3}}).encode()
    asked = read_invocation(body, JSON, load().decoder)
    assert asked.explain is True
    answer = json.loads(asked.render(load(), Told(PREDICTION, ["careful"])).body)
    assert answer["warnings"] == ["careful", "params that the model does not take were ignored: top_k"]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (CSV_ROW, [(500.5, 7, "AA", True)]),
        (b"\xef\xbb\xbf" + CSV_ROW, [(500.5, 7, "AA", True)]),
        (CSV_ROW.replace(b"\n", b"\r\n"), [(500.5, 7, "AA", True)]),
        (b",distance,hour,carrier,weekend\n0,500.5,7,AA,True\n", [(500.5, 7, "AA", True)]),
        (b'weekend,carrier,hour,distance\nFALSE,"A, ""B""\n",7.0, 5e2 \n', [(500.0, 7, 'A, "B"\n', False)]),
        (
            b"distance,hour,carrier,weekend\n,7,NA,true\n\n.5,8,NaN,false\n",
            [(None, 7, "NA", True), (0.5, 8, "NaN", False)],
        ),
    ],
)
def test_csv_as_people_and_pandas_write_it(tiny, body, rows):
    assert rows_in(tiny.signature, body, CSV) == rows


@pytest.mark.parametrize("field", ["1_000", "infinity", "nan", "0x10", "٣", "1e", "e5", "1,5", "--1", "1e999"])
def test_refuses_what_only_looks_like_a_number(tiny, field):
    body = f'distance,hour,carrier,weekend\n"{field}",7,AA,true\n'.encode()
    assert refused(rows_in, tiny.signature, body, CSV) == "wrong_type"


def test_an_index_alone_is_not_a_feature(tiny):
    assert refused(rows_in, tiny.signature, b",a\n0,1\n", CSV) == "missing_feature"
    assert refused(rows_in, tiny.signature, b",,\n0,1,2\n", CSV) == "duplicate_feature"


def test_the_typed_route_takes_rows_and_whether_to_explain(load):
    asked = read_rows(json.dumps({"rows": [ROW], "explain": True}).encode(), load().decoder)
    assert asked.explain is True
    assert load().decoder.frame(asked.columns, max_rows=9).to_dicts() == [ROW]
    assert read_rows(json.dumps({"rows": [ROW]}).encode(), load().decoder).explain is False


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "unknown_format"),
        ({"explain": True}, "unknown_format"),
        ({"rows": [ROW], "instances": []}, "unknown_format"),
        ({"rows": ROW}, "malformed_rows"),
        ({"rows": [list(ROW.values())]}, "malformed_rows"),
        ({"rows": [{}]}, "missing_feature"),
        ({"rows": [ROW], "explain": "true"}, "wrong_type"),
        ({"rows": [ROW], "explain": None}, "wrong_type"),
    ],
)
def test_the_typed_route_refuses_everything_else(load, document, code):
    assert refused(read_rows, json.dumps(document).encode(), load().decoder) == code


def test_answers_by_row_name_the_model_and_carry_the_explanation(load):
    explanation = Explanation(
        features=tuple(ROW),
        output="probability",
        base=0.5,
        contributions=np.array([[-0.25, 0, 0, 0]]),
        method="exact",
        background=3,
    )
    model = load()
    typed = read_rows(json.dumps({"rows": [ROW]}).encode(), model.decoder)
    plain = json.loads(typed.render(model, Told(PREDICTION)).body)
    assert plain == {
        "predictions": [{"probability": 0.25, "label": "on time"}],
        "model": {"name": "tiny", "version": "1", "digest": model.digest},
    }
    explained = json.loads(typed.render(model, Told(PREDICTION, [], explanation)).body)["explanation"]
    assert explained["base_value"] == 0.5
    assert explained["contributions"] == [{"distance": -0.25, "hour": 0, "carrier": 0, "weekend": 0}]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [({}, False), ({"explain": "true"}, True), ({"explain": "TRUE"}, True), ({"explain": "false"}, False)],
)
def test_the_query_string_asks_for_explanations_too(query, wanted):
    assert wants_explanation(query) is wanted


def test_refuses_a_query_that_is_neither_true_nor_false():
    assert refused(wants_explanation, {"explain": "maybe"}) == "wrong_type"
