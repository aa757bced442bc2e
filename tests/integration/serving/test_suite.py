"""The API test suite passes an API that is in order, and catches each way of not being so."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
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
from modelyard.testing.sabotaged_api import falsified
from modelyard.testing.sabotages import (
    CAUGHT_BY,
    ONLY_CAUGHT_BY,
    UNREADABLE,
    honest,
    is_slow,
    is_wrong_far_from_the_example,
)
from modelyard_bundle import Example, read_bundle
from modelyard_serving.answering.building import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.reporting import segment_for
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings


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
