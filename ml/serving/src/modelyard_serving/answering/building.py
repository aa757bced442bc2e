"""A worker's application, put together."""

from __future__ import annotations

from concurrent.futures import Executor

from modelyard_serving.access.caller import Access, OpenAccess
from modelyard_serving.answering.app import Application, build_routes
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.describing import Describing
from modelyard_serving.answering.predicting import Predicting
from modelyard_serving.answering.reporting import Alone, Report, Reports
from modelyard_serving.observing.counters import Segment
from modelyard_serving.observing.metrics import Metrics
from modelyard_serving.observing.records import Log
from modelyard_serving.observing.tracing import NoTracing, Tracing
from modelyard_serving.settings import Settings


def build_app(
    settings: Settings,
    *,
    catalog: Catalog,
    segment: Segment,
    log: Log,
    threads: Executor,
    reports: Reports | None = None,
    access: Access | None = None,
    tracing: Tracing | None = None,
) -> Application:
    """The model API as an ASGI application.

    Args:
        settings: How it runs.
        catalog: What it serves.
        segment: Where it counts; made for this catalog.
        log: Where it writes what happened.
        threads: Where large batches are predicted.
        access: Lets requests in; everybody unless told.
        tracing: Takes traces; none unless told.
        reports: Knows of all workers; of this one alone unless told.
    """
    metrics = Metrics(segment)
    alone = Alone(lambda: Report(catalog=catalog, segments=[segment]))
    predicting = Predicting(catalog=catalog, settings=settings, metrics=metrics, log=log, threads=threads)
    routes = build_routes(predicting, Describing(catalog=catalog, reports=reports or alone))
    return Application(
        routes=routes,
        catalog=catalog,
        settings=settings,
        metrics=metrics,
        records=log,
        predicting=predicting,
        access=access or OpenAccess(),
        tracing=tracing or NoTracing(),
    )
