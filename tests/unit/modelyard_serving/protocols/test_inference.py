"""Inference requests, JSON and binary: bytes in, columns out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.testing.inference_requests import ROWS, WIRE, as_bytes, body_of, tiny_tensors
from modelyard_bundle import Feature, Output, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.encoding import Encoding
from modelyard_serving.decoding.table import Table
from modelyard_serving.protocols.inference import read_inference
from modelyard_serving.refusals import RequestRefusedError


def read(signature, body, header=None):
    return read_inference(body, signature, Decoder.compile(signature), header=header)


def refusal(signature, body, header=None):
    with pytest.raises(RequestRefusedError) as caught:
        read(signature, body, header)
    return caught.value.code, caught.value.message


@pytest.fixture
def mixed(tiny):
    return tiny.signature


@pytest.fixture
def numbers():
    features = tuple(Feature(name=name, kind=kind) for name, kind in (("a", "number"), ("b", "integer")))
    return Signature(model="sums", task="regression", features=features, output=Output(name="sum", kind="number"))


@pytest.mark.parametrize("binary", [set(), set(WIRE), {"distance"}, {"carrier", "weekend"}, {"hour"}])
def test_json_and_bytes_in_any_mixture_are_the_same_rows(mixed, binary):
    asked = read(mixed, *body_of(*tiny_tensors(binary=binary)))
    frame = Decoder.compile(mixed).frame(asked.columns, max_rows=9)
    assert frame.to_dict(as_series=False) == ROWS


def test_the_order_of_the_tensors_is_that_of_the_bytes_and_nothing_else(mixed):
    asked = read(mixed, *body_of(*reversed(tiny_tensors())))
    assert Decoder.compile(mixed).frame(asked.columns, max_rows=9).to_dict(as_series=False) == ROWS


def test_bytes_are_looked_into_and_not_copied(numbers):
    body, header = body_of(("a", "FP64", [2], as_bytes([1, 2], "<f8")), ("b", "INT64", [2], as_bytes([3, 4], "<i8")))
    columns = read(numbers, body, header).columns
    whole = np.frombuffer(body, dtype=np.uint8)
    assert np.shares_memory(columns["a"], whole)
    assert np.shares_memory(columns["b"], whole)


@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    "datatype", ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64"]
)
def test_takes_each_datatype_that_becomes_the_feature_without_loss(numbers, kind, binary, datatype):
    size = int(datatype.strip("UINTFP"))
    wire = f"<{datatype[0].lower()}{size // 8}"
    values = as_bytes([3, 4], wire) if binary else [3, 4]
    name = "a" if kind == "number" else "b"
    other = ("b", "INT64", [2], [1, 1]) if kind == "number" else ("a", "FP64", [2], [1, 1])
    body, header = body_of((name, datatype, [2], values), other)
    if kind == "integer" and datatype.startswith("FP"):
        assert refusal(numbers, body, header)[0] == "wrong_datatype"
    else:
        columns = read(numbers, body, header).columns
        assert Decoder.compile(numbers).frame(columns, max_rows=9)[name].to_list() == [3, 4]


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        ("INT8", [0, 128]),
        ("INT16", [0, -32769]),
        ("UINT8", [0, -1]),
        ("UINT64", [0, -1]),
        ("INT64", [0, 2**63]),
        ("INT32", [0, 1.0]),
        ("INT32", [0, True]),
        ("INT32", [0, "1"]),
        ("FP16", [0, 70000]),
        ("FP32", [0, 1e39]),
        ("INT64", [0, 2**53 + 1]),
        ("UINT64", [0, 2**63 + 1]),
    ],
)
def test_refuses_values_that_the_datatype_does_not_hold_or_a_number_would_change(numbers, datatype, values):
    code, message = refusal(numbers, *body_of(("a", datatype, [2], values), ("b", "INT64", [2], [1, 1])))
    assert code == "wrong_type"
    assert message.startswith("a[1]: ")


@pytest.mark.parametrize(("datatype", "wire"), [("INT64", "<i8"), ("UINT64", "<u8")])
def test_refuses_the_same_in_bytes(numbers, datatype, wire):
    tensors = ("a", datatype, [2], as_bytes([2**60, 2**53 + 1], wire)), ("b", "INT64", [2], [1, 1])
    code, message = refusal(numbers, *body_of(*tensors))
    assert (code, message.startswith("a[1]: ")) == ("wrong_type", True)


def test_nan_in_bytes_is_missing_where_that_is_allowed(mixed, numbers):
    change = {"distance": ("distance", "FP32", [2], as_bytes([math.nan, 2], "<f4"))}
    columns = read(mixed, *body_of(*tiny_tensors(changes=change))).columns
    assert Decoder.compile(mixed).frame(columns, max_rows=9)["distance"].to_list() == [None, 2.0]
    body, header = body_of(("a", "FP32", [1], as_bytes([math.nan], "<f4")), ("b", "INT64", [1], [1]))
    with pytest.raises(RequestRefusedError, match=r"a\[0\]: expected a number, found the number nan"):
        Decoder.compile(numbers).frame(read(numbers, body, header).columns, max_rows=9)


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (("input", "FP64", [2, 2], [1.5, 2, 3.5, 4]), [[1.5, 2], [3.5, 4]]),
        (("predict", "FP32", [2, 2], [[1.5, 2], [3.5, 4]]), [[1.5, 2], [3.5, 4]]),
        (("x", "FP32", [2, 2], as_bytes([1.5, 2, 3.5, 4], "<f4")), [[1.5, 2], [3.5, 4]]),
        (("x", "INT32", [1, 2], as_bytes([1, 2], "<i4")), [[1, 2]]),
        (("x", "FP64", [1, 2], [[1.5, 2]]), [[1.5, 2]]),
    ],
)
def test_one_tensor_may_hold_all_features_in_the_order_of_the_signature(numbers, tensor, expected):
    asked = read(numbers, *body_of(tensor))
    assert isinstance(asked.columns, Table)
    assert Encoding.compile(numbers, {}).matrix(asked.columns, max_rows=9).tolist() == expected
    assert [list(row) for row in Decoder.compile(numbers).frame(asked.columns, max_rows=9).rows()] == expected


@pytest.mark.parametrize(
    ("tensor", "code"),
    [
        (("x", "FP64", [1, 3], [1, 2, 3]), "wrong_shape"),
        (("x", "FP64", [1, 2], [1, 2, 3]), "ragged"),
        (("x", "FP64", [2, 2], [[1, 2], [3]]), "ragged"),
        (("x", "FP64", [-1, 2], [1, 2]), "wrong_shape"),
        (("x", "BYTES", [1, 2], ["1", "2"]), "wrong_datatype"),
        (("x", "FP64", [1, 2], as_bytes([1, 2, 3], "<f8")), "malformed_binary"),
        (("x", "FP64", [10**18, 2], as_bytes([1, 2], "<f8")), "malformed_binary"),
        (("x", "FP64", [2], [1, 2]), "missing_feature"),
        (("a", "FP64", [1, 2], [1, 2]), "missing_feature"),
    ],
)
def test_refuses_a_tensor_of_all_features_of_another_form(numbers, tensor, code):
    assert refusal(numbers, *body_of(tensor))[0] == code


def test_a_wrong_value_in_a_tensor_of_all_features_is_named_by_its_feature(numbers):
    asked = read(numbers, *body_of(("x", "FP64", [2, 2], [1, 2, 3, 4.5])))
    for decode in (Decoder.compile(numbers).frame, Encoding.compile(numbers, {}).matrix):
        with pytest.raises(RequestRefusedError, match=r"b\[1\]: expected a whole number, found the number 4.5"):
            decode(asked.columns, max_rows=9)


def test_a_model_that_takes_more_than_numbers_takes_no_such_tensor(mixed):
    assert refusal(mixed, *body_of(("x", "FP64", [1, 4], [1, 2, 3, 4])))[0] == "missing_feature"


GOOD = tiny_tensors()


def sized(size, **more):
    """A request whose one tensor says it has `size` bytes, and has three."""
    tensor = {"name": "distance", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": size}, **more}
    others = [{"name": name, "shape": [1], "datatype": WIRE[name][0], "data": ROWS[name][:1]} for name in ROWS][1:]
    head = json.dumps({"inputs": [tensor, *others]}).encode()
    return head + b"123", str(len(head)).encode()


@pytest.mark.parametrize(
    ("body", "header", "code"),
    [
        (*sized(8), "malformed_binary"),
        (*sized(-1), "malformed_binary"),
        (*sized("8"), "malformed_binary"),
        (*sized(3.0), "malformed_binary"),
        (*sized(True), "malformed_binary"),
        (*sized([3]), "malformed_binary"),
        (*sized(3), "malformed_binary"),
        (*sized(0), "malformed_binary"),
        (*sized(3, data=[1.0]), "malformed_tensor"),
        (*sized(None), "malformed_tensor"),
        (sized(3)[0][:-3], None, "malformed_binary"),
        (sized(3)[0], None, "malformed_json"),
        (sized(3)[0], b"", "malformed_binary"),
        (sized(3)[0], b"0", "malformed_binary"),
        (sized(3)[0], b"-5", "malformed_binary"),
        (sized(3)[0], b"1e2", "malformed_binary"),
        (sized(3)[0], b"\xb2", "malformed_binary"),
        (sized(3)[0], b"9" * 30, "malformed_binary"),
        (sized(3)[0], b"100000", "malformed_binary"),
        (sized(3)[0], b"10", "malformed_json"),
        (*body_of(*GOOD, tail=b"x"), "malformed_binary"),
    ],
)
def test_refuses_bytes_that_do_not_add_up(mixed, body, header, code):
    assert refusal(mixed, body, header)[0] == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (as_bytes(["AA"], None), "malformed_binary"),
        (as_bytes(["AA", "B", "C"], None), "malformed_binary"),
        (b"", "malformed_binary"),
        (b"\x01", "malformed_binary"),
        (b"\x05\x00\x00\x00AA", "malformed_binary"),
        (as_bytes(["AA"], None) + b"\xff\xff\xff\xffAA", "malformed_binary"),
        (as_bytes(["AA"], None) + b"\x00\x00", "malformed_binary"),
        (as_bytes(["AA", b"\xff\xfe"], None), "bad_utf8"),
        (as_bytes(["AA", b"\xed\xa0\x80"], None), "bad_utf8"),
    ],
)
def test_refuses_texts_whose_lengths_lead_astray(mixed, content, code):
    change = {"carrier": ("carrier", "BYTES", [2], content)}
    found = refusal(mixed, *body_of(*tiny_tensors(changes=change)))
    assert found[0] == code
    assert found[1].startswith("carrier")


def test_refuses_a_byte_that_is_no_truth(mixed):
    change = {"weekend": ("weekend", "BOOL", [2], b"\x01\x02")}
    assert refusal(mixed, *body_of(*tiny_tensors(changes=change)))[0] == "malformed_binary"


def test_empty_texts_are_texts(mixed):
    change = {"carrier": ("carrier", "BYTES", [2], as_bytes(["", ""], None))}
    assert read(mixed, *body_of(*tiny_tensors(changes=change))).columns["carrier"] == ["", ""]


def test_shared_memory_is_not_taken(mixed):
    body = {
        "inputs": [{"name": "hour", "shape": [1], "datatype": "INT64", "parameters": {"shared_memory_region": "x"}}]
    }
    assert refusal(mixed, json.dumps(body).encode())[0] == "shared_memory"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_bytes_after_the_json_make_it_fail_in_another_way(data, tiny):
    """Cut, lengthened or spoilt somewhere: refused, or read as other values; never anything else."""
    whole, header = body_of(*GOOD)
    start = int(header)
    spoilt = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(start, len(whole) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(spoilt[: data.draw(st.integers(start, len(whole)))]) + data.draw(st.binary(max_size=3))
    decoder = Decoder.compile(tiny.signature)
    try:
        decoder.frame(read_inference(body, tiny.signature, decoder, header=header).columns, max_rows=9)
    except RequestRefusedError as error:
        assert error.status == 400  # noqa: PT017 - that it is refused is one of two right outcomes


def outcome(signature, inputs):
    """The rows of these inputs, or the refusal."""
    decoder = Decoder.compile(signature)
    try:
        asked = read_inference(json.dumps({"inputs": inputs}).encode(), signature, decoder)
        return decoder.frame(asked.columns, max_rows=9).rows()
    except RequestRefusedError as error:
        return error.code, error.message


scalars = st.none() | st.booleans() | st.integers(-3, 2**64) | st.floats(-3, 3) | st.sampled_from(["AA", "INT64"])
changes = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["hour", "distance", "x"]) | scalars,
        "shape": st.lists(scalars, max_size=2) | st.just([2, 1]) | scalars,
        "datatype": st.sampled_from(["FP64", "INT64", "BOOL", "BYTES", "FP32", "INT32"]) | scalars,
        "data": st.lists(scalars | st.lists(scalars, max_size=2), max_size=3) | scalars,
    },
)


@settings(max_examples=300, deadline=None)
@given(change=changes, place=st.integers(0, 3), dropped=st.sampled_from([None, "name", "shape", "datatype", "data"]))
def test_the_quick_way_takes_nothing_that_a_closer_look_would_refuse_or_read_otherwise(tiny, change, place, dropped):
    """Parameters, though empty, make a tensor one that is looked at closely."""
    inputs = json.loads(body_of(*tiny_tensors(binary=()))[0])["inputs"]
    inputs[place] = {key: value for key, value in {**inputs[place], **change}.items() if key != dropped}
    closely = [{**inputs[0], "parameters": {}}, *inputs[1:]]
    assert outcome(tiny.signature, inputs) == outcome(tiny.signature, closely)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"parameters": {"explain": "yes"}}, "wrong_type"),
        ({"parameters": {"binary_data_output": 1}}, "wrong_type"),
        ({"outputs": [{"name": "label", "parameters": {"binary_data": "no"}}]}, "wrong_type"),
        ({"outputs": [{"name": "label", "parameters": {"classification": 3}}]}, "malformed_outputs"),
        ({"outputs": [{"name": "label", "parameters": {"shared_memory_region": "x"}}]}, "malformed_outputs"),
        ({"outputs": [{"name": "label", "data": []}]}, "malformed_outputs"),
        ({"outputs": [{"name": "label", "parameters": []}]}, "malformed_outputs"),
    ],
)
def test_refuses_parameters_that_make_no_sense(mixed, document, code):
    assert refusal(mixed, *body_of(*GOOD, **document))[0] == code


def test_parameters_that_the_protocol_leaves_to_the_server_are_let_pass(mixed):
    parameters = {"sequence_id": 1, "priority": 2, "timeout": 5, "explain": True}
    assert read(mixed, *body_of(*GOOD, parameters=parameters)).explain is True
