"""The matrix of a request: what the plain decoder takes and says, only faster."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard_bundle import Feature, Output, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.encoding import Encoding
from modelyard_serving.refusals import RequestRefusedError

VOCABULARIES = {"carrier": ("DL", "AA"), "gate": ()}


def signature_of(*features):
    return Signature(
        model="tiny", task="regression", features=features, output=Output(name="delay", kind="number", labels=())
    )


def number(name, **options):
    return Feature(name=name, kind="number", **options)


MIXED = signature_of(
    number("distance", nullable=True, minimum=80, maximum=5000),
    Feature(name="hour", kind="integer", minimum=0, maximum=23),
    Feature(name="carrier", kind="category", categories=("AA", "DL", "UA"), nullable=True),
    Feature(name="weekend", kind="boolean"),
    number("speed", minimum=0),
    Feature(name="gate", kind="category"),
    Feature(name="seats", kind="integer", nullable=True),
    Feature(name="delayed", kind="boolean", nullable=True),
)
GOOD = {
    "distance": [500.0, None],
    "hour": [7, 8.0],
    "carrier": ["AA", None],
    "weekend": [True, False],
    "speed": [1, 2.5],
    "gate": ["x", "y"],
    "seats": [None, 3],
    "delayed": [None, True],
}


def encode(signature, columns, rows=100):
    return Encoding.compile(signature, VOCABULARIES).matrix(columns, max_rows=rows)


def refusal(decode, *arguments, **options):
    with pytest.raises(RequestRefusedError) as caught:
        decode(*arguments, **options)
    return caught.value.status, caught.value.code, caught.value.message


def outcome(decode, columns):
    """What comes out, or the refusal."""
    try:
        return decode(columns, max_rows=3)
    except RequestRefusedError as error:
        return error.status, error.code, error.message


def test_every_kind_becomes_a_number_as_plans_expect_it():
    nan = math.nan
    expected = [
        [500.0, 7.0, 1.0, 1.0, 1.0, -1.0, nan, nan],
        [nan, 8.0, nan, 0.0, 2.5, -1.0, 3.0, 1.0],
    ]
    matrix = encode(MIXED, GOOD)
    np.testing.assert_array_equal(matrix, expected)
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_numbers_alone_become_a_matrix_in_c_order(rows):
    signature = signature_of(number("a"), number("b", nullable=True), Feature(name="c", kind="integer"))
    columns = {"c": list(range(rows)), "b": [None] * rows, "a": [0.5] * rows}
    matrix = encode(signature, columns)
    np.testing.assert_array_equal(matrix, [[0.5, math.nan, index] for index in range(rows)])
    assert matrix.flags.c_contiguous


def test_one_feature_is_a_matrix_too():
    np.testing.assert_array_equal(encode(signature_of(number("a")), {"a": [1, 2]}), [[1.0], [2.0]])


def test_a_category_that_the_plan_does_not_know_is_minus_one():
    signature = signature_of(Feature(name="carrier", kind="category"))
    np.testing.assert_array_equal(encode(signature, {"carrier": ["DL", "ZZ", ""]}), [[0.0], [-1.0], [-1.0]])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_arrays_of_every_number_type_are_numbers(dtype):
    signature = signature_of(number("a"), number("b"))
    columns = {"a": np.array([1, 2], dtype=dtype), "b": np.array([3, 4], dtype="f8")}
    np.testing.assert_array_equal(encode(signature, columns), [[1.0, 3.0], [2.0, 4.0]])
    assert Decoder.compile(signature).frame(columns, max_rows=2).rows() == [(1.0, 3.0), (2.0, 4.0)]


def test_arrays_and_lists_may_be_mixed():
    columns = {**GOOD, "distance": np.array([500.0, math.nan]), "weekend": np.array([True, False])}
    np.testing.assert_array_equal(encode(MIXED, columns), encode(MIXED, GOOD))


def test_nan_in_an_array_is_a_missing_value():
    columns = {**GOOD, "distance": np.array([math.nan, 1.0])}
    assert Decoder.compile(MIXED).frame(columns, max_rows=2)["distance"].to_list() == [None, 1.0]
    assert math.isnan(encode(MIXED, columns)[0, 0])


@pytest.mark.parametrize(
    ("feature", "values"),
    [
        ("speed", [1, math.nan]),
        ("speed", [1, math.inf]),
        ("speed", [1, None]),
        ("speed", [1, "2"]),
        ("speed", [1, True]),
        ("speed", [1, 10**400]),
        ("speed", [[1], [2]]),
        ("speed", np.array([1.0, math.nan])),
        ("speed", np.array([1.0, -math.inf])),
        ("speed", np.array([True, False])),
        ("distance", [math.nan, 1.0]),
        ("distance", [None, math.inf]),
        ("distance", np.array([math.inf, 1.0])),
        ("hour", [1, 1.5]),
        ("hour", [1, None]),
        ("hour", [1, 2**63]),
        ("hour", [1, -(2.0**63)]),
        ("hour", [1, -1e300]),
        ("hour", np.array([1.5, 2.0])),
        ("hour", np.array([1e19, 2.0])),
        ("hour", np.array([2**63, 2], dtype=np.uint64)),
        ("hour", np.array([True, False])),
        ("weekend", [True, 1]),
        ("weekend", [True, None]),
        ("weekend", np.array([0, 1])),
        ("carrier", ["AA", 1]),
        ("carrier", [["AA"], "AA"]),
        ("gate", ["AA", None]),
        ("gate", np.array(["a", "b"])),
        ("seats", [None, 0.5]),
        ("delayed", [None, "true"]),
    ],
)
def test_refuses_a_wrong_value_in_the_words_of_the_plain_decoder(feature, values):
    columns = {**GOOD, feature: values}
    said = refusal(encode, MIXED, columns)
    assert said == refusal(Decoder.compile(MIXED).frame, columns, max_rows=100)
    assert said[1] == "wrong_type"
    assert said[2].startswith(feature)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"a": [1]}, "missing_feature"),
        ({"a": [1], "b": [1], "x": [1]}, "unknown_feature"),
        ({"a": [1], "b": [1, 2]}, "ragged"),
        ({"a": [], "b": []}, "no_rows"),
        ({"a": [1] * 4, "b": [1] * 4}, "too_many_rows"),
    ],
)
def test_refuses_columns_of_another_form(columns, code):
    signature = signature_of(number("a"), number("b"))
    said = refusal(encode, signature, columns, 3)
    assert said[1] == code
    assert said == refusal(Decoder.compile(signature).frame, columns, max_rows=3)


def test_whole_numbers_beyond_what_a_float_counts_are_still_taken():
    signature = signature_of(Feature(name="a", kind="integer"))
    assert encode(signature, {"a": [2**62 + 1]}).tolist() == [[float(2**62)]]
    assert encode(signature, {"a": [-(2**63)]}).tolist() == [[-(2.0**63)]]
    assert encode(signature, {"a": np.array([2**63 - 1])}).tolist() == [[float(2**63)]]


@pytest.mark.parametrize("as_array", [False, True])
def test_warns_of_what_training_never_saw_in_the_same_words(as_array):
    columns = {**GOOD, "distance": [10.0, 9999.0], "hour": [24, 3], "carrier": ["ZZ", "AA"], "speed": [-1.0, 1.0]}
    if as_array:
        columns = {**columns, "distance": np.array([10.0, 9999.0]), "hour": np.array([24, 3])}
    encoding = Encoding.compile(MIXED, VOCABULARIES)
    found = encoding.warnings(encoding.matrix(columns, max_rows=2), columns)
    assert found == encoding.decoder.warnings(columns)
    assert found == [
        "distance: 2 of 2 values outside 80 to 5000, as seen in training",
        "hour: 1 of 2 values outside 0 to 23, as seen in training",
        "carrier: 'ZZ' not seen in training",
        "speed: 1 of 2 values outside 0 to inf, as seen in training",
    ]


def test_does_not_warn_of_missing_values():
    encoding = Encoding.compile(MIXED, VOCABULARIES)
    assert encoding.warnings(encoding.matrix(GOOD, max_rows=2), GOOD) == []


values = {
    "number": st.integers(-(2**70), 2**70) | st.floats() | st.none() | st.just("1") | st.booleans(),
    "integer": st.integers(-(2**65), 2**65) | st.floats() | st.none() | st.booleans(),
    "category": st.sampled_from(["AA", "DL", "ZZ"]) | st.none() | st.integers(0, 1),
    "boolean": st.booleans() | st.none() | st.integers(0, 1),
}


@st.composite
def requests(draw):
    rows = draw(st.integers(1, 3))
    return {
        feature.name: draw(st.lists(values[feature.kind], min_size=rows, max_size=rows)) for feature in MIXED.features
    }


@settings(max_examples=200, deadline=None)
@given(columns=requests(), chosen=st.sets(st.sampled_from(MIXED.names)))
def test_takes_and_refuses_exactly_what_the_plain_decoder_does(columns, chosen):
    columns = {name: values if name in chosen else GOOD[name][:1] * len(values) for name, values in columns.items()}
    encoding = Encoding.compile(MIXED, VOCABULARIES)
    plain, quick = outcome(encoding.decoder.frame, columns), outcome(encoding.matrix, columns)
    if isinstance(plain, tuple):
        assert quick == plain
        return
    frame, matrix = plain, quick
    for place, name in enumerate(MIXED.names):
        if name in VOCABULARIES:
            continue
        expected = [math.nan if value is None else float(value) for value in frame[name].to_list()]
        np.testing.assert_array_equal(matrix[:, place], expected)
    assert encoding.warnings(matrix, columns) == encoding.decoder.warnings(columns)
