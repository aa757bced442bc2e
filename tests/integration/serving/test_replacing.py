"""Versions are replaced under load, and no request notices."""

from __future__ import annotations

import json

import pytest

from modelyard_bundle import replace_pointer

SWAPS = 8


def test_no_request_fails_while_versions_are_replaced(start, train, load, until):
    api = start()
    models = {str(version): train(seed=version) for version in range(1, 4)}
    pointers = {version: model.bundle(api.bundles, version) for version, model in models.items()}
    row = dict(models["1"].example.rows[0])
    replace_pointer(api.deployments, pointers["1"])
    api.ready("1")
    body = json.dumps({"dataframe_records": [row]}).encode()
    order = [str(index % 3 + 1) for index in range(1, SWAPS + 1)]
    with load(api.url, body) as clients:
        for version in order:
            before = len(clients.answers)
            replace_pointer(api.deployments, pointers[version])
            api.ready(version)
            # Some answers by every version, so that each replacement happens under load.
            until(lambda before=before: len(clients.answers) > before + 20)
    assert clients.failures == []
    assert {status for status, *_ in clients.answers} == {200}
    assert {version for _, version, *_ in clients.answers} == {"1", "2", "3"}
    expected = {version: first_prediction(model, row) for version, model in models.items()}
    for _, in_header, in_body, probability in clients.answers:
        assert in_header == in_body
        assert probability == pytest.approx(expected[in_body], abs=1e-12)
    api.terminate()
    served = [event["version"] for event in api.events() if event["event"] == "model_served"]
    assert served == ["1", *order]


def first_prediction(model, row) -> float:
    import polars as pl

    return float(model.pipeline.predict_proba(pl.DataFrame([row]))[0, 1])


def test_a_request_under_way_finishes_on_the_version_it_started_with(start, train, until):
    """Its body arrives only after the version was replaced; the model it was accepted for answers."""
    import http.client
    import socket
    from urllib.parse import urlsplit

    api = start()
    first, second = train(seed=1), train(seed=2)
    first.deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    parts = urlsplit(api.url)
    body = json.dumps({"dataframe_records": [dict(first.example.rows[0])]}).encode()
    with socket.create_connection((parts.hostname, parts.port)) as slow:
        head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        slow.sendall(head.encode() + b"\r\n\r\n")
        until(lambda: in_flight(api) == 2)
        second.deploy(api.bundles, api.deployments, version="2")
        api.ready("2")
        slow.sendall(body)
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        found = json.loads(answer.read())
    assert found["model"]["version"] == "1"
    assert answer.headers["x-model-version"] == "1"
    assert found["predictions"][0]["probability"] == pytest.approx(first.example.predictions[0], abs=1e-12)


def in_flight(api) -> int:
    """The slow request, and the one that asks."""
    text = api.api.get("/metrics").body.decode()
    (line,) = [line for line in text.splitlines() if line.startswith("modelyard_requests_in_flight ")]
    return int(float(line.split()[1]))
