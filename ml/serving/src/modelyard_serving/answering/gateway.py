"""The outermost layer: request ids, the limit on requests at once, errors as JSON, the access log and the metrics."""

from __future__ import annotations

import time
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.exchange import SCOPE_KEY, Exchange
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.observing.records import LogWriter, where_it_failed
from modelyard_serving.refusals import CODE_OF_STATUS, RequestRefusedError

_CLIENT_LEFT = 499
_UNLOGGED = frozenset({"live", "ready", "model_ready", "metrics"})
"""Probes come several times a second and are counted in the metrics; in the log they would bury the rest."""


class JsonResponse(Response):
    """JSON, rendered fast."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - anything that is JSON
        """The body."""
        return orjson.dumps(content)


def error_response(exchange: Exchange, *, status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    """An error as every client gets it."""
    exchange.error = code
    error = {"code": code, "message": message, "request_id": exchange.request_id}
    return JsonResponse({"error": error}, status_code=status, headers=headers)


class Gateway:
    """Wraps the application so that every request gets one answer in one form, and one line in the log."""

    def __init__(self, app: ASGIApp, *, catalog: Catalog, metrics: Metrics, log: LogWriter, max_in_flight: int) -> None:
        self._app = app
        self._catalog = catalog
        self._metrics = metrics
        self._log = log
        self._max_in_flight = max_in_flight
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no request goes straight on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = scope[SCOPE_KEY] = Exchange.begin(_header(scope, b"x-request-id"))
        self._in_flight += 1
        self._metrics.in_flight.set(self._in_flight)
        try:
            await self._answer(scope, receive, self._naming(exchange, send))
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.set(self._in_flight)
            self._finish(scope, exchange, seconds=time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[SCOPE_KEY]
        try:
            if self._in_flight > self._max_in_flight and not scope["path"].startswith("/v2/health/"):
                message = f"more than {self._max_in_flight} requests at once; come back in a second"
                raise RequestRefusedError("overloaded", message, status=503, headers={"retry-after": "1"})
            await self._app(scope, receive, send)
        except ClientDisconnect:
            exchange.status = _CLIENT_LEFT
        except Exception as error:
            if exchange.status:
                raise
            await self._refusal(exchange, error)(scope, receive, send)

    def _refusal(self, exchange: Exchange, error: Exception) -> Response:
        if isinstance(error, RequestRefusedError):
            return error_response(
                exchange, status=error.status, code=error.code, message=error.message, headers=error.headers
            )
        if isinstance(error, HTTPException):
            code = CODE_OF_STATUS.get(error.status_code, "refused")  # type: ignore[call-overload]
            headers = dict(error.headers or {})
            message = f"{error.detail}; see /docs"
            return error_response(exchange, status=error.status_code, code=code, message=message, headers=headers)
        self._log.event(
            "failure", request_id=exchange.request_id, error=type(error).__name__, trace=where_it_failed(error)
        )
        message = f"the model API failed; its log names the cause under {exchange.request_id}"
        return error_response(exchange, status=500, code="failed", message=message, headers={})

    def _naming(self, exchange: Exchange, send: Send) -> Send:
        """Adds to the answer's head which request it answers and which version answered."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                served = self._catalog.served
                model = exchange.model
                if model is None and exchange.error is None and len(served) == 1:
                    model = next(iter(served.values()))
                message["headers"].append((b"x-request-id", exchange.request_id.encode()))
                if self._catalog.draining:
                    message["headers"].append((b"connection", b"close"))
                if model is not None:
                    message["headers"].append((b"x-model-version", model.version.encode()))
                    message["headers"].append((b"x-model-digest", model.digest.encode()))
            await send(message)

        return named

    def _finish(self, scope: Scope, exchange: Exchange, *, seconds: float) -> None:
        self._metrics.observe(exchange, seconds=seconds)
        if exchange.endpoint in _UNLOGGED:
            return
        model = exchange.model
        self._log.event(
            "request",
            request_id=exchange.request_id,
            method=scope["method"],
            path=scope["path"][:200],
            status=exchange.status,
            ms=round(seconds * 1e3, 3),
            model=model.name if model else None,
            version=model.version if model else None,
            rows=exchange.rows,
            error=exchange.error,
        )


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None
