"""OpenTelemetry traces as an option: one span a request, sent beside the requests, and never a body or a key in it.

The libraries are imported only where an endpoint was given. What the environment says in the variables `OTEL_*`
(headers for the collector, attributes of the resource) holds as everywhere.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from modelyard_serving.observing.records import Log

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

Headers = Sequence[tuple[bytes, bytes]]
"""As ASGI gives them: names in lower case."""
LIBRARIES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
SERVICE = "modelyard-model-api"
QUEUED_SPANS = 2048
"""Spans that wait to be sent; what does not fit is dropped."""
BATCH_SPANS = 512
SEND_SECONDS = 2.0
"""How often spans are sent."""
CALL_SECONDS = 5.0
CLOSE_SECONDS = 1.0
"""How long the last spans may take at the end: a collector that is gone must not hold up a stop."""
COMPLAIN_SECONDS = 60.0
_FAILED = 500
_LOGGER = logging.getLogger("opentelemetry")
"""The library's own: what it complains of and what we do goes the same way."""
_PARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


class TracingError(ValueError):
    """Traces were asked for and cannot be made: what was found, and what to do."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A request whose span is made when it is over."""

    started: int
    """Nanoseconds since 1970."""
    headers: Headers


class Tracing(Protocol):
    """Takes what happened to each request."""

    def begin(self, headers: Headers) -> Begun | None:
        """A request begins; nothing if it gets no span."""

    def end(
        self,
        begun: Begun,
        *,
        method: str,
        endpoint: str,
        status: int,
        request_id: str,
        model: str | None = None,
        version: str | None = None,
        rows: int = 0,
        error: str | None = None,
    ) -> None:
        """It is answered. Never raises, never waits.

        Args:
            begun: What `begin` gave.
            method: The HTTP method.
            endpoint: The endpoint's name, never its path: a path may hold what a client thought of.
            status: The HTTP status.
            request_id: As the answer names it.
            model: The model that answered, if one did.
            version: Its version.
            rows: Rows predicted.
            error: The code of the refusal, if it was refused.
        """

    def close(self) -> None:
        """Send what is waiting, but not longer than a second."""


