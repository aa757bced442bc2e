"""Two versions in turn under load: what fails, and how soon the new one answers; the peer is stopped and started."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from figures import Figure, Skipped, raced
from lakes import DifferentOutcomeError
from processes import RunFailedError, say
from serving_load import Paced, Request, Timeline
from serving_models import Registered, registered
from serving_servers import Server, cores, mlflow_serve, modelyard
from serving_vs_mlflow import NO_CORES, PATH

SWAPS = 20
RATE = 200.0
PAUSE_SECONDS = 1.0
"""Between the first answer of a new version and the next swap."""
LIMIT_SECONDS = 60.0
"""For one swap."""
GOAL, AIM = 10.0, 50
_LOOK_SECONDS = 0.05


def measure(work: Path, *, runs: int, swaps: int = SWAPS) -> list[Figure | Skipped]:
    """Failed requests, and seconds from the pointer to the first answer; `runs` is how often the peer is restarted."""
    if (held := cores()) is None:
        return [Skipped("serving-swap", NO_CORES)]
    versions = registered(work, "linear", versions=2)
    versions[0].deploy()
    request = Request.json(PATH, versions[0].body())
    with modelyard(work, versions[0].bundles, versions[0].deployments, core=held[0]) as server:
        server.await_answer(PATH, request.body)
        client = Paced.begin(server, request, rate=RATE, seconds=(swaps + 1) * LIMIT_SECONDS, core=held[1], work=work)
        time.sleep(PAUSE_SECONDS)
        moved = [_swap(server, versions[number % 2]) for number in range(1, swaps + 1)]
        found = client.stop()
    restarts = [_restart(work, versions[number % 2], held[0]) for number in range(runs)]
    say(f"  {found.failed} of {len(found.status)} failed; mlflow restarts in {statistics.median(restarts):.1f} s")
    return [_failed(found, swaps), _seconds(found, moved, restarts)]


def _swap(server: Server, version: Registered) -> tuple[float, str]:
    """Point to this version, and wait until it answers; when the pointer was moved, and to which."""
    moved = time.monotonic()
    version.deploy()
    while time.monotonic() - moved < LIMIT_SECONDS:
        if server.get("/v2/health/ready")[1].get("x-model-version") == version.version:
            time.sleep(PAUSE_SECONDS)
            return moved, version.version
        time.sleep(_LOOK_SECONDS)
    raise RunFailedError(f"version {version.version} was not served within {LIMIT_SECONDS:g} s\n{server.tail()}")


def _restart(work: Path, version: Registered, core: int) -> float:
    """Seconds from the order to stop an MLflow server until the next one answers."""
    with mlflow_serve(work, version.folder, core=core) as before:
        before.await_answer(PATH, version.body())
        begun = time.monotonic()
        before.end()
    with mlflow_serve(work, version.folder, core=core) as after:
        after.await_answer(PATH, version.body())
        return time.monotonic() - begun


def _failed(found: Timeline, swaps: int) -> Figure:
    latency = found.latency * 1e3
    return Figure(
        name="serving-swap-failed",
        what=f"requests without a good answer, {RATE:g} a second over {swaps} swaps, server on one core",
        ours=float(found.failed),
        peer=None,
        ratio=None,
        goal="0 failed",
        met=found.failed == 0,
        runs=swaps,
        spread=(float(found.failed), float(found.failed)),
        unit="count",
        facts={
            "requests": len(found.status),
            "p50, ms": round(float(np.percentile(latency, 50)), 3),
            "p99, ms": round(float(np.percentile(latency, 99)), 3),
            "longest, ms": round(float(latency.max()), 3),
            "latest request sent, ms after it was due": round(float((found.sent - found.due).max()) * 1e3, 3),
        },
    )


def _seconds(found: Timeline, moved: Sequence[tuple[float, str]], restarts: Sequence[float]) -> Figure:
    took, after = [], 0
    for (begun, version), until in zip(moved, [*(one[0] for one in moved[1:]), float("inf")], strict=True):
        span = (found.answered > begun) & (found.sent < until)
        answers = sorted((found.answered[place], found.version[place]) for place in np.flatnonzero(span))
        first = next((at for at, said in answers if said == version), None)
        if first is None:
            raise DifferentOutcomeError(f"version {version} never answered the client")
        took.append(float(first - begun))
        after = max(after, sum(at > first and said != version for at, said in answers))
    return raced(
        "serving-swap",
        f"from the moved pointer to the first answer by the new version, under {RATE:g} requests a second on one core, "
        "against stopping and starting mlflow models serve on the same core without load",
        took,
        [statistics.median(restarts)] * len(took),
        goal=GOAL,
        unit="s",
        better="lower",
        facts={
            "aim": f"{AIM} times",
            "mlflow restarted, times": len(restarts),
            "mlflow restarts, s": ", ".join(f"{one:.2f}" for one in restarts),
            "most answers by the old version after the first by the new, in one swap": after,
            "swaps": len(took),
        },
    )
