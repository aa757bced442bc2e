"""Latency at half of what MLflow can take: both servers asked at the same constant rate, in turn."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
from figures import Figure, Skipped, raced
from lakes import DifferentOutcomeError
from processes import say
from serving_load import Timeline, at_rate, client_name, hammer
from serving_models import FEATURES, KINDS, Kind, registered
from serving_servers import cores
from serving_vs_mlflow import ABOUT, CONNECTIONS, NO_CORES, Pair, both

SECONDS = 30.0
SATURATING_SECONDS = 6.0
GOAL, AIM = 5.0, 15
SHARE = 0.5
_MS = 1e3


def measure(work: Path, *, runs: int, seconds: float = SECONDS) -> list[Figure | Skipped]:
    """A figure for each model."""
    if (held := cores()) is None:
        return [Skipped("serving-p99-at-half", NO_CORES)]
    found: list[Figure | Skipped] = []
    for kind in KINDS:
        (model,) = registered(work, kind)
        with both(work, model, core=held[0]) as pair:
            found.append(_figure(pair, kind, held[1], work, runs, seconds))
    return found


def _figure(pair: Pair, kind: Kind, core: int, work: Path, runs: int, seconds: float) -> Figure:
    saturated = _saturation(pair, core, work, min(seconds, SATURATING_SECONDS))
    rate = saturated * SHARE
    ours: list[Timeline] = []
    peer: list[Timeline] = []
    for turn in range(runs):
        for server, found in ((pair.ours, ours), (pair.peer, peer)):
            one = at_rate(server, pair.request, rate=rate, seconds=seconds, core=core, work=work)
            if one.failed:
                raise DifferentOutcomeError(f"{server.name}: {one.failed} of {len(one.status)} requests failed")
            found.append(one)
        say(f"  {kind}, {turn}, {rate:.1f} a second: p99 {_p(ours[-1], 99):.2f} and {_p(peer[-1], 99):.2f} ms")
    return raced(
        f"serving-p99-at-half-{kind}",
        f"99th percentile of the latency at a constant {rate:.1f} requests a second, half of what mlflow models serve "
        f"can take, one row of {len(FEATURES)} features, {ABOUT[kind]}; counted from when a request was due",
        [_p(one, 99) for one in ours],
        [_p(one, 99) for one in peer],
        goal=GOAL,
        unit="ms",
        better="lower",
        facts=_about(ours, "ours")
        | _about(peer, "mlflow")
        | {
            "aim": f"{AIM} times",
            "mlflow's saturation, requests a second": round(saturated, 1),
            "measured with": client_name(),
            "requests a round": len(ours[0].status),
            "largest difference of the answers": pair.gap,
        },
    )


def _saturation(pair: Pair, core: int, work: Path, seconds: float) -> float:
    """The most requests a second that the peer answers."""
    return max(
        hammer(pair.peer, pair.request, connections=connections, seconds=seconds, core=core, work=work).per_second
        for connections in CONNECTIONS
    )


def _p(found: Timeline, percent: float) -> float:
    return float(np.percentile(found.latency, percent)) * _MS


def _about(found: list[Timeline], whose: str) -> dict[str, float]:
    late = max(float((one.sent - one.due).max()) for one in found) * _MS
    return {
        f"p{percent} of {whose}, ms": round(statistics.median(_p(one, percent) for one in found), 3)
        for percent in (50, 95)
    } | {
        f"latest request sent to {whose}, ms after it was due": round(late, 3),
    }
