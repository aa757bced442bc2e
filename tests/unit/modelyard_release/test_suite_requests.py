"""How the suite asks: forms, credentials, and answers in either form of error."""

from __future__ import annotations

import json
import struct

import pytest

from modelyard.errors import ConfigurationError, ModelApiUnreachableError
from modelyard.release.calling import Answer, Fault, ModelApi
from modelyard.release.checks.run import TOLERANCE, NotSoError, differs_by
from modelyard.release.credential import Credential
from modelyard.release.expectation import Expectation, Piece
from modelyard.release.forms import EVERY, MLFLOW_CSV, V2_BINARY, V2_VERSION, document_of
from modelyard_bundle import Example

KEY = "abcdefghijkl." + "s" * 43
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"


@pytest.fixture
def expected(tiny):
    return Expectation(version="1", digest=tiny.digest, signature=tiny.signature, example=tiny.example)


def answer(document, status=400, headers=None, body=None):
    return Answer(status, headers or {}, json.dumps(document).encode() if body is None else body, 0.001)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"error": "no", "code": "c", "request_id": "r"}, Fault("c", "no", "r")),
        ({"error": {"code": "c", "message": "no", "request_id": "r"}}, Fault("c", "no", "r")),
        ({"error": "no"}, Fault("", "no", "")),
        ({"error": {"code": "c"}}, None),
        ({"error": ""}, None),
        ({"predictions": []}, None),
        ([], None),
        ("error", None),
    ],
)
def test_reads_the_reason_of_a_refusal_in_both_forms(document, fault):
    assert answer(document).fault == fault


def test_what_is_no_json_has_no_reason():
    assert answer(None, body=b"<h1>Bad gateway</h1>").fault is None


def test_a_key_and_a_token_go_into_the_header_that_is_theirs():
    assert Credential.of(KEY) == Credential("X-API-Key", KEY)
    assert Credential.of(TOKEN) == Credential("Authorization", f"Bearer {TOKEN}")


def test_a_credential_is_read_from_a_variable_and_never_shown():
    found = Credential.in_variable("KEY", {"KEY": f"{KEY}\n"})
    assert found.value == KEY
    assert KEY not in repr(found)
    assert KEY not in repr(ModelApi("https://x", credential=found))


@pytest.mark.parametrize("held", [None, "", "  ", "two words", "line\nline"])
def test_a_variable_without_a_credential_is_refused_by_name(held):
    with pytest.raises(ConfigurationError, match="KEY") as caught:
        Credential.in_variable("KEY", {} if held is None else {"KEY": held})
    assert held is None or not held.strip() or held not in str(caught.value)


@pytest.mark.parametrize("url", ["http://model.example", "http://10.0.0.1:8000", "http://127.0.0.1.example"])
def test_a_key_does_not_travel_unencrypted_to_another_machine(url):
    with pytest.raises(ModelApiUnreachableError, match="unencrypted"):
        ModelApi(url, credential=Credential.of(KEY)).get("/v2")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "https://model.example"])
def test_a_key_travels_on_this_machine_and_over_tls(url):
    assert ModelApi(url, credential=Credential.of(KEY)).checked_url() == url


def test_forms_have_names_of_their_own_and_one_names_the_version(expected):
    assert len({form.name for form in EVERY}) == len(EVERY) == 9
    assert [form for form in EVERY if form.names_version] == [V2_VERSION]
    request = V2_VERSION.request(expected.signature, expected.rows, version="7")
    assert request.path == "/v2/models/tiny/versions/7/infer"


def test_csv_says_every_value_so_that_nothing_is_lost(expected):
    row = {"distance": 0.1 + 0.2, "hour": 7, "carrier": 'a "b", c', "weekend": True}
    body, _ = MLFLOW_CSV.body(expected.signature, [row, {**row, "distance": None, "weekend": False}])
    first, second = body.decode().splitlines()[1:]
    assert first == '0.30000000000000004,7,"a ""b"", c",true'
    assert second == ',7,"a ""b"", c",false'


def test_binary_tensors_are_little_endian_and_what_they_cannot_say_is_json(expected):
    row = {"distance": None, "hour": 7, "carrier": "Ü", "weekend": True}
    body, headers = V2_BINARY.body(expected.signature, [row])
    start = int(headers["Inference-Header-Content-Length"])
    document = json.loads(body[:start])
    assert [one["parameters"]["binary_data_size"] for one in document["inputs"]] == [8, 8, 6, 1]
    assert body[start + 8 :] == struct.pack("<q", 7) + b"\x02\x00\x00\x00\xc3\x9c" + b"\x01"
    body, headers = V2_BINARY.body(expected.signature, [{**row, "hour": None}])
    assert json.loads(body[: int(headers["Inference-Header-Content-Length"])])["inputs"][1]["data"] == [None]


def test_binary_answers_are_read_back():
    head = {
        "outputs": [
            {"name": "p", "datatype": "FP64", "parameters": {"binary_data_size": 16}},
            {"name": "label", "datatype": "BYTES", "parameters": {"binary_data_size": 6}},
            {"name": "plain", "datatype": "FP64", "data": [3.0]},
        ]
    }
    content, own = json.dumps(head).encode(), struct.pack("<2d", 0.25, 0.5) + b"\x02\x00\x00\x00ok"
    headers = {"inference-header-content-length": str(len(content))}
    found = document_of(answer(None, 200, headers, content + own))
    assert [output["data"] for output in found["outputs"]] == [[0.25, 0.5], ["ok"], [3.0]]
    with pytest.raises(ValueError, match="belong to none"):
        document_of(answer(None, 200, headers, content + own + b"\x00"))


def test_a_difference_up_to_the_tolerance_is_none_and_more_is_one():
    assert differs_by([0.5, 1000.0 + 9e-7], Piece((), (0.5, 1000.0))) < TOLERANCE
    for wrong in ([0.5 + 2e-9], [float("nan")], [], [0.5, 0.5], None):
        with pytest.raises(NotSoError):
            differs_by(wrong, Piece((), (0.5,)))


def test_a_difference_names_the_row_of_the_sample():
    with pytest.raises(NotSoError, match="row 201"):
        differs_by([0.5, 0.6], Piece((), (0.5, 0.5), 200))


def test_a_sample_is_asked_in_pieces_that_lose_nothing(expected):
    rows = tuple({"distance": float(at)} for at in range(250))
    sampled = expected.sampled(Example(rows=rows, predictions=tuple(map(float, range(250)))), origin="x")
    pieces = sampled.pieces()
    assert [(piece.start, len(piece.rows)) for piece in pieces] == [(0, 100), (100, 100), (200, 50)]
    assert [value for piece in pieces for value in piece.predictions] == list(map(float, range(250)))
    assert expected.pieces()[0].rows == expected.example.rows
