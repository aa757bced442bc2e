"""Bad inputs and loads by their codes: a live model API refuses what is wrong, says what it is, and goes on.

A01 to A19, A29 and A33 to A35 of the catalogue of faults. After each one a good request gets the same answer as before.
"""

from __future__ import annotations

import http.client
import json
import pickle
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from modelyard.testing.release_fakes import wrap_pipeline

CODES = {f"a{number:02}" for number in (*range(1, 20), 29, 33, 34, 35)}
ROW = {"distance": 500.0, "hour": 7, "carrier": "AA", "weekend": False}
JSON = "application/json"
PATHS = ("/models/tiny/predict", "/models/tiny/invocations", "/v2/models/tiny/infer")
WIRE = {"distance": "FP64", "hour": "INT64", "carrier": "BYTES", "weekend": "BOOL"}


def rows_body(path, *rows):
    """These rows in the form of the path."""
    if path.endswith("infer"):
        names = list(dict.fromkeys(name for row in rows for name in row))
        tensors = [
            {
                "name": name,
                "shape": [len(rows)],
                "datatype": WIRE.get(name, "FP64"),
                "data": [row[name] for row in rows if name in row],
            }
            for name in names
        ]
        return {"inputs": tensors}
    return {"rows" if path.endswith("predict") else "dataframe_records": list(rows)}


class Client:
    """Asks the live model API, and reads its refusals in either form."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()

    def post(self, path, body, content_type=JSON, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content, content_type=content_type, **headers)

    def refused(self, path, body, status, *codes, content_type=JSON, **headers):
        """The message of the refusal, after everything that a refusal must be was checked."""
        return self.check(self.post(path, body, content_type, **headers), status, *codes)

    def check(self, answer, status, *codes):
        found, headers, content = answer
        assert found == status, content
        document = json.loads(content)
        error = document if isinstance(document["error"], str) else document["error"]
        message = document["error"] if isinstance(document["error"], str) else error["message"]
        assert error["code"] in codes
        assert error["request_id"] == headers["x-request-id"]
        assert 0 < len(message) < 600
        assert "Traceback" not in message
        return message

    def raw(self, content):
        """What comes back for bytes that no client library would send: the first line, and everything."""
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.sendall(content)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        whole = b"".join(parts)
        return int(whole.split(b" ", 2)[1]) if whole else 0, whole

    def good(self):
        """The answer to a row that is in order."""
        status, _, content = self.post("/models/tiny/predict", rows_body("/models/tiny/predict", ROW))
        assert status == 200, content
        return json.loads(content)["predictions"]


@pytest.fixture
def client(serving):
    """A client of a live model API; at the end it is as well as at the beginning."""
    asking = Client(serving.url)
    before = asking.good()
    yield asking
    assert asking.good() == before
    assert asking.ask("GET", "/v2/health/live")[0] == 200
    assert serving.process.poll() is None


def test_every_code_that_is_ours_has_a_test():
    found = set(re.findall(r"^def test_(a\d\d)_", Path(__file__).read_text(encoding="utf-8"), re.MULTILINE))
    assert found == CODES


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"{", b"hello", b'{"rows": [}', b'{"rows": [1,]}', b"[]", b"null", b"7", b'"x"'])
def test_a01_refuses_malformed_json(client, path, body):
    client.refused(path, body, 400, "malformed_json")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a02_refuses_another_content_type(client, path, media):
    message = client.refused(path, rows_body(path, ROW), 415, "wrong_content_type", content_type=media)
    assert media in message
    assert JSON in message


@pytest.mark.parametrize("path", PATHS)
def test_a03_refuses_an_empty_body(client, path):
    client.refused(path, b"", 400, "empty_body")


@pytest.mark.parametrize("path", PATHS)
def test_a04_refuses_bad_utf8(client, path):
    body = json.dumps(rows_body(path, {**ROW, "carrier": "XX"})).encode().replace(b"XX", b"\xff\xfe")
    client.refused(path, body, 400, "malformed_json")
    csv = b"distance,hour,carrier,weekend\n1,7,\xff,true\n"
    client.refused("/invocations", csv, 400, "bad_utf8", content_type="text/csv")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_a05_refuses_nan_and_infinity_literals(client, path, literal):
    body = json.dumps(rows_body(path, {**ROW, "distance": "HERE"})).replace('"HERE"', literal).encode()
    assert "null" in client.refused(path, body, 400, "malformed_json")
    csv = f"distance,hour,carrier,weekend\n{literal},7,AA,true\n".encode()
    client.refused("/invocations", csv, 400, "wrong_type", content_type="text/csv")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("feature", "value"), [("distance", "500"), ("distance", True), ("hour", "7"), ("hour", False), ("weekend", 1)]
)
def test_a06_refuses_a_number_as_text_and_a_truth_as_a_number(client, path, feature, value):
    message = client.refused(path, rows_body(path, {**ROW, feature: value}), 400, "wrong_type")
    assert message.startswith(f"{feature}[0]: expected ")


@pytest.mark.parametrize("path", PATHS)
def test_a07_refuses_missing_extra_and_duplicate_keys(client, path):
    missing = {name: value for name, value in ROW.items() if name != "carrier"}
    assert "carrier" in client.refused(path, rows_body(path, missing), 400, "missing_feature")
    assert "speed" in client.refused(path, rows_body(path, {**ROW, "speed": 1}), 400, "unknown_feature")
    twice = json.dumps(rows_body(path, ROW)).replace('"hour"', '"hour": 1, "hour"', 1).encode()
    if path.endswith("infer"):
        twice = json.dumps({"inputs": rows_body(path, ROW)["inputs"] + [rows_body(path, ROW)["inputs"][0]]}).encode()
    client.refused(path, twice, 400, "duplicate_key", "duplicate_feature")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a08_refuses_ten_thousand_nested_values(client, path, opening, closing):
    body = b'{"rows": ' + opening * 10_000 + b"1" + closing * 10_000 + b"}"
    client.refused(path, body, 400, "malformed_json")


@pytest.mark.parametrize("path", PATHS)
def test_a09_refuses_a_body_over_the_limit(client, path):
    """Declared or not: what is sent meanwhile is thrown away, so that its client gets to read why."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\n".encode()
    status, answer = client.raw(head + b"Content-Length: 11534336\r\n\r\n")
    assert status == 413
    assert b"connection: close" in answer.lower()
    chunk = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
    with socket.create_connection(client.address, timeout=30) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.sendall(chunk)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a10_does_not_wait_for_a_slow_body(start, train):
    process = start(body_seconds="0.3")
    train().deploy(process.bundles, process.deployments, version="1")
    process.ready("1")
    client = Client(process.url)
    head = f"POST {PATHS[0]} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 100\r\n\r\n".encode()
    status, answer = client.raw(head + b'{"rows": ')
    assert status == 408
    assert b"connection: close" in answer.lower()
    assert client.good()


