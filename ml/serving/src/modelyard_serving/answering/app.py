"""The application: which path leads where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.exchange import exchange_of
from modelyard_serving.answering.gateway import Gateway
from modelyard_serving.answering.predicting import Predicting
from modelyard_serving.hosting.watcher import Load, Watcher
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.protocols.describing import Describing
from modelyard_serving.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(settings: Settings, *, catalog: Catalog, log: LogWriter, load: Load | None = None) -> ASGIApp:
    """The model API as an ASGI application.

    Args:
        settings: How it runs.
        catalog: What it serves; the watcher fills it.
        log: Where it writes what happened.
        load: How a pointer becomes a model; the gate unless told.
    """
    metrics = Metrics(catalog)
    threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="predict")
    predicting = Predicting(catalog=catalog, settings=settings, log=log, threads=threads)
    describing = Describing(catalog=catalog, metrics=metrics)
    watcher = Watcher(
        settings.deployments,
        settings.bundles,
        catalog=catalog,
        log=log,
        load=load or partial(pass_gate, bundles=settings.bundles),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(watcher.run(every=settings.poll_seconds))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        threads.shutdown(wait=False, cancel_futures=True)

    router = Router(_routes(predicting, describing), redirect_slashes=False, lifespan=lifespan)
    return Gateway(_raising(router), catalog=catalog, metrics=metrics, log=log, max_in_flight=settings.max_in_flight)


def _routes(predicting: Predicting, describing: Describing) -> list[Route]:
    told: list[tuple[str, str, Endpoint]] = [
        ("/", "root", describing.root),
        ("/v2", "server", describing.server),
        ("/v2/health/live", "live", describing.live),
        ("/v2/health/ready", "ready", describing.ready),
        ("/v2/models/{name}", "model", describing.model),
        ("/v2/models/{name}/ready", "model_ready", describing.model_ready),
        ("/v2/models/{name}/versions/{version}", "model", describing.model),
        ("/v2/models/{name}/versions/{version}/ready", "model_ready", describing.model_ready),
        ("/metrics", "metrics", describing.prometheus),
        ("/openapi.json", "openapi", describing.openapi),
        ("/docs", "docs", describing.docs),
    ]
    asked: list[tuple[str, str, Endpoint]] = [
        ("/v2/models/{name}/infer", "infer", predicting.infer),
        ("/v2/models/{name}/versions/{version}/infer", "infer", predicting.infer),
        ("/invocations", "invocations", predicting.invoke),
        ("/models/{name}/invocations", "invocations", predicting.invoke),
    ]
    return [
        *(Route(path, _named(name, endpoint), methods=["GET"]) for path, name, endpoint in told),
        *(Route(path, _named(name, endpoint), methods=["POST"]) for path, name, endpoint in asked),
    ]


def _named(name: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint, leaving its name for the metrics: paths would make as many series as clients can think of."""

    async def answer(request: Request) -> Response:
        exchange_of(request).endpoint = name
        return await endpoint(request)

    return answer


def _raising(router: Router) -> ASGIApp:
    """The router, told that somebody above it answers for unknown paths and methods."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = router
        await router(scope, receive, send)

    return application
