"""From a cold process to its first right answer: our model API and `mlflow models serve`, of the same model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from figures import Figure, Sample, compared
from lakes import DifferentOutcomeError
from processes import say
from serving_models import KINDS, Registered, registered
from serving_servers import mlflow_serve, modelyard
from serving_vs_mlflow import ABOUT, LARGEST_GAP, PATH

GOAL = 2.0


def measure(work: Path, *, runs: int) -> list[Figure]:
    """A figure for each model; the first pair only warms the disk cache."""
    found = []
    for kind in KINDS:
        (model,) = registered(work, kind)
        model.deploy()
        ours: list[Sample] = []
        peer: list[Sample] = []
        for turn in range(runs + 1):
            (own, said), (other, also_said) = _ours(work, model), _mlflow(work, model)
            if not abs(said - also_said) <= LARGEST_GAP:
                raise DifferentOutcomeError(f"{model.name}: the first answers differ, {said} and {also_said}")
            say(f"  {kind}, {turn}: {own:.2f} and {other:.2f} s")
            if turn:
                ours.append(Sample(own))
                peer.append(Sample(other))
        found.append(
            compared(
                f"serving-start-{kind}",
                f"from the start of the process to the first right answer, {ABOUT[kind]}: our model API with all its "
                "checks of the bundle, against mlflow models serve of the same files on the same disk",
                ours,
                peer,
                goal=GOAL,
                better="higher",
                facts={"asked again every, ms": 10, "cores": "all, on both sides"},
            )
        )
    return found


def _ours(work: Path, model: Registered) -> tuple[float, float]:
    with modelyard(work, model.bundles, model.deployments, core=None) as server:
        seconds = server.await_answer(PATH, model.body())
        return seconds, float(json.loads(server.ask(PATH, model.body()))["predictions"][0]["probability"])


def _mlflow(work: Path, model: Registered) -> tuple[float, float]:
    with mlflow_serve(work, model.folder, core=None) as server:
        seconds = server.await_answer(PATH, model.body())
        return seconds, float(np.array(json.loads(server.ask(PATH, model.body()))["predictions"])[0, 1])
