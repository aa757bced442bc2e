"""What Prometheus can ask this process."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.exchange import Exchange

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one process, in a registry of its own."""

    def __init__(self, catalog: Catalog) -> None:
        self.registry = CollectorRegistry()
        by_model = ("model", "version")
        self._requests = Counter(
            "modelyard_requests", "Requests answered.", (*by_model, "endpoint", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "modelyard_request_seconds", "Time to answer.", by_model, buckets=_SECONDS, registry=self.registry
        )
        self._rows = Counter("modelyard_rows", "Rows predicted.", by_model, registry=self.registry)
        self._unseen = Counter(
            "modelyard_unseen_features", "Features with values not seen in training.", by_model, registry=self.registry
        )
        self._errors = Counter(
            "modelyard_errors", "Requests refused or failed.", (*by_model, "kind"), registry=self.registry
        )
        self.in_flight = Gauge("modelyard_requests_in_flight", "Requests being answered.", registry=self.registry)
        self.registry.register(_ModelInfo(catalog))

    def observe(self, exchange: Exchange, *, seconds: float) -> None:
        """Count one finished request."""
        model, version = (exchange.model.name, exchange.model.version) if exchange.model else ("", "")
        self._requests.labels(model, version, exchange.endpoint, str(exchange.status)).inc()
        if exchange.rows:
            self._seconds.labels(model, version).observe(seconds)
            self._rows.labels(model, version).inc(exchange.rows)
        if exchange.unseen:
            self._unseen.labels(model, version).inc(exchange.unseen)
        if exchange.error:
            self._errors.labels(model, version, exchange.error).inc()


class _ModelInfo(Collector):
    """Which versions are served at this moment, and whether a newer bundle was refused."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One sample a served model."""
        info = GaugeMetricFamily("modelyard_model_info", "Served versions.", labels=("model", "version", "digest"))
        refused = GaugeMetricFamily(
            "modelyard_bundle_refused", "1 where the deployed bundle was refused.", labels=("model",)
        )
        for model in self._catalog.served.values():
            info.add_metric((model.name, model.version, model.digest), 1)
            refused.add_metric((model.name,), float(self._catalog.refusal(model.name) is not None))
        yield info
        yield refused
