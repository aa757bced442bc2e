"""What it costs to observe: throughput with and without log, counters and profile; a scrape after many restarts."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from timeit import timeit
from typing import Any

from figures import Figure, Skipped, raced
from lakes import DifferentOutcomeError
from processes import environment, run, say
from serving_load import Hammered, Request, Rounds, client_name
from serving_models import FEATURES, Registered, registered
from serving_scrape import REQUESTS, RESTARTS
from serving_servers import Server, cores, modelyard
from serving_vs_mlflow import NO_CORES, PATH, about_load

SECONDS = 6.0
MOST = 0.05
CONNECTIONS = 16
SCRAPE_GOAL, SCRAPE_AIM = 20.0, 100
_HERE = Path(__file__).parent
_WITHOUT = str(_HERE / "serving_unobserved.py")
_SCRAPES = {"ours": 20, "peer": 1}


def measure(work: Path, *, runs: int, seconds: float = SECONDS) -> list[Figure | Skipped]:
    """The share of throughput that observing takes, and the time of a scrape."""
    (model,) = registered(work, "linear")
    model.deploy()
    held = cores()
    tax = Skipped("serving-observing", NO_CORES) if held is None else _tax(work, model, held, runs, seconds)
    return [tax, _scrapes(work, runs)]


def _tax(work: Path, model: Registered, held: tuple[int, int], runs: int, seconds: float) -> Figure:
    request = Request.json(PATH, model.body())
    with ExitStack() as running:

        def up(options: Sequence[str] = (), program: str = "") -> Server:
            one = modelyard(work, model.bundles, model.deployments, core=held[0], options=options, program=program)
            server = running.enter_context(one)
            server.await_answer(PATH, request.body)
            return server

        quiet = ["--no-request-log"]
        servers = {"all": up(), "no log": up(quiet), "nothing": up(quiet, _WITHOUT)}
        if len({_predicted(server, request) for server in servers.values()}) != 1:
            raise DifferentOutcomeError("observed and unobserved, the model API says different things")
        found = Rounds(runs=runs, seconds=seconds, core=held[1], work=work).in_turn(
            {name: (server, request) for name, server in servers.items()}, connections=CONNECTIONS
        )
    taxes = _lost(found["all"], found["nothing"])
    return Figure(
        name="serving-observing",
        what=f"share of throughput that counters, profile and request log take, one row of {len(FEATURES)} features, a "
        f"logistic regression, {CONNECTIONS} connections, server on one core; against the same model API without them",
        ours=statistics.median(taxes),
        peer=None,
        ratio=None,
        goal=f"at most {MOST:.0%}",
        met=max(taxes) <= MOST,
        runs=runs,
        spread=(min(taxes), max(taxes)),
        samples={name: [one.per_second for one in rounds] for name, rounds in found.items()},
        unit="share",
        facts={
            "by the log alone": f"{statistics.median(_lost(found['all'], found['no log'])):.1%}",
            "by counters and profile": f"{statistics.median(_lost(found['no log'], found['nothing'])):.1%}",
            "by processor time a request": f"{statistics.median(_worked(found)):.1%}",
            "client": client_name(),
        }
        | about_load(found["all"], "all")
        | about_load(found["nothing"], "nothing")
        | parts(len(FEATURES)),
    )


def _predicted(server: Server, request: Request) -> str:
    return json.dumps(json.loads(server.ask(request.path, request.body))["predictions"])


def _lost(some: Sequence[Hammered], none: Sequence[Hammered]) -> list[float]:
    return [1 - one.per_second / other.per_second for one, other in zip(some, none, strict=True)]


def _worked(found: dict[str, list[Hammered]]) -> list[float]:
    pairs = zip(found["all"], found["nothing"], strict=True)
    return [1 - none.processor / some.processor for some, none in pairs]


def parts(features: int) -> dict[str, float]:
    """What each part of observing takes for one request in this process, in microseconds."""
    import io

    import numpy as np

    from modelyard_bundle import Feature, Output, Signature
    from modelyard_serving.observing.counters import Segment, VersionKey
    from modelyard_serving.observing.metrics import Metrics
    from modelyard_serving.observing.profile import ProfileLayout
    from modelyard_serving.observing.profiling import GATHERED_ROWS, Observer, ProfileWriter
    from modelyard_serving.observing.records import LogWriter

    named = tuple(Feature(name=f"f{place}", kind="number", minimum=-3, maximum=3) for place in range(features))
    output = Output(name="p", kind="probability", labels=("no", "yes"), threshold=0.5)
    layout = ProfileLayout.of(Signature(model="m", task="binary", features=named, output=output))
    key = VersionKey("m", "1", "0" * 64)
    metrics = Metrics(Segment([key]))
    profile = ProfileWriter(Observer(layout), np.zeros(layout.slots))
    matrix, log = np.zeros((1, features)), LogWriter(io.BytesIO())

    def count() -> None:
        metrics.count("invocations", 200, key=key, seconds=0.0007, error=None)
        metrics.batch(key, 1)
        metrics.predicted(key, [0.3], above=0, unseen=0)

    def line() -> None:
        fields: dict[str, Any] = {"request_id": "0123456789abcdef", "method": "POST", "path": PATH, "status": 200}
        log.event("request", **fields, ms=0.2, model="m", version="1", rows=1, caller=None)

    measured = {"counters": count, "profile": lambda: profile.add(matrix), "log line": line}
    found = {f"{name}, us a request": _microseconds(act, 8 * GATHERED_ROWS) for name, act in measured.items()}
    log.close()
    return found


def _microseconds(act: Callable[[], object], times: int) -> float:
    return round(min(timeit(act, number=times) for _ in range(5)) / times * 1e6, 2)


def _scrapes(work: Path, runs: int) -> Figure:
    found: dict[str, list[float]] = {"ours": [], "peer": []}
    series: dict[str, int] = {}
    for turn in range(runs):
        counted = {}
        for side, times in _SCRAPES.items():
            folder = work / f"scrape-{side}-{turn}"
            folder.mkdir()
            program = [sys.executable, str(_HERE / "serving_scrape.py"), side]
            done = run([*program, "--folder", str(folder), "--times", str(times)], env=environment())
            said = json.loads(done.out)
            found[side].append(statistics.median(said["seconds"]) * 1e3)
            counted[side], series[side] = said["requests"], said["series"]
        if set(counted.values()) != {(RESTARTS + 1.0) * REQUESTS}:
            raise DifferentOutcomeError(f"{(RESTARTS + 1) * REQUESTS} requests were counted as {counted}")
        say(f"  scrape {turn}: {found['ours'][-1]:.1f} and {found['peer'][-1]:,.0f} ms")
    return raced(
        "serving-scrape",
        f"the text for Prometheus after {RESTARTS:,} workers have come and gone, against prometheus_client's "
        "multiprocess files of the same series; both in one process, without HTTP",
        found["ours"],
        found["peer"],
        goal=SCRAPE_GOAL,
        unit="ms",
        better="lower",
        facts={"aim": f"{SCRAPE_AIM} times"} | {f"series, {side}": count for side, count in series.items()},
    )
