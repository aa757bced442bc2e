"""The Open Inference Protocol with a tensor of 1,024 floats: our model API in JSON and in bytes, and MLServer in JSON.

MLServer takes binary tensors over gRPC only, so its JSON is the peer of both.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from figures import Figure, Skipped, raced
from lakes import DifferentOutcomeError
from processes import RunFailedError
from serving_load import Request, Rounds, client_name
from serving_servers import MLSERVER, Server, cores, mlserver, modelyard
from serving_vs_mlflow import CONNECTIONS, LARGEST_GAP, NO_CORES, about_load

SECONDS = 6.0
NAME = "wide"
WIDTH = 1_024
GOAL = 3.0
AIMS = {"json": 8, "binary": 20}
PATH = f"/v2/models/{NAME}/infer"
ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """A linear model of 1,024 numbers, in the two forms."""

    bundles: Path
    deployments: Path
    folder: Path
    """What MLServer serves."""
    expected: list[float]
    rows: np.ndarray


def measure(work: Path, *, runs: int, seconds: float = SECONDS) -> list[Figure | Skipped]:
    """JSON and binary, at 1 and 16 connections; the servers are asked in turn."""
    if (held := cores()) is None:
        return [Skipped("serving-v2-vs-mlserver", NO_CORES)]
    if not (MLSERVER / ".venv" / "bin" / "mlserver").exists():
        why = "MLServer is not installed: `make bench` does it, or `uv sync --locked --project tools/mlserver`"
        return [Skipped("serving-v2-vs-mlserver", why)]
    wide = _made(work)
    found: list[Figure | Skipped] = []
    rounds = Rounds(runs=runs, seconds=seconds, core=held[1], work=work)
    settings = {"debug": False, "parallel_workers": 0}
    with (
        modelyard(work, wide.bundles, wide.deployments, core=held[0]) as ours,
        mlserver(work, wide.folder, core=held[0], settings=settings) as peer,
    ):
        for server in (ours, peer):
            server.await_answer(PATH, in_json(wide.rows[0]).body)
        gap = _compared(wide, ours, peer)
        sides = {
            "json": (ours, in_json(wide.rows[0])),
            "binary": (ours, in_bytes(wide.rows[0])),
            "MLServer": (peer, in_json(wide.rows[0])),
        }
        for connections in CONNECTIONS:
            found += _figures(sides, gap, rounds, connections)
    return found


def in_json(row: np.ndarray) -> Request:
    """One row as a tensor in JSON, as both servers take it."""
    tensor = {"name": "input", "shape": [1, WIDTH], "datatype": "FP64", "data": row.tolist()}
    return Request.json(PATH, json.dumps({"inputs": [tensor]}).encode())


def in_bytes(row: np.ndarray) -> Request:
    """The same row as bytes after a head in JSON, as Triton's client sends it; the answer comes in bytes too."""
    content = row.astype("<f8").tobytes()
    tensor = {
        "name": "input",
        "shape": [1, WIDTH],
        "datatype": "FP64",
        "parameters": {"binary_data_size": len(content)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    return Request(path=PATH, body=head + content, headers=headers)


def _made(work: Path) -> Wide:
    """One model in both forms."""
    import polars as pl
    from sklearn.linear_model import Ridge
    from skops.io import dumps

    from modelyard.testing.release_fakes import TinyModel
    from modelyard_bundle import Example, Feature, Output, Signature

    drawn = np.random.default_rng(0)
    values = drawn.normal(size=(2 * WIDTH, WIDTH))
    names = [f"x{number:04d}" for number in range(WIDTH)]
    target = values[:, :10].sum(axis=1) + drawn.normal(size=len(values))
    model = Ridge().fit(pl.DataFrame(values, schema=names), target)
    rows = drawn.normal(size=(ROWS, WIDTH))
    expected = model.predict(pl.DataFrame(rows, schema=names)).tolist()
    tiny = TinyModel(
        model=dumps(model),
        signature=Signature(
            model=NAME,
            task="regression",
            features=tuple(Feature(name=name, kind="number", minimum=-6.0, maximum=6.0) for name in names),
            output=Output(name="y", kind="number"),
        ),
        example=Example(
            rows=tuple(dict(zip(names, row, strict=True)) for row in rows[:2].tolist()), predictions=tuple(expected[:2])
        ),
        pipeline=model,
    )
    folder = work / "mlserver"
    (folder / NAME).mkdir(parents=True)
    _saved(model, folder / NAME)
    tiny.deploy(work / "bundles", work / "deployments", version="1")
    return Wide(bundles=work / "bundles", deployments=work / "deployments", folder=folder, expected=expected, rows=rows)


def _saved(model: Any, folder: Path) -> None:
    """The model as MLServer wants it: its environment has the same scikit-learn and joblib.

    Without names: MLServer hands arrays to the model, and scikit-learn would complain of that at every call.
    """
    import joblib

    nameless = copy.copy(model)
    del nameless.feature_names_in_
    joblib.dump(nameless, folder / "model.joblib")
    settings = {
        "name": NAME,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "1"},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings), encoding="utf-8")


def _compared(wide: Wide, ours: Server, peer: Server) -> float:
    """The largest difference of any answer from scikit-learn's own."""
    gap = 0.0
    for row, expected in zip(wide.rows, wide.expected, strict=True):
        asked = in_json(row)
        found = [json.loads(server.ask(PATH, asked.body))["outputs"][0]["data"][0] for server in (ours, peer)]
        bytes_asked = in_bytes(row)
        status, headers, answer = ours.post(PATH, bytes_asked.body, bytes_asked.headers)
        if status != 200:
            raise RunFailedError(f"binary: {status} {answer[:300]!r}")
        found.append(float(np.frombuffer(answer[int(headers["inference-header-content-length"]) :], "<f8")[0]))
        gap = max(gap, *(abs(value - expected) for value in found))
    if not gap <= LARGEST_GAP:
        raise DifferentOutcomeError(f"the answers differ by {gap}")
    return gap


def _figures(sides: Mapping[str, tuple[Server, Request]], gap: float, rounds: Rounds, connections: int) -> list[Figure]:
    found = rounds.in_turn(sides, connections=connections)
    return [
        raced(
            f"serving-v2-{form}-vs-mlserver-{connections}",
            f"requests a second on one core, one tensor of {WIDTH:,} FP64 values in "
            f"{'JSON' if form == 'json' else 'bytes'}, a linear model, {connections} connections from another core, "
            "against MLServer's REST in JSON",
            [one.per_second for one in found[form]],
            [one.per_second for one in found["MLServer"]],
            goal=GOAL,
            unit="/s",
            better="higher",
            facts=about_load(found[form], "ours")
            | about_load(found["MLServer"], "MLServer")
            | {
                "aim": f"{AIMS[form]} times",
                "client": client_name(),
                "largest difference from scikit-learn": gap,
                "MLServer": "1.7.1 with mlserver-sklearn, debug off, no inference processes beside the server "
                "(parallel_workers 0): on one core that is its faster setting",
            },
        )
        for form in ("json", "binary")
    ]
