"""The API test suite passes an API that is in order, and catches each way of not being so."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest
import uvicorn

from modelyard.cli.output import table
from modelyard.release import suite as suite_module
from modelyard.release.checks import telling
from modelyard.release.expectation import Expectation
from modelyard.release.report import HEADINGS
from modelyard.release.suite import SUITE, run_smoke, run_suite
from modelyard_bundle import Example, read_bundle
from modelyard_serving.answering.building import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.reporting import segment_for
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings

TURNS = 3
"""Of the event loop, before an answer goes out."""


@dataclass
class Told:
    """One answer on its way out, to be falsified."""

    method: str
    path: str
    asked: bytes
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    under_way: int
    """How many requests the API was answering at that moment, this one included."""

    @property
    def is_json(self) -> bool:
        return self.body.startswith(b"{") and b"inference-header-content-length" not in self.headers

    @property
    def rows(self) -> int:
        """Of a prediction."""
        length = int(self.headers.get(b"inference-header-content-length", len(self.body)))
        document = json.loads(self.body[:length])
        return document["outputs"][0]["shape"][0] if "outputs" in document else len(document["predictions"])

    def is_prediction(self, where: str) -> bool:
        return self.path.endswith(where) and self.status == 200

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


def is_not_ready_for_mlflow(told: Told) -> None:
    if told.path == "/ping":
        told.status = 503


def names_another_version(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document.update(versions=["9"]))


def says_that_another_version_is_tried(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        rollout = {"version": "9", "digest": "9" * 64}
        told.edit(lambda document: document.update(versions=["1", "9"], parameters={"rollout": rollout}))


def names_another_digest_in_the_head(told: Told) -> None:
    told.headers[b"x-model-digest"] = b"0" * 64


def names_nothing_in_the_head(told: Told) -> None:
    told.headers.pop(b"x-model-version", None)


def says_in_the_body_that_another_version_answered(told: Told) -> None:
    if told.is_prediction("/predict"):
        told.edit(lambda document: document["model"].update(version="9"))


def predicts_a_little_differently_over_v2(told: Told) -> None:
    if told.is_prediction("/infer") and told.is_json and told.rows == 3:
        told.edit(lambda document: document["outputs"][0]["data"].__setitem__(0, 0.5))


def predicts_differently_for_the_named_version(told: Told) -> None:
    if told.is_prediction("/versions/1/infer"):
        told.edit(lambda document: document["outputs"][0]["data"].__setitem__(0, 0.5))


def predicts_a_millionth_more_in_binary_tensors(told: Told) -> None:
    if told.is_prediction("/infer") and not told.is_json and told.rows == 3:
        start = int(told.headers[b"inference-header-content-length"])
        (value,) = struct.unpack_from("<d", told.body, start)
        told.body = told.body[:start] + struct.pack("<d", value + 1e-6) + told.body[start + 8 :]


def predicts_a_millionth_more(told: Told) -> None:
    if told.is_prediction("/invocations") and told.rows == 3:
        told.edit(lambda document: _more(document["predictions"][-1], 1e-6))


def predicts_a_hundred_millionth_more_on_its_typed_route(told: Told) -> None:
    if told.is_prediction("/predict") and told.rows == 3:
        told.edit(lambda document: _more(document["predictions"][-1], 1e-8))


def loses_a_row(told: Told) -> None:
    if told.is_prediction("/invocations"):
        told.edit(lambda document: document["predictions"].pop())


def does_not_read_csv(told: Told) -> None:
    if told.path.endswith("/invocations") and not told.asked.startswith(b"{"):
        told.status = 415


def is_wrong_far_from_the_example(told: Told) -> None:
    """Where training never saw the carrier, and only then."""
    if told.is_prediction("/invocations") and told.rows > 20 and b"new" in told.asked:
        told.edit(lambda document: _more(document["predictions"][3], 1e-6))


def swaps_the_labels(told: Told) -> None:
    other = {"late": "on time", "on time": "late"}
    if told.is_prediction("/invocations"):
        told.edit(lambda document: [row.update(label=other[row["label"]]) for row in document["predictions"]])


def forgets_the_id(told: Told) -> None:
    if told.is_prediction("/infer") and told.is_json:
        told.edit(lambda document: document.pop("id", None))


def forgets_the_id_in_the_head(told: Told) -> None:
    if told.status == 200:
        told.headers[b"x-request-id"] = b"another"


def explains_another_prediction(told: Told) -> None:
    if told.is_prediction("/predict") and b'"explanation"' in told.body:
        told.edit(lambda document: document["explanation"].update(base_value=0.123))


def leaves_features_out_of_its_explanation(told: Told) -> None:
    if told.is_prediction("/predict") and b'"explanation"' in told.body:
        told.edit(lambda document: document["explanation"]["contributions"][0].pop("hour"))


def explains_another_prediction_in_tensors(told: Told) -> None:
    if told.is_prediction("/infer") and b'"contributions"' in told.body:
        told.edit(lambda document: document["outputs"][2]["data"].reverse())


def does_not_describe_itself(told: Told) -> None:
    if told.path == "/v2":
        told.body = b"{}"


def mixes_up_its_features(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document["inputs"].reverse())


def says_another_type_of_a_feature(told: Told) -> None:
    if told.path == "/v2/models/tiny":
        told.edit(lambda document: document["inputs"][1].update(datatype="FP64"))


def fails_on_bad_requests(told: Told) -> None:
    if told.status == 400:
        told.status = 500


def accepts_text_for_numbers(told: Told) -> None:
    if told.path.endswith("/invocations") and b'"1"' in told.asked and told.status == 400:
        told.status = 200


def accepts_bytes_that_belong_to_no_tensor(told: Told) -> None:
    if told.status == 400 and told.asked.endswith(b"\x00") and told.path.endswith("/infer"):
        told.status = 200


def accepts_a_csv_with_words_for_numbers(told: Told) -> None:
    if told.status == 400 and b"many" in told.asked:
        told.status = 200


def refuses_without_a_reason(told: Told) -> None:
    if told.status == 400:
        told.body = b"{}"


def refuses_in_the_form_of_another_protocol(told: Told) -> None:
    if told.status == 400 and told.path.startswith("/v2/"):
        fault = json.loads(told.body)
        told.body = json.dumps({"error": {**fault, "message": fault["error"]}}).encode()


def shows_a_stack_trace(told: Told) -> None:
    if told.status == 400 and not told.path.startswith("/v2/"):
        told.edit(lambda document: document["error"].update(message="Traceback (most recent call last): ..."))


def answers_for_any_model(told: Told) -> None:
    if told.status == 404 and told.method == "GET":
        told.status = 200


def has_a_broken_openapi_document(told: Told) -> None:
    if told.path == "/openapi.json":
        told.body = told.body.replace(b"tiny_row", b"tiny_line", 1)


def says_other_categories_in_its_openapi_document(told: Told) -> None:
    if told.path == "/openapi.json":
        told.body = told.body.replace(b'["AA","DL","UA"]', b'["AA","DL"]')


def has_no_documentation(told: Told) -> None:
    if told.path == "/docs":
        told.body = b"<html></html>"


def counts_for_another_version(told: Told) -> None:
    if told.path == "/metrics":
        told.body = re.sub(rb'digest="[0-9a-f]+"', b'digest="0"', told.body)


def counts_nothing(told: Told) -> None:
    if told.path == "/metrics":
        told.body = re.sub(rb"(modelyard_rows_total\{.*\}) .*", rb"\1 0.0", told.body)


def is_slow(told: Told) -> None:
    if told.is_prediction("/invocations"):
        time.sleep(0.03)


def answers_with_what_another_asked_for(told: Told) -> None:
    """A race: with several requests under way at once, one in a while gets a prediction that is not its own."""
    if told.under_way > 1 and told.is_prediction("/predict"):
        told.edit(lambda document: _more(document["predictions"][0], 1e-3))


def fails_when_it_has_much_to_do(told: Told) -> None:
    if told.under_way > 1 and told.is_prediction("/infer"):
        told.status = 503


def _more(prediction: dict[str, Any], amount: float) -> None:
    prediction["probability"] += amount


ONLY_CAUGHT_BY: dict[Sabotage, str] = {
    is_dead: "it is alive",
    is_not_ready_for_mlflow: "it is ready",
    names_another_version: "it names the version and digest that were released",
    predicts_a_little_differently_over_v2: "it repeats the recorded predictions over the Open Inference Protocol",
    predicts_a_millionth_more_in_binary_tensors: "it repeats the recorded predictions in binary tensors",
    predicts_a_millionth_more: "it repeats the recorded predictions over MLflow's formats",
    predicts_a_hundred_millionth_more_on_its_typed_route: "it repeats the recorded predictions on its typed route",
    is_wrong_far_from_the_example: "it predicts as the registered model does",
    swaps_the_labels: "labels follow the threshold",
    forgets_the_id: "it repeats a request's id",
    explains_another_prediction: "its explanations add up to the predictions",
    does_not_describe_itself: "it describes itself",
    mixes_up_its_features: "its metadata lists the model's features",
    has_a_broken_openapi_document: "its OpenAPI document holds together",
    has_no_documentation: "its documentation names the model",
    accepts_text_for_numbers: "it refuses bad requests with a reason",
    answers_for_any_model: "it refuses unknown paths and methods",
    is_slow: "single rows are answered within the latency budget",
    answers_with_what_another_asked_for: "under load every answer is right",
    counts_nothing: "its metrics name the version",
}
"""What one check alone catches: of a suite without that check, it would go into production."""
CAUGHT_BY: dict[Sabotage, str] = {
    **ONLY_CAUGHT_BY,
    is_not_ready: "it is ready",
    says_that_another_version_is_tried: "it names the version and digest that were released",
    names_another_digest_in_the_head: "it names the version and digest that were released",
    names_nothing_in_the_head: "it names the version and digest that were released",
    predicts_differently_for_the_named_version: "it repeats the recorded predictions over the Open Inference Protocol",
    loses_a_row: "it repeats the recorded predictions over MLflow's formats",
    does_not_read_csv: "it repeats the recorded predictions over MLflow's formats",
    says_in_the_body_that_another_version_answered: "it repeats the recorded predictions on its typed route",
    forgets_the_id_in_the_head: "it repeats a request's id",
    leaves_features_out_of_its_explanation: "its explanations add up to the predictions",
    explains_another_prediction_in_tensors: "its explanations add up to the predictions",
    says_another_type_of_a_feature: "its metadata lists the model's features",
    says_other_categories_in_its_openapi_document: "its OpenAPI document holds together",
    fails_on_bad_requests: "it refuses bad requests with a reason",
    accepts_bytes_that_belong_to_no_tensor: "it refuses bad requests with a reason",
    accepts_a_csv_with_words_for_numbers: "it refuses bad requests with a reason",
    refuses_without_a_reason: "it refuses bad requests with a reason",
    refuses_in_the_form_of_another_protocol: "it refuses bad requests with a reason",
    shows_a_stack_trace: "it refuses bad requests with a reason",
    fails_when_it_has_much_to_do: "under load every answer is right",
    counts_for_another_version: "its metrics name the version",
}


def falsified(app: Any, sabotage: Sabotage) -> Any:
    """The application with every answer falsified on its way out."""

    under_way: set[int] = set()

    async def outer(scope, receive, send):
        asked, messages = b"", []

        async def hear():
            nonlocal asked
            message = await receive()
            asked += message.get("body", b"")
            return message

        async def keep(message):
            messages.append(message)

        under_way.add(id(messages))
        await app(scope, hear, keep)
        # Others come in meanwhile, if there are any.
        for _ in range(TURNS):
            await asyncio.sleep(0)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        status, headers = messages[0]["status"], dict(messages[0]["headers"])
        told = Told(scope["method"], scope["path"], asked, status, headers, body, len(under_way))
        under_way.discard(id(messages))
        sabotage(told)
        told.headers[b"content-length"] = str(len(told.body)).encode()
        await send({"type": "http.response.start", "status": told.status, "headers": list(told.headers.items())})
        await send({"type": "http.response.body", "body": told.body})

    return outer


UNREADABLE = (does_not_describe_itself, refuses_without_a_reason)
"""What is caught because it cannot be read at all."""


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
def place(train, tmp_path_factory) -> Iterator[tuple[Any, Expectation]]:
    """The application with one model, and what it is expected to say: of the example, and of eighty rows more."""
    bundles = tmp_path_factory.mktemp("bundles")
    tiny = train()
    pointer = tiny.bundle(bundles, "1")
    catalog = Catalog()
    catalog.serve(pass_gate(pointer, bundles))
    log = LogWriter(io.BytesIO())
    with ThreadPoolExecutor(1) as threads:
        settings = Settings(deployments=bundles, bundles=bundles)
        app = build_app(settings, catalog=catalog, segment=segment_for(catalog), log=log, threads=threads)
        yield app, sampled(tiny, Expectation.of(read_bundle(bundles / pointer.bundle)))
    log.close()


def sampled(tiny, expected) -> Expectation:
    """Rows with everything that is rare: nothing known, a category that training never saw, quotes and commas."""
    rows = [
        {
            "distance": None if at % 7 == 0 else 80 + at * 13.37,
            "hour": at % 24,
            "carrier": ("AA", "DL", "UA", 'a "new", one', "Ü")[at % 5],
            "weekend": at % 3 == 0,
        }
        for at in range(80)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    predictions = tiny.pipeline.predict_proba(frame)[:, 1].tolist()
    return expected.sampled(Example(rows=tuple(rows), predictions=tuple(predictions)), origin="eighty rows")


def suite(url, expected, **options):
    return run_suite(url, expected, **{"budget_ms": 5000, "load_seconds": 0.3, **options})


def test_passes_an_api_that_is_in_order(place):
    app, expected = place
    with served(falsified(app, honest)) as url:
        report = suite(url, expected)
        smoke = run_smoke(url, expected)
    assert report.failures == ()
    assert report.p95_ms >= report.p50_ms > 0
    assert smoke.failures == ()


def test_says_what_it_has_checked_with_counts_and_times(place):
    app, expected = place
    with served(app) as url:
        report = suite(url, expected)
    found = {check.name: check for check in report.checks}
    assert (report.rows, report.sample) == (80, "eighty rows")
    assert "80 rows in 9 forms, eighty rows" in found["it predicts as the registered model does"].detail
    assert int(found["it refuses bad requests with a reason"].detail.split()[0]) > 140
    assert found["under load every answer is right"].requests > 20
    assert found["under load every answer is right"].p95_ms >= found["under load every answer is right"].p50_ms > 0
    assert all(check.requests for check in report.checks)
    assert report.requests == sum(check.requests for check in report.checks)
    assert json.loads(json.dumps(report.to_document()))["requests"] == report.requests
    text = table(HEADINGS, report.lines())
    assert "80 rows in 9 forms" in text
    assert f"{len(SUITE)} of {len(SUITE)} checks passed" in report.summary()


@pytest.mark.parametrize("sabotage", CAUGHT_BY)
def test_catches_an_api_that(place, sabotage, monkeypatch):
    app, expected = place
    (check,) = [check for check in SUITE if check[0] == CAUGHT_BY[sabotage]]
    monkeypatch.setattr(suite_module, "SUITE", (check,))
    with served(falsified(app, honest)) as url:
        assert suite(url, expected).passed or check[1] is telling.metrics
    with served(falsified(app, sabotage)) as url:
        report = suite(url, expected, budget_ms=25 if sabotage is is_slow else 5000)
    assert not report.passed
    assert "has another form" not in report.failures[0].detail or sabotage in UNREADABLE


@pytest.mark.parametrize("name", [name for name, _ in SUITE])
def test_without_one_of_its_checks_the_suite_would_miss_what_that_check_is_for(place, name, monkeypatch):
    """The weakened gate: the check is there and finds nothing. Something that only it would catch gets through."""
    app, expected = place
    weakened = tuple((title, (lambda run: None) if title == name else attempt) for title, attempt in SUITE)
    monkeypatch.setattr(suite_module, "SUITE", weakened)
    (sabotage,) = [sabotage for sabotage, title in ONLY_CAUGHT_BY.items() if title == name]
    with served(falsified(app, sabotage)) as url:
        assert suite(url, expected, budget_ms=25 if sabotage is is_slow else 5000).failures == ()


def test_every_check_of_the_suite_catches_something_that_no_other_does():
    names = {name for name, _ in SUITE}
    assert names == set(CAUGHT_BY.values())
    assert sorted(ONLY_CAUGHT_BY.values()) == sorted(names)


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
        report = suite(url, expected)
    assert not report.passed
    assert len(report.checks) == len(SUITE)


def test_without_a_sample_it_holds_the_api_against_the_example_and_says_so(place):
    app, expected = place
    alone = expected.sampled(None, origin="the example in the bundle, for the table is gone")
    with served(app) as url:
        report = suite(url, alone)
    assert report.passed
    assert (report.rows, report.sample) == (3, "the example in the bundle, for the table is gone")


def test_the_example_alone_would_miss_a_model_that_is_wrong_where_the_sample_looks(place):
    """Why there is a sample."""
    app, expected = place
    with served(falsified(app, is_wrong_far_from_the_example)) as url:
        assert suite(url, expected.sampled(None, origin="nothing else")).passed
        assert not suite(url, expected).passed
