"""The counters in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from modelyard_serving.observing.counters import BATCHES, SECONDS, Totals, VersionKey

_BY_VERSION = ("model", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is so at the moment of the scrape, beside what was counted."""

    in_flight: float = 0
    workers: int = 1
    restarts: int = 0
    """Workers that ended without being told to."""
    served: Mapping[VersionKey, str] = field(default_factory=dict)
    """The versions that are served, each with its role: production, canary, shadow or ab."""
    refused: Sequence[str] = ()
    """Models whose newest bundle was refused."""
    more: Sequence[Metric] = ()
    """What other rooms have to say: the features' profile, rollouts."""


def render_metrics(totals: Mapping[VersionKey, Totals], facts: Facts) -> bytes:
    """The answer to a scrape."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_counted(totals), *_so_now(facts), *facts.more]))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """The metrics as they were made."""
        yield from self._metrics


def _counted(totals: Mapping[VersionKey, Totals]) -> list[Metric]:
    requests = CounterMetricFamily(
        "modelyard_requests", "Requests answered.", labels=(*_BY_VERSION, "endpoint", "status")
    )
    errors = CounterMetricFamily("modelyard_errors", "Requests refused or failed.", labels=(*_BY_VERSION, "kind"))
    seconds = HistogramMetricFamily("modelyard_request_seconds", "Time to answer.", labels=_BY_VERSION)
    batches = HistogramMetricFamily("modelyard_batch_rows", "Rows predicted in one call.", labels=_BY_VERSION)
    rows = CounterMetricFamily("modelyard_rows", "Rows predicted.", labels=_BY_VERSION)
    unseen = CounterMetricFamily(
        "modelyard_unseen_features", "Features with values not seen in training.", labels=_BY_VERSION
    )
    values = GaugeMetricFamily("modelyard_prediction_mean", "Mean of all predictions.", labels=_BY_VERSION)
    for key, found in sorted(totals.items()):
        labels = (key.model, key.version)
        for endpoint, status, count in found.by_endpoint():
            requests.add_metric((*labels, endpoint, status), count)
        for kind, count in sorted(found.errors.items()):
            errors.add_metric((*labels, kind), count)
        if not key.model:
            continue
        seconds.add_metric(labels, *_histogram(found.seconds, SECONDS))
        batches.add_metric(labels, *_histogram(found.batches, BATCHES))
        rows.add_metric(labels, found.values[0])
        unseen.add_metric(labels, found.values[4])
        if found.values[0]:
            values.add_metric(labels, found.values[1] / found.values[0])
    return [requests, errors, seconds, batches, rows, unseen, values]


def _histogram(slots: Sequence[float], bounds: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets, and the sum."""
    *counts, total = slots
    running, buckets = 0.0, []
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        running += count
        buckets.append((bound, running))
    return buckets, total


def _so_now(facts: Facts) -> list[Metric]:
    info = GaugeMetricFamily("modelyard_model_info", "Served versions.", labels=("model", "version", "digest", "role"))
    for key, role in sorted(facts.served.items()):
        info.add_metric((key.model, key.version, key.digest, role), 1)
    refused = GaugeMetricFamily(
        "modelyard_bundle_refused", "1 where the newest deployed bundle was refused.", labels=("model",)
    )
    for model in sorted({key.model for key in facts.served} | set(facts.refused)):
        refused.add_metric((model,), float(model in facts.refused))
    in_flight = GaugeMetricFamily("modelyard_requests_in_flight", "Requests being answered.", value=facts.in_flight)
    workers = GaugeMetricFamily("modelyard_workers", "Processes that answer.", value=facts.workers)
    restarts = CounterMetricFamily(
        "modelyard_worker_restarts", "Workers that ended without being told to.", value=facts.restarts
    )
    return [info, refused, in_flight, workers, restarts]
