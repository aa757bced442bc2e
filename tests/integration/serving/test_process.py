"""The model API as a process: it starts at once, becomes ready by itself, and ends when it is told to."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

from modelyard.errors import ModelApiUnreachableError
from modelyard_bundle import remove_pointer


def ask(tiny):
    return {"dataframe_records": [dict(tiny.example.rows[0])]}


def test_a24_is_live_before_there_is_a_model_and_becomes_ready_by_itself(start, train, until):
    api = start()
    assert api.api.get("/v2/health/live").status == 200
    answer = api.api.get("/v2/health/ready")
    assert (answer.status, answer.json()["reason"]) == (503, "not ready, no production model")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    probability = api.api.post("/invocations", ask(train())).json()["predictions"][0]["probability"]
    assert probability == pytest.approx(train().example.predictions[0], abs=1e-12)
    remove_pointer(api.deployments, "tiny")
    until(lambda: api.api.get("/v2/health/ready").status == 503)


def test_ends_with_exit_code_0_on_sigterm(start, train):
    api = start()
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    assert api.terminate() == 0
    assert [event["event"] for event in api.events()][-1] == "stopped"


def test_ends_with_the_process_that_holds_its_standard_input(start):
    api = start()
    assert api.api.get("/v2/health/live").status == 200
    api.process.stdin.close()
    assert api.process.wait(30) == 0


def test_while_it_drains_it_is_not_ready_and_finishes_what_it_accepted(start, train, until):
    api = start(linger_seconds="2", drain_seconds="20")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    parts = urlsplit(api.url)
    body = json.dumps(ask(train())).encode()
    with socket.create_connection((parts.hostname, parts.port)) as slow:
        head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        slow.sendall(head.encode() + b"\r\n\r\n" + body[:10])
        api.process.terminate()
        until(lambda: api.api.get("/v2/health/ready").status == 503)
        assert api.api.get("/v2/health/ready").json()["reason"] == "not ready, stopping"
        assert api.api.get("/v2/health/live").status == 200
        until(lambda: not listens(parts))
        slow.sendall(body[10:])
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        assert answer.status == 200
        assert "predictions" in json.loads(answer.read())
    assert api.process.wait(30) == 0


def listens(parts) -> bool:
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_does_not_drain_for_longer_than_it_may(start):
    api = start(linger_seconds="0.1", drain_seconds="1", body_seconds="60")
    parts = urlsplit(api.url)
    with socket.create_connection((parts.hostname, parts.port)) as never:
        never.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 9\r\n\r\n")
        started = time.monotonic()
        assert api.terminate() == 0
        assert time.monotonic() - started < 15


def test_a_second_process_on_the_same_port_says_so_and_ends(start):
    first = start()
    port = urlsplit(first.url).port
    second = start(port=str(port))
    assert second.process.wait(30) == 1
    (event,) = second.events()
    assert (event["event"], event["port"]) == ("cannot_listen", port)


def test_logs_one_json_object_a_line_and_no_bodies(start, train):
    api = start()
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    api.api.post("/invocations", {"dataframe_records": [{**train().example.rows[0], "carrier": "CANARY"}]})
    api.api.post("/invocations", b'{"CANARY": ')
    api.api.get("/nope?token=CANARY")
    api.terminate()
    assert {"listening", "model_served", "request", "stopping", "stopped"} == {event["event"] for event in api.events()}
    assert b"CANARY" not in api.log.read_bytes()


def test_a27_goes_on_answering_when_nobody_reads_its_log(start, train):
    api = start(stderr=subprocess.PIPE)
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    # More lines than a pipe holds; a server that waited for its log would stop here.
    for _ in range(600):
        assert api.api.get("/no/such/path/" + "x" * 180).status == 404
    assert api.api.post("/invocations", ask(train())).status == 200
    assert api.terminate() == 0


def test_a_refused_bundle_leaves_the_old_version_answering(start, train, until):
    api = start()
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    other = train(seed=5)
    pointer = other.bundle(api.bundles, "2")
    (api.bundles / pointer.bundle / "model.skops").write_bytes(b"spoilt")
    from modelyard_bundle import replace_pointer

    replace_pointer(api.deployments, pointer)
    found = until(lambda: api.api.get("/v2/models/tiny").json()["parameters"].get("refused"))
    assert found["version"] == "2"
    assert api.api.post("/invocations", ask(train())).headers["x-model-version"] == "1"
    api.terminate()
    (refused,) = [event for event in api.events() if event["event"] == "bundle_refused"]
    assert refused["digest"] == other.digest


RAW_REQUESTS = {
    "no HTTP at all": b"\x00\x01\x02\x03\r\n\r\n",
    "two lengths": b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": (
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a negative length": b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}",
    "a header of 64 KB": b"GET /v2 HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 65536 + b"\r\n\r\n",
    "a path of 64 KB": b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a broken chunk": (
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    ),
}


def test_survives_whatever_comes_over_the_wire(start, train):
    api = start()
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    parts = urlsplit(api.url)
    for name, raw in RAW_REQUESTS.items():
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
        assert not answer.startswith(b"HTTP/1.1 5"), (name, answer)
        assert b"Traceback" not in answer, name
    assert api.api.post("/invocations", ask(train())).status == 200


def read_all(connection) -> bytes:
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


def test_a_burst_beyond_its_limits_is_answered_and_leaves_it_well(start, train):
    api = start(max_in_flight="2")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    statuses = []

    def burst():
        try:
            statuses.append(api.api.post("/invocations", ask(train())).status)
        except ModelApiUnreachableError as error:
            statuses.append(error)

    threads = [threading.Thread(target=burst) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 40
    assert set(statuses) <= {200, 503}
    assert 200 in statuses
    assert api.api.post("/invocations", ask(train())).status == 200
