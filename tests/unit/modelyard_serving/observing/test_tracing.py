"""Traces: one span a request, with what happened and nothing of what was sent; no collector, no cost."""

import logging
import socket
import time
from concurrent.futures import Future

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from modelyard_serving.observing import tracing
from modelyard_serving.observing.tracing import NoTracing, Tracer, TracingError, prepare_tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Told:
    def __init__(self):
        self.events = []

    def event(self, event, **fields):
        self.events.append((event, fields))


@pytest.fixture
def log():
    return Told()


@pytest.fixture(autouse=True)
def _quiet_afterwards():
    library = logging.getLogger("opentelemetry")
    propagates = library.propagate
    yield
    library.propagate = propagates
    library.handlers.clear()


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def make(log):
    made = []

    def making(exporter, **options):
        made.append(Tracer(exporter, log=log, **options))
        return made[-1]

    yield making
    for tracer in made:
        tracer.close()


def head(*parents, **more):
    names = [(b"host", b"localhost"), (b"authorization", b"Bearer secret-token"), (b"x-api-key", b"secret-key")]
    return names + [(b"traceparent", parent.encode()) for parent in parents]


def answer(tracer, headers=(), **changed):
    """One request through the hooks; whether it got a span."""
    begun = tracer.begin(list(headers))
    if begun is None:
        return False
    facts = {"method": "POST", "endpoint": "infer", "status": 200, "request_id": "r1", "model": "m", "version": "7"}
    tracer.end(begun, **{**facts, "rows": 3, **changed})
    return True


def spans_of(tracer, exporter):
    tracer.close()
    return exporter.get_finished_spans()


def test_a_request_becomes_one_server_span_that_says_what_happened(make, exporter):
    tracer = make(exporter)
    before = time.time_ns()
    assert answer(tracer, head())
    (span,) = spans_of(tracer, exporter)
    assert (span.name, span.kind, span.status.status_code) == ("infer", SpanKind.SERVER, StatusCode.UNSET)
    assert before <= span.start_time <= span.end_time <= time.time_ns()
    assert span.resource.attributes["service.name"] == "modelyard-model-api"
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "modelyard.endpoint": "infer",
        "modelyard.request_id": "r1",
        "modelyard.model": "m",
        "modelyard.version": "7",
        "modelyard.rows": 3,
    }


def test_no_key_no_token_and_no_header_gets_into_a_span(make, exporter):
    tracer = make(exporter)
    answer(tracer, head(f"00-{TRACE}-{SPAN}-01"))
    (span,) = spans_of(tracer, exporter)
    assert "secret" not in span.to_json()


def test_a_refusal_names_its_code_and_a_failure_is_an_error(make, exporter):
    tracer = make(exporter)
    answer(tracer, status=400, error="no_rows", model=None, version=None, rows=0)
    answer(tracer, status=500, error="failed")
    refused, failed = spans_of(tracer, exporter)
    assert (refused.attributes["error.type"], refused.status.status_code) == ("no_rows", StatusCode.UNSET)
    assert "modelyard.model" not in refused.attributes
    assert (failed.attributes["error.type"], failed.status.status_code) == ("failed", StatusCode.ERROR)


def test_the_span_belongs_to_the_callers_trace(make, exporter):
    tracer = make(exporter)
    answer(tracer, [*head(f"00-{TRACE}-{SPAN}-01"), (b"tracestate", b"vendor=1")])
    (span,) = spans_of(tracer, exporter)
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == SPAN
    assert span.context.trace_state["vendor"] == "1"