@pytest.mark.parametrize("path", PATHS)
def test_a11_refuses_too_many_rows(client, path):
    message = client.refused(path, rows_body(path, *[ROW] * 10_001), 413, "too_many_rows")
    assert "10001 rows" in message
    assert "10000" in message


@pytest.mark.parametrize("path", PATHS)
def test_a12_answers_an_unseen_category_with_a_warning(client, path):
    status, _, content = client.post(path, rows_body(path, {**ROW, "carrier": "Zeppelin"}))
    document = json.loads(content)
    assert status == 200
    warnings = document["parameters"]["warnings"] if path.endswith("infer") else document["warnings"]
    assert warnings == ["carrier: 'Zeppelin' not seen in training"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30, 10**400])
def test_a13_refuses_huge_integers(client, path, value):
    client.refused(path, rows_body(path, {**ROW, "hour": value}), 400, "wrong_type", "malformed_json")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", ["\\ud800", "\\udfff", "AA\\ud83d", "\\udc00\\ud800"])
def test_a14_refuses_lone_surrogates(client, path, text):
    body = json.dumps(rows_body(path, {**ROW, "carrier": "HERE"})).replace("HERE", text).encode()
    client.refused(path, body, 400, "malformed_json")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PATHS[0], {"rows": []}),
        (PATHS[1], {"instances": []}),
        (PATHS[1], {"inputs": {name: [] for name in ROW}}),
        (PATHS[2], {"inputs": [{"name": name, "shape": [0], "datatype": WIRE[name], "data": []} for name in ROW]}),
    ],
)
def test_a15_refuses_an_empty_list(client, path, body):
    client.refused(path, body, 400, "no_rows")


