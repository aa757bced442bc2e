"""The endpoints that predict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl
from starlette.requests import Request
from starlette.responses import Response

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.exchange import exchange_of
from modelyard_serving.answering.gateway import JsonResponse, error_response
from modelyard_serving.decoding.columns import Values
from modelyard_serving.loading.served import Prediction, ServedModel
from modelyard_serving.observing.records import LogWriter, where_it_failed
from modelyard_serving.protocols import invocations, tensors
from modelyard_serving.protocols.bodies import CSV, JSON, content_type, parse_json, read_body
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.settings import Settings

Render = Callable[[Prediction, list[str]], dict[str, Any]]
"""Puts a prediction and its warnings into the form of one protocol."""
# Measured on two cores with a gradient boosting pipeline: one row costs 1.5 ms and 256 rows 1.7 ms, nearly all of
# it scikit-learn's Python, which holds the interpreter lock. A thread adds 0.3 ms to each such call and gains
# nothing; from some hundred rows on the time is spent in compiled code, and the event loop should not wait for it.
INLINE_ROWS = 256


@dataclass(frozen=True, slots=True)
class Predicting:
    """Answers inference requests in both protocols from one decoder."""

    catalog: Catalog
    settings: Settings
    log: LogWriter
    threads: ThreadPoolExecutor

    async def infer(self, request: Request) -> Response:
        """Open Inference Protocol, version 2."""
        model = self._begin(request, request.path_params["name"])
        if "version" in request.path_params and request.path_params["version"] != model.version:
            message = f"version {request.path_params['version'][:40]} is not served; served is {model.version}"
            raise RequestRefusedError("unknown_version", message, status=404)
        if "inference-header-content-length" in request.headers:
            raise RequestRefusedError("binary_tensors", "binary tensors are not taken; send JSON", status=415)
        content_type(request, JSON)
        document = parse_json(await self._body(request))
        tensors.requested_outputs(document, model.signature)
        columns = tensors.decode_tensors(document, model.decoder)
        return await self._answer(
            request, model, columns, lambda *found: tensors.render(model, *found, document=document)
        )

    async def invoke(self, request: Request) -> Response:
        """MLflow's scoring protocol."""
        model = self._begin(request, request.path_params.get("name"))
        media = content_type(request, JSON, CSV)
        body = await self._body(request)
        if media == CSV:
            columns = invocations.decode_csv(body, model.decoder)
        else:
            columns = invocations.decode_json(parse_json(body), model.decoder)
        return await self._answer(request, model, columns, lambda *found: invocations.render(model, *found))

    def _begin(self, request: Request, name: str | None) -> ServedModel:
        model = self.catalog.only() if name is None else self.catalog.find(name)
        exchange_of(request).model = model
        return model

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, max_bytes=self.settings.max_body_bytes, seconds=self.settings.body_seconds)

    async def _answer(
        self,
        request: Request,
        model: ServedModel,
        columns: dict[str, Values],
        render: Render,
    ) -> Response:
        exchange = exchange_of(request)
        frame = model.decoder.frame(columns, max_rows=self.settings.max_rows)
        warnings = model.decoder.warnings(columns)
        try:
            prediction = await self._predict(model, frame)
        except Exception as error:
            self.log.event(
                "prediction_failed",
                request_id=exchange.request_id,
                model=model.name,
                version=model.version,
                error=type(error).__name__,
                trace=where_it_failed(error),
            )
            message = f"the model failed on this request; its log names the cause under {exchange.request_id}"
            return error_response(exchange, status=500, code="prediction_failed", message=message, headers={})
        exchange.rows, exchange.unseen = frame.height, len(warnings)
        return JsonResponse(render(prediction, warnings))

    async def _predict(self, model: ServedModel, frame: pl.DataFrame) -> Prediction:
        if frame.height <= INLINE_ROWS:
            return model.predict(frame)
        return await asyncio.get_running_loop().run_in_executor(self.threads, model.predict, frame)
