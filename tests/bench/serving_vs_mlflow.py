"""Requests per second per core: our model API and `mlflow models serve`, of the same registered model."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figure, Skipped, raced
from lakes import DifferentOutcomeError
from serving_load import Hammered, Request, Rounds, client_name
from serving_models import COMPARED_ROWS, FEATURES, KINDS, TREES, Kind, Registered, registered
from serving_servers import Server, cores, mlflow_serve, modelyard

SECONDS = 6.0
GOAL, AIM = 15.0, 60
CONNECTIONS = (1, 16)
LARGEST_GAP = 1e-9
PATH = "/invocations"

ABOUT = {"linear": "a logistic regression", "forest": f"a forest of {TREES} trees"}
NO_CORES = "it takes two cores that a process can be held to: one for the server, one for the client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both servers, up and agreeing."""

    ours: Server
    peer: Server
    request: Request
    gap: float
    """The largest difference of their answers."""


def measure(work: Path, *, runs: int, seconds: float = SECONDS) -> list[Figure | Skipped]:
    """A figure for each model and number of connections; the servers are asked in turn."""
    if (held := cores()) is None:
        return [Skipped("serving-vs-mlflow", NO_CORES)]
    rounds = Rounds(runs=runs, seconds=seconds, core=held[1], work=work)
    found: list[Figure | Skipped] = []
    for kind in KINDS:
        (model,) = registered(work, kind)
        with both(work, model, core=held[0]) as pair:
            found += [_figure(pair, kind, rounds, connections) for connections in CONNECTIONS]
    return found


@contextmanager
def both(work: Path, model: Registered, *, core: int) -> Iterator[Pair]:
    """Both servers of one model on one core. They are asked in turn, so that the other one is idle."""
    model.deploy()
    request = Request.json(PATH, model.body())
    with (
        modelyard(work, model.bundles, model.deployments, core=core) as ours,
        mlflow_serve(work, model.folder, core=core) as peer,
    ):
        for server in (ours, peer):
            server.await_answer(PATH, request.body)
        yield Pair(ours=ours, peer=peer, request=request, gap=compare(model, ours, peer))


def compare(model: Registered, ours: Server, peer: Server) -> float:
    """The largest difference between two servers' probabilities, over many rows at once and a few alone.

    Raises:
        DifferentOutcomeError: they differ by more than the ninth digit.
    """
    gap = 0.0
    for rows in (COMPARED_ROWS, 1):
        body = model.body(rows)
        own = np.array([row["probability"] for row in json.loads(ours.ask(PATH, body))["predictions"]])
        other = np.array(json.loads(peer.ask(PATH, body))["predictions"])[:, 1]
        gap = max(gap, float(np.abs(own - other).max()))
    if not gap <= LARGEST_GAP:
        raise DifferentOutcomeError(f"{model.name}: the probabilities of the two servers differ by {gap}")
    return gap


def _figure(pair: Pair, kind: Kind, rounds: Rounds, connections: int) -> Figure:
    sides = {"ours": (pair.ours, pair.request), "mlflow": (pair.peer, pair.request)}
    found = rounds.in_turn(sides, connections=connections)
    ours, peer = found["ours"], found["mlflow"]
    return raced(
        f"serving-vs-mlflow-{kind}-{connections}",
        f"requests a second on one core, one row of {len(FEATURES)} features in JSON split format, {ABOUT[kind]}, "
        f"{connections} connection{'s' * (connections > 1)} from another core, against mlflow models serve",
        [one.per_second for one in ours],
        [one.per_second for one in peer],
        goal=GOAL,
        unit="/s",
        better="higher",
        facts=about_load(ours, "ours")
        | about_load(peer, "mlflow")
        | {
            "aim": f"{AIM} times",
            "client": client_name(),
            "seconds a round": rounds.seconds,
            "largest difference of the answers": pair.gap,
            "mlflow": "--env-manager local --workers 1, which is its default too",
            "ours": "one worker and the host, with request log, metrics and profile, on the same core",
        },
    )


def about_load(found: Sequence[Hammered], whose: str) -> dict[str, float]:
    """Latency, and what the processor had to do for one request."""
    return {
        f"p50 of {whose}, ms": round(statistics.median(one.p50 for one in found) * 1e3, 3),
        f"p99 of {whose}, ms": round(statistics.median(one.p99 for one in found) * 1e3, 3),
        f"processor time a request of {whose}, us": round(statistics.median(one.processor for one in found) * 1e6, 1),
    }
