"""One scrape after a thousand workers have come and gone: our ledger, or prometheus_client's files.

A process of its own, because prometheus_client decides at its import whether it writes files. Both sides hold the same
series of one model version and count the same requests in each worker; what is scraped at the end is the whole text.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

RESTARTS = 1_000
REQUESTS = 100
FEATURES = 30
BINS = 13
"""Null, below, ten parts, above."""
LABELS = {"model": "bench", "version": "1"}
NUMBERS = ("values", "nulls", "unseen", "sum", "squares")


def main() -> int:
    """Print the seconds of each scrape, the requests that it counted, and its lines, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=["ours", "peer"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--times", type=int, required=True)
    wanted = parser.parse_args()
    if wanted.side == "peer":
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(wanted.folder)
    scrape = ours() if wanted.side == "ours" else peer(wanted.folder)
    seconds, text = [], b""
    for _ in range(wanted.times):
        begun = time.perf_counter()
        text = scrape()
        seconds.append(time.perf_counter() - begun)
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    counted = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("modelyard_requests_total{"))
    print(json.dumps({"seconds": seconds, "requests": counted, "series": len(lines)}))
    return 0


def ours() -> Any:
    """The ledger after so many workers, and one that lives."""
    from modelyard_bundle import Feature, Output, Signature
    from modelyard_serving.observing.counters import Ledger, Segment, VersionKey
    from modelyard_serving.observing.exposition import Facts, render_metrics
    from modelyard_serving.observing.metrics import Metrics
    from modelyard_serving.observing.profile import ProfileLayout, profile_metrics

    features = tuple(Feature(name=f"f{place}", kind="number", minimum=0, maximum=10) for place in range(FEATURES))
    output = Output(name="p", kind="probability", labels=("no", "yes"), threshold=0.5)
    layout = ProfileLayout.of(Signature(model="bench", task="binary", features=features, output=output))
    key, area = VersionKey("bench", "1", "0" * 64), ("profile", "bench")
    ledger = Ledger()
    for worker in range(RESTARTS + 1):
        segment = Segment([key], areas={area: layout.slots})
        metrics = Metrics(segment)
        for _ in range(REQUESTS):
            metrics.count("invocations", 200, key=key, seconds=0.0007, error=None)
            metrics.batch(key, 1)
            metrics.predicted(key, [0.3], above=0, unseen=0)
        numbers = segment.area(area)
        assert numbers is not None
        for slot in range(layout.slots):
            numbers[slot] += REQUESTS
        if worker < RESTARTS:
            ledger.keep(segment)
            numbers.release()
            del metrics

    def scrape() -> bytes:
        sums = ledger.area(area, [segment])
        assert sums is not None
        facts = Facts(more=profile_metrics([("bench", "1", layout, sums)]))
        return render_metrics(ledger.totals([segment]), facts)

    return scrape


def peer(folder: Path) -> Any:
    """The files of so many workers: written once, and copied under the other workers' numbers."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    from modelyard_serving.observing.counters import BATCHES, SECONDS

    names = tuple(LABELS)
    requests = Counter("modelyard_requests", "Requests.", [*names, "endpoint", "status"])
    seconds = Histogram("modelyard_request_seconds", "Time.", names, buckets=SECONDS)
    batches = Histogram("modelyard_batch_rows", "Rows in a call.", names, buckets=BATCHES)
    rows = Counter("modelyard_rows", "Rows.", names)
    unseen = Counter("modelyard_unseen_features", "Unseen.", names)
    mean = Gauge("modelyard_prediction_mean", "Mean.", names, multiprocess_mode="mostrecent")
    of_feature = [Counter(f"modelyard_feature_{name}", name, [*names, "feature"]) for name in NUMBERS]
    bins = Counter("modelyard_feature_bin", "Rows by bin.", [*names, "feature", "bin"])
    requests.labels(**LABELS, endpoint="invocations", status="200").inc(REQUESTS)
    for _ in range(REQUESTS):
        seconds.labels(**LABELS).observe(0.0007)
        batches.labels(**LABELS).observe(1)
    rows.labels(**LABELS).inc(REQUESTS)
    unseen.labels(**LABELS).inc(0)
    mean.labels(**LABELS).set(0.3)
    for place in range(FEATURES):
        for one in of_feature:
            one.labels(**LABELS, feature=f"f{place}").inc(REQUESTS)
        for number in range(BINS):
            bins.labels(**LABELS, feature=f"f{place}", bin=str(number)).inc(REQUESTS)
    own = str(os.getpid())
    for file in sorted(folder.glob(f"*_{own}.db")):
        for worker in range(RESTARTS):
            shutil.copyfile(file, file.with_name(file.name.replace(own, f"9{worker:07d}")))

    def scrape() -> bytes:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
        return generate_latest(registry)

    return scrape


if __name__ == "__main__":
    sys.exit(main())