@pytest.mark.parametrize(
    "parents",
    [
        [],
        ["nonsense"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{TRACE.upper()}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01"] * 2,
        ["é"],
    ],
)
def test_without_a_proper_parent_a_new_trace_begins(make, exporter, parents):
    tracer = make(exporter)
    assert answer(tracer, head(*parents))
    (span,) = spans_of(tracer, exporter)
    assert span.parent is None
    assert f"{span.context.trace_id:032x}" != TRACE


def test_a_caller_that_does_not_record_gets_no_span_and_one_that_does_gets_it_whatever_the_share(make, exporter):
    tracer = make(exporter, share=0.0)
    assert not answer(tracer, head())
    assert not answer(tracer, head(f"00-{TRACE}-{SPAN}-00"))
    assert answer(tracer, head(f"00-{TRACE}-{SPAN}-01"))
    assert not answer(make(exporter, share=1.0), head(f"00-{TRACE}-{SPAN}-00"))


def test_the_share_is_about_kept(make, exporter):
    tracer = make(exporter, share=0.25)
    found = sum(tracer.begin(head()) is not None for _ in range(4000))
    assert 800 < found < 1200


class Broken(SpanExporter):
    """Fails, or hangs until it is let go."""

    def __init__(self, hangs):
        self.go = None if hangs is None else hangs

    def export(self, spans):
        if self.go is not None:
            self.go.result(timeout=30)
        raise OSError("no collector")

    def shutdown(self):
        pass


def test_an_exporter_that_fails_is_told_once_and_no_request_notices(make, log):
    tracer = make(Broken(None))
    for _ in range(5000):
        answer(tracer, head())
    tracer.close()
    assert [event for event, _ in log.events] == ["tracing_failed"]


def test_an_exporter_that_hangs_slows_no_request_and_no_stop(make):
    go = Future()
    tracer = make(Broken(go))
    began = time.perf_counter()
    slowest = 0.0
    for _ in range(5000):
        before = time.perf_counter()
        answer(tracer, head())
        slowest = max(slowest, time.perf_counter() - before)
    assert slowest < 1.0
    tracer.close()
    assert time.perf_counter() - began < 10
    go.set_result(None)


def test_the_complaints_of_a_library_do_not_get_past_our_log(make, exporter, log, capfd):
    make(exporter)
    make(exporter)
    logging.getLogger("opentelemetry.sdk.trace").warning("something about %s", "spans")
    logging.getLogger("opentelemetry.sdk.trace").warning("something else")
    reasons = [fields["reason"] for event, fields in log.events if event == "tracing_failed"]
    assert reasons == ["something about spans"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
def test_spans_reach_a_real_collector_in_batches(collector, log, path):
    tracer = prepare_tracing(f"http://127.0.0.1:{collector.server_port}{path}")(log)
    for number in range(100):
        answer(tracer, head(), request_id=f"r{number}")
    tracer.close()
    assert {(where, kind) for where, kind, _ in collector.posts} == {("/v1/traces", "application/x-protobuf")}
    assert 1 <= len(collector.posts) < 10
    received = [ExportTraceServiceRequest.FromString(content) for _, _, content in collector.posts]
    spans = [
        span
        for one in received
        for resource in one.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert len({span.span_id for span in spans}) == 100
    ids = {value.value.string_value for span in spans for value in span.attributes if value.key.endswith("request_id")}
    assert ids == {f"r{number}" for number in range(100)}
    assert log.events == []


def test_a_collector_that_is_not_there_costs_no_request_anything_and_the_stop_a_second(log):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        tracer = prepare_tracing(f"http://127.0.0.1:{taken.getsockname()[1]}")(log)
        began = time.perf_counter()
        for _ in range(100):
            assert answer(tracer, head())
        assert time.perf_counter() - began < 1.0
        tracer.close()
        assert time.perf_counter() - began < 5.0


def test_without_an_endpoint_nothing_is_traced():
    tracer = prepare_tracing(None)(Told())
    assert isinstance(tracer, NoTracing)
    assert tracer.begin(head(f"00-{TRACE}-{SPAN}-01")) is None
    tracer.close()


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:4318",
        "grpc://127.0.0.1:4317",
        "http://",
        "http://user:pw@127.0.0.1",
        "http://a:99999",
        "http://a/?k=1",
    ],
)
def test_what_is_no_address_is_refused_at_the_start(endpoint):
    with pytest.raises(TracingError, match="allowed is an address such as"):
        prepare_tracing(endpoint)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused_at_the_start(share):
    with pytest.raises(TracingError, match="allowed is 0 to 1"):
        prepare_tracing("http://127.0.0.1:4318", share=share)


def test_without_the_libraries_the_start_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tracing, "LIBRARIES", (*tracing.LIBRARIES, "no_such_library.at.all"))
    with pytest.raises(TracingError, match=r"no_such_library\.at\.all.* install modelyard-serving\[tracing\]"):
        prepare_tracing("http://127.0.0.1:4318")


def test_the_libraries_are_not_imported_where_no_endpoint_is_given():
    import subprocess
    import sys

    code = (
        "import sys; from modelyard_serving.observing.tracing import prepare_tracing; prepare_tracing(None)(None);"
        "sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