class NoTracing:
    """Takes nothing."""

    def begin(self, headers: Headers) -> None:
        """No request gets a span."""
        del headers

    def end(self, begun: Begun, **_: object) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing waits."""


class Tracer:
    """Makes the spans and hands them to a thread that sends them. To be made after a fork: threads do not survive one.

    Args:
        exporter: Where they are sent.
        log: Told when they cannot be.
        share: The share of requests that get a span where the caller does not say whether they should.
    """

    def __init__(self, exporter: SpanExporter, *, log: Log, share: float = 1.0) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        _tell_instead_of_printing(log)
        self._provider = _provider(exporter)
        self._tracer = self._provider.get_tracer("modelyard_serving")
        self._trace = trace
        self._parents = TraceContextTextMapPropagator()
        self._share = share

    def begin(self, headers: Headers) -> Begun | None:
        """A request begins. Whether it gets a span is the caller's to say, or the share's."""
        parents = [value for name, value in headers if name == b"traceparent"]
        # The standard wants a second one to be taken for none.
        found = _PARENT.fullmatch(parents[0]) if len(parents) == 1 else None
        if found is not None:
            is_wanted = bool(int(found[1], 16) & 1)
        else:
            is_wanted = self._share >= 1.0 or random.random() < self._share  # noqa: S311 - no secret is drawn
        return Begun(time.time_ns(), headers) if is_wanted else None

    def end(
        self,
        begun: Begun,
        *,
        method: str,
        endpoint: str,
        status: int,
        request_id: str,
        model: str | None = None,
        version: str | None = None,
        rows: int = 0,
        error: str | None = None,
    ) -> None:
        """Make the span, now that all is known."""
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "http.response.status_code": status,
            "modelyard.endpoint": endpoint,
            "modelyard.request_id": request_id,
        }
        if model is not None and version is not None:
            attributes |= {"modelyard.model": model, "modelyard.version": version, "modelyard.rows": rows}
        if error is not None:
            attributes["error.type"] = error
        try:
            self._make(endpoint, begun, attributes, has_failed=status >= _FAILED)
        except Exception as fault:
            _LOGGER.warning("a span could not be made: %r", fault)

    def _make(self, name: str, begun: Begun, attributes: dict[str, str | int], *, has_failed: bool) -> None:
        span = self._tracer.start_span(
            name,
            context=self._parent(begun.headers),
            kind=self._trace.SpanKind.SERVER,
            attributes=attributes,
            start_time=begun.started,
        )
        if has_failed:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def _parent(self, headers: Headers) -> Any:  # noqa: ANN401 - a context of the library
        carried = [(name.decode(), value.decode("latin-1")) for name, value in headers if name.startswith(b"trace")]
        parents = [name for name, _ in carried if name == "traceparent"]
        # The empty context otherwise: what else runs in this process is no parent of a request.
        empty: Any = self._trace.set_span_in_context(self._trace.INVALID_SPAN)
        return self._parents.extract(dict(carried), context=empty) if len(parents) == 1 else empty

    def close(self) -> None:
        """Send what is waiting, but not longer than a second."""
        # In a thread: the library waits as long as it retries.
        closing = threading.Thread(target=self._provider.shutdown, name="tracing-end", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def prepare_tracing(endpoint: str | None, *, share: float = 1.0) -> Callable[[Log], Tracing]:
    """Check at the start what tracing needs; the result opens it, in each worker after the fork.

    Args:
        endpoint: Address of an OpenTelemetry collector, such as http://127.0.0.1:4318; nothing for no traces.
        share: The share of requests that get a span where the caller does not say whether they should.

    Raises:
        TracingError: The endpoint is no address, or the libraries are not installed.
    """
    if endpoint is None:
        return lambda _: NoTracing()
    address = _address(endpoint)
    if not 0.0 <= share <= 1.0:
        raise TracingError(f"the share of traced requests is {share}, allowed is 0 to 1")
    if missing := [name for name in LIBRARIES if not _is_installed(name)]:
        raise TracingError(
            f"--otlp-endpoint {endpoint} needs {', '.join(missing)}, which is not installed; "
            "install modelyard-serving[tracing], or leave the option away"
        )

    def open_tracing(log: Log) -> Tracing:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return Tracer(OTLPSpanExporter(endpoint=address, timeout=CALL_SECONDS), log=log, share=share)

    return open_tracing


def _address(endpoint: str) -> str:
    """Where spans are posted: a collector's address without a path gets the path that the protocol says."""
    try:
        parts = urlsplit(endpoint)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        is_right = is_right and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise TracingError(f"--otlp-endpoint is {endpoint[:80]!r}, allowed is an address such as http://127.0.0.1:4318")
    return endpoint if parts.path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _provider(exporter: SpanExporter) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    # Who gets a span was decided before there was anything of the library's: a span not made costs nothing.
    provider = TracerProvider(
        resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", SERVICE)}),
        sampler=ALWAYS_ON,
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            max_queue_size=QUEUED_SPANS,
            max_export_batch_size=BATCH_SPANS,
            schedule_delay_millis=SEND_SECONDS * 1000,
            export_timeout_millis=CALL_SECONDS * 1000,
        )
    )
    return provider


def _tell_instead_of_printing(log: Log) -> None:
    """Lead the library's own complaints into our log, one a minute: with a collector gone, each batch makes one."""
    _LOGGER.propagate = False
    for handler in [one for one in _LOGGER.handlers if isinstance(one, _Complaints)]:
        _LOGGER.removeHandler(handler)
    _LOGGER.addHandler(_Complaints(log))


class _Complaints(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(level=logging.WARNING)
        self._log = log
        self._silent_until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Tell, but not twice in a minute."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + COMPLAIN_SECONDS
            self._log.event("tracing_failed", source=record.name, reason=record.getMessage()[:300])
