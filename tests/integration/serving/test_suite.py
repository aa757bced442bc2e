"""The API test suite passes an API that is in order, and catches each way of not being so."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn

from modelyard.release.expectation import Expectation
from modelyard.release.suite import run_smoke, run_suite
from modelyard_bundle import read_bundle
from modelyard_serving.answering.app import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings


@dataclass
class Told:
    """One answer on its way out, to be falsified."""

    method: str
    path: str
    asked: bytes
    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def edit(self, change: Callable[[Any], None]) -> None:
        document = json.loads(self.body)
        change(document)
        self.body = json.dumps(document).encode()


Sabotage = Callable[[Told], None]


def honest(told: Told) -> None:
    """Nothing is falsified."""


def is_dead(told: Told) -> None:
    if told.path == "/v2/health/live":
        told.status = 500


def is_not_ready(told: Told) -> None:
    if told.path == "/v2/health/ready":
        told.status = 503


def names_another_version(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document.update(versions=["9"]))


def names_another_digest_in_the_head(told: Told) -> None:
    told.headers[b"x-model-digest"] = b"0" * 64


def names_nothing_in_the_head(told: Told) -> None:
    told.headers.pop(b"x-model-version", None)


def predicts_a_little_differently_over_v2(told: Told) -> None:
    if told.path.endswith("/infer") and told.status == 200:
        told.edit(lambda document: document["outputs"][0]["data"].__setitem__(0, 0.5))


def predicts_a_millionth_more(told: Told) -> None:
    if told.path.endswith("/invocations") and told.status == 200:
        told.edit(lambda document: document["predictions"][-1].update(probability=0.123456))


def loses_a_row(told: Told) -> None:
    if told.path.endswith("/invocations") and told.status == 200:
        told.edit(lambda document: document["predictions"].pop())


def swaps_the_labels(told: Told) -> None:
    other = {"late": "on time", "on time": "late"}
    if told.path.endswith("/invocations") and told.status == 200:
        told.edit(lambda document: [row.update(label=other[row["label"]]) for row in document["predictions"]])


def forgets_the_id(told: Told) -> None:
    if told.path.endswith("/infer") and told.status == 200:
        told.edit(lambda document: document.pop("id", None))


def does_not_describe_itself(told: Told) -> None:
    if told.path == "/v2":
        told.body = b"{}"


def mixes_up_its_features(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document["inputs"].reverse())


def fails_on_bad_requests(told: Told) -> None:
    if told.status == 400:
        told.status = 500


def accepts_text_for_numbers(told: Told) -> None:
    if b'"1"' in told.asked and told.status == 400:
        told.status = 200


def refuses_without_a_reason(told: Told) -> None:
    if told.status == 400:
        told.body = b"{}"


def shows_a_stack_trace(told: Told) -> None:
    if told.status == 400:
        told.edit(lambda document: document["error"].update(message="Traceback (most recent call last): ..."))


def answers_for_any_model(told: Told) -> None:
    if told.status == 404:
        told.status = 200


def has_a_broken_openapi_document(told: Told) -> None:
    if told.path == "/openapi.json":
        told.body = told.body.replace(b"tiny_row", b"tiny_line", 1)


def has_no_documentation(told: Told) -> None:
    if told.path == "/docs":
        told.body = b"<html></html>"


def counts_for_another_version(told: Told) -> None:
    if told.path == "/metrics":
        told.body = re.sub(rb'digest="[0-9a-f]+"', b'digest="0"', told.body)


def is_slow(told: Told) -> None:
    if told.path.endswith("/invocations") and told.status == 200:
        time.sleep(0.03)


CAUGHT_BY: dict[Sabotage, str] = {
    is_dead: "it is alive",
    is_not_ready: "it is ready",
    names_another_version: "it names the version and digest that were released",
    names_another_digest_in_the_head: "it names the version and digest that were released",
    names_nothing_in_the_head: "it names the version and digest that were released",
    predicts_a_little_differently_over_v2: "it repeats the recorded predictions over the Open Inference Protocol",
    predicts_a_millionth_more: "it repeats the recorded predictions over MLflow's formats",
    loses_a_row: "it repeats the recorded predictions over MLflow's formats",
    swaps_the_labels: "labels follow the threshold",
    forgets_the_id: "it repeats a request's id",
    does_not_describe_itself: "it describes itself",
    mixes_up_its_features: "its metadata lists the model's features",
    fails_on_bad_requests: "it refuses bad requests with a reason",
    accepts_text_for_numbers: "it refuses bad requests with a reason",
    refuses_without_a_reason: "it refuses bad requests with a reason",
    shows_a_stack_trace: "it refuses bad requests with a reason",
    answers_for_any_model: "it refuses unknown paths and methods",
    has_a_broken_openapi_document: "its OpenAPI document holds together",
    has_no_documentation: "its documentation names the model",
    counts_for_another_version: "its metrics name the version",
    is_slow: "single rows are answered within the latency budget",
}


def falsified(app: Any, sabotage: Sabotage) -> Any:
    """The application with every answer falsified on its way out."""

    async def outer(scope, receive, send):
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        asked, messages = b"", []

        async def hear():
            nonlocal asked
            message = await receive()
            asked += message.get("body", b"")
            return message

        async def keep(message):
            messages.append(message)

        await app(scope, hear, keep)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        told = Told(scope["method"], scope["path"], asked, messages[0]["status"], dict(messages[0]["headers"]), body)
        sabotage(told)
        told.headers[b"content-length"] = str(len(told.body)).encode()
        await send({"type": "http.response.start", "status": told.status, "headers": list(told.headers.items())})
        await send({"type": "http.response.body", "body": told.body})

    return outer


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an application that runs in a thread of this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def place(train, tmp_path_factory) -> tuple[Any, Expectation]:
    """The application with one model, and what it is expected to say."""
    bundles = tmp_path_factory.mktemp("bundles")
    pointer = train().bundle(bundles, "1")
    catalog = Catalog()
    catalog.serve(pass_gate(pointer, bundles))
    log = LogWriter(io.BytesIO())
    app = build_app(Settings(deployments=bundles, bundles=bundles), catalog=catalog, log=log)
    return app, Expectation.of(read_bundle(bundles / pointer.bundle))


def test_passes_an_api_that_is_in_order(place):
    app, expected = place
    with served(falsified(app, honest)) as url:
        report = run_suite(url, expected)
        smoke = run_smoke(url, expected)
    assert report.failures == ()
    assert report.p95_ms is not None
    assert smoke.failures == ()


@pytest.mark.parametrize("sabotage", CAUGHT_BY)
def test_catches_an_api_that(place, sabotage):
    app, expected = place
    with served(falsified(app, sabotage)) as url:
        report = run_suite(url, expected, budget_ms=25 if sabotage is is_slow else 5000)
    assert not report.passed
    assert CAUGHT_BY[sabotage] in [check.name for check in report.failures]


def test_every_check_of_the_suite_catches_something(place):
    app, expected = place
    with served(app) as url:
        names = {check.name for check in run_suite(url, expected).checks}
    assert names == set(CAUGHT_BY.values())


def test_an_api_with_another_version_than_the_expected_one_does_not_pass(place):
    app, expected = place
    with served(app) as url:
        assert not run_smoke(url, replace(expected, version="2")).passed
        assert not run_smoke(url, replace(expected, digest="0" * 64)).passed


def test_an_address_that_answers_something_else_does_not_pass_and_raises_nothing(place):
    _, expected = place

    async def other(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<h1>It works!</h1>"})

    with served(other) as url:
        report = run_suite(url, expected)
    assert not report.passed
    assert len(report.checks) == len(set(CAUGHT_BY.values()))