@pytest.mark.parametrize("size", [65_536, 1 << 20])
def test_a16_refuses_a_header_of_64_kilobytes(client, size):
    status, _ = client.raw(b"GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " + b"a" * size + b"\r\n\r\n")
    assert status in (400, 431)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", PATHS)
def test_a17_refuses_the_wrong_method(client, path, method):
    answer = client.ask(method, path)
    client.check(answer, 405, "method_not_allowed") if method != "BREW" else None
    assert 400 <= answer[0] < 500
    assert method == "BREW" or answer[1]["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/nope", "/v2/models/tiny/", "/v2//models/tiny", "/v2/models/%2e%2e/ready", "/v2/models/tiny/versions/9"]
)
def test_a18_refuses_an_unknown_path(client, path):
    client.check(client.ask("GET", path), 404, "not_found", "unknown_model", "unknown_version")


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
    ],
)
def test_a19_refuses_conflicting_length_headers_and_ends_the_connection(client, headers):
    """Two readings of one length are how a second request is smuggled into the first."""
    smuggled = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    content = b"POST " + PATHS[0].encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers
    status, answer = client.raw(content + b"\r\n0\r\n\r\n" + smuggled)
    assert 400 <= status < 500
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a29_a_client_that_leaves_early_leaves_nothing_behind(client):
    whole = json.dumps(rows_body(PATHS[0], ROW)).encode()
    head = f"POST {PATHS[0]} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {len(whole)}\r\n\r\n"
    for sent in (head[:20], head, head + '{"rows"', head + whole.decode()):
        for _ in range(20):
            with socket.create_connection(client.address, timeout=30) as connection:
                connection.sendall(sent.encode())
    in_flight = re.compile(r"^modelyard_requests_in_flight\S* ([0-9.]+)$", re.MULTILINE)
    assert client.good()
    text = client.ask("GET", "/metrics")[2].decode()
    assert [float(found) for found in in_flight.findall(text)] in ([], [0.0], [1.0])


@pytest.fixture
def broken(start, train):
    """A model API with a tiny model whose pipeline was changed for the worse."""
    import polars as pl

    def deploy(change, task):
        tiny, process = train(task=task), start()
        pipeline = pickle.loads(pickle.dumps(tiny.pipeline))
        change(pipeline)
        rows = pl.DataFrame([dict(row) for row in tiny.example.rows])
        changed = wrap_pipeline(pipeline, rows, name="tiny", task=task)
        changed.deploy(process.bundles, process.deployments, version="1")
        process.ready("1")
        return Client(process.url)

    return deploy


def test_a33_a_predictor_that_raises_gives_an_error_id_and_no_trace(broken):
    def refuse_what_is_new(pipeline):
        encoder = pipeline["columns"].named_transformers_["categories"]
        encoder.handle_unknown = "error"

    client = broken(refuse_what_is_new, "binary")
    before = client.good()
    for path in PATHS:
        message = client.refused(path, rows_body(path, {**ROW, "carrier": "SECRET"}), 500, "prediction_failed")
        assert "SECRET" not in message
        assert re.search("[0-9a-f]{16}", message)
    assert client.good() == before


def test_a34_a_prediction_that_is_no_finite_number_is_an_error_and_never_null(broken):
    def overflow(pipeline):
        pipeline["estimator"].coef_[0] = 1e306

    client = broken(overflow, "regression")
    for path in PATHS:
        client.refused(path, rows_body(path, {**ROW, "distance": 1e12}), 500, "prediction_failed")
    assert client.good()


@pytest.mark.parametrize("path", PATHS)
def test_a35_one_bad_row_in_a_batch_is_named_and_the_batch_refused(client, path):
    rows = [ROW] * 40 + [{**ROW, "distance": "far"}] + [ROW] * 40
    assert client.refused(path, rows_body(path, *rows), 400, "wrong_type").startswith("distance[40]: ")
