"""The application: every request gets one answer in one form, one line in the log, and its place in the counters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from modelyard_serving.access.caller import ANYBODY, Access, OpenAccess
from modelyard_serving.answering.calls import Answer, Call, Message, Receive, Scope, Send, json_answer
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.describing import Describing
from modelyard_serving.answering.predicting import Predicting
from modelyard_serving.answering.reading import ClientLeftError
from modelyard_serving.answering.routes import Routes
from modelyard_serving.answering.trials import ModelFailedError
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.counters import VersionKey
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.observing.records import Log, where_it_failed
from modelyard_serving.observing.tracing import Begun, NoTracing, Tracing
from modelyard_serving.protocols.asking import Header
from modelyard_serving.protocols.errors import error_document
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.settings import Settings

CLIENT_LEFT = 499
_UNLOGGED = frozenset({"live", "ready", "model_ready", "metrics"})
"""Probes come several times a second and are counted in the metrics; in the log they would bury the rest."""
_ALWAYS = "/v2/health/"
"""Whoever asks whether the process is well is answered however much it has to do."""


def build_routes(predicting: Predicting, describing: Describing) -> Routes:
    """The endpoints of the model API."""
    routes = Routes()
    for path, name, handler in (
        ("/", "root", describing.root),
        ("/v2", "server", describing.server),
        ("/v2/health/live", "live", describing.live),
        ("/v2/health/ready", "ready", describing.ready),
        ("/v2/models/{name}", "model", describing.model),
        ("/v2/models/{name}/ready", "model_ready", describing.model_ready),
        ("/v2/models/{name}/versions/{version}", "model", describing.model),
        ("/v2/models/{name}/versions/{version}/ready", "model_ready", describing.model_ready),
        ("/ping", "ping", describing.ping),
        ("/health", "ping", describing.ping),
        ("/version", "version", describing.version),
        ("/metrics", "metrics", describing.prometheus),
        ("/openapi.json", "openapi", describing.openapi),
        ("/docs", "docs", describing.docs),
    ):
        routes.add(path, name, method="GET", handler=handler)
    for path, name, handler in (
        ("/v2/models/{name}/infer", "infer", predicting.infer),
        ("/v2/models/{name}/versions/{version}/infer", "infer", predicting.infer),
        ("/invocations", "invocations", predicting.invoke),
        ("/models/{name}/invocations", "invocations", predicting.invoke),
        ("/models/{name}/predict", "predict", predicting.predict),
    ):
        routes.add(path, name, method="POST", handler=handler)
    return routes


@dataclass(slots=True, kw_only=True)
class Application:
    """The model API as an ASGI application."""

    routes: Routes
    catalog: Catalog
    settings: Settings
    metrics: Metrics
    records: Log
    predicting: Predicting
    access: Access = field(default_factory=OpenAccess)
    tracing: Tracing = field(default_factory=NoTracing)
    closing: bool = False
    """Answers ask clients to come back on a new connection: this worker is about to end."""
    _in_flight: int = 0
    _held: int = 0
    """Bytes of the bodies that are being read or answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = Call.begin(scope, receive, started=time.perf_counter())
        begun = self.tracing.begin(scope["headers"])
        self._in_flight += 1
        self.metrics.segment.in_flight = self._in_flight
        try:
            answer = await self._answer(call)
            call.status = answer.status
            await self._send(call, answer, send)
        except ClientLeftError:
            call.status = CLIENT_LEFT
        finally:
            self._in_flight -= 1
            self._held -= call.held
            self.metrics.segment.in_flight = self._in_flight
            self._finish(call, begun)

    async def _answer(self, call: Call) -> Answer:
        try:
            self._admit(call)
            match = self.routes.find(call.path, call.method)
            call.endpoint, call.names = match.endpoint.name, match.names
            if match.endpoint.role is not None:
                query = call.scope.get("query_string", b"")
                call.caller = self.access.check(call.scope["headers"], query, need=match.endpoint.role)
            return await match.endpoint.handler(call)
        except ClientLeftError:
            raise
        except Exception as error:
            return self._refusal(call, error)

    def refuse_head(self, allowed: int) -> bytes:
        """Count a request whose head is too long to be read; the body of the answer."""
        code, status = "headers_too_large", 431
        self.metrics.count("other", status, key=None, seconds=0.0, error=code)
        self.records.event("request", status=status, error=code)
        message = f"request line and headers are longer than {allowed} bytes"
        return json_answer(error_document("", code=code, message=message, request_id="")).body

    def _admit(self, call: Call) -> None:
        """Refuse what would be too much at once: a bounded number of requests, and of bytes, is held in memory."""
        declared = call.headers.get(b"content-length", b"")
        if declared.isdigit():
            call.held = min(int(declared), self.settings.max_body_bytes)
        elif b"transfer-encoding" in call.headers:
            call.held = self.settings.max_body_bytes
        self._held += call.held
        crowded = self._in_flight > self.settings.max_in_flight or self._held > self.settings.max_held_bytes
        if crowded and not call.path.startswith(_ALWAYS):
            message = f"more than {self.settings.max_in_flight} requests at once; come back in a second"
            if self._held > self.settings.max_held_bytes:
                message = f"more than {self.settings.max_held_bytes} bytes of requests at once; come back in a second"
            raise RequestRefusedError("overloaded", message, status=503, headers={"retry-after": "1"})

    def _refusal(self, call: Call, error: Exception) -> Answer:
        if isinstance(error, RequestRefusedError):
            return _refused(call, error.code, error.message, status=error.status, headers=error.headers)
        if isinstance(error, ModelFailedError):
            message = f"the model failed on this request; its log names the cause under {call.request_id}"
            return _refused(call, "prediction_failed", message, status=500)
        self.records.event(
            "failure", request_id=call.request_id, error=type(error).__name__, trace=where_it_failed(error)
        )
        message = f"the model API failed; its log names the cause under {call.request_id}"
        return _refused(call, "failed", message, status=500)

    async def _send(self, call: Call, answer: Answer, send: Send) -> None:
        headers: list[Header] = [
            *answer.headers,
            (b"content-length", b"%d" % len(answer.body)),
            (b"x-request-id", call.request_id.encode()),
        ]
        if (model := call.model or self._lone_model(call)) is not None:
            headers += model.headers
        if self.closing or self.catalog.draining:
            headers.append((b"connection", b"close"))
        head: Message = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(head)
        await send({"type": "http.response.body", "body": answer.body})

    def _lone_model(self, call: Call) -> ServedModel | None:
        served = self.catalog.served
        return next(iter(served.values())) if call.error is None and len(served) == 1 else None

    def _finish(self, call: Call, begun: Begun | None) -> None:
        seconds = time.perf_counter() - call.started
        key = None if call.model is None else call.model.key
        self.metrics.count(call.endpoint, call.status, key=key, seconds=seconds, error=call.error)
        if begun is not None:
            self.tracing.end(
                begun,
                method=call.method,
                endpoint=call.endpoint,
                status=call.status,
                request_id=call.request_id,
                model=None if key is None else key.model,
                version=None if key is None else key.version,
                rows=call.rows,
                error=call.error,
            )
        if call.endpoint not in _UNLOGGED and self.settings.log_requests:
            self._log(call, key, seconds)

    def _log(self, call: Call, key: VersionKey | None, seconds: float) -> None:
        self.records.event(
            "request",
            request_id=call.request_id,
            method=call.method,
            path=call.path[:200],
            status=call.status,
            ms=round(seconds * 1e3, 3),
            model=None if key is None else key.model,
            version=None if key is None else key.version,
            rows=call.rows,
            caller=None if call.caller is ANYBODY else call.caller.client,
            error=call.error,
        )


def _refused(call: Call, code: str, message: str, *, status: int, headers: dict[str, str] | None = None) -> Answer:
    """An error as every client gets it."""
    call.error = code
    document = error_document(call.path, code=code, message=message, request_id=call.request_id)
    return json_answer(document, status=status, headers=headers)
