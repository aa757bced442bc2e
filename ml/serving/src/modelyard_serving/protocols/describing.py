"""The endpoints that tell: health, metadata, metrics and documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.exchange import exchange_of
from modelyard_serving.answering.gateway import JsonResponse
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.protocols import tensors
from modelyard_serving.protocols.docs_page import render_docs
from modelyard_serving.protocols.openapi import render_openapi
from modelyard_serving.refusals import RequestRefusedError

API_VERSION = "1"
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Describing:
    """Answers what is served, whether it is well, and how to ask it."""

    catalog: Catalog
    metrics: Metrics

    async def root(self, request: Request) -> Response:
        """The way to the documentation."""
        del request
        return RedirectResponse("/docs", status_code=307)

    async def server(self, request: Request) -> Response:
        """The server's metadata."""
        del request
        models = [{"name": model.name, "version": model.version} for model in self.catalog.served.values()]
        return JsonResponse({"name": "modelyard", "version": API_VERSION, "extensions": [], "models": models})

    async def live(self, request: Request) -> Response:
        """The process answers."""
        del request
        return JsonResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """At least one model is served, and the process is not stopping."""
        del request
        reason = self.catalog.readiness()
        if reason is None:
            return JsonResponse({"ready": True, "models": list(self.catalog.served)})
        return JsonResponse({"ready": False, "reason": reason}, status_code=503, headers={"retry-after": "5"})

    async def model(self, request: Request) -> Response:
        """A model's metadata, and the bundle that was refused last if one was."""
        name = request.path_params["name"]
        model = self._find(request)
        parameters: dict[str, Any] = {
            "digest": model.digest,
            "run_id": model.manifest.run_id,
            "commit": model.manifest.commit,
            "data_versions": dict(model.manifest.data_versions),
            "task": model.signature.task,
        }
        if (refusal := self.catalog.refusal(name)) is not None:
            parameters["refused"] = {
                "version": refusal.version,
                "digest": refusal.digest,
                "reason": refusal.reason,
            }
        return JsonResponse(
            {
                "name": model.name,
                "versions": [model.version],
                "platform": "sklearn",
                **tensors.describe(model.signature),
                "parameters": parameters,
            }
        )

    async def model_ready(self, request: Request) -> Response:
        """Whether one model answers."""
        model = self._find(request)
        if self.catalog.draining:
            raise RequestRefusedError("stopping", "the model API is stopping", status=503)
        return JsonResponse({"name": model.name, "ready": True})

    def _find(self, request: Request) -> ServedModel:
        model = self.catalog.find(request.path_params["name"])
        wanted = request.path_params.get("version", model.version)
        if wanted != model.version:
            message = f"version {wanted[:40]} is not served; served is {model.version}"
            raise RequestRefusedError("unknown_version", message, status=404)
        exchange_of(request).model = model
        return model

    async def prometheus(self, request: Request) -> Response:
        """The metrics."""
        del request
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document of what is served now."""
        del request
        return JsonResponse(render_openapi(self.catalog.served))

    async def docs(self, request: Request) -> Response:
        """A page for people."""
        host = request.headers.get("host", "")
        # The page shows a command to copy: only a plain host name may get into it.
        address = host if _HOST.fullmatch(host) else "127.0.0.1"
        page = render_docs(
            self.catalog.served, address=f"{request.url.scheme}://{address}", reason=self.catalog.readiness()
        )
        return HTMLResponse(page, headers=_PAGE_HEADERS)
