"""What one more model costs in memory: one more bundle in our model API, and one more `mlflow models serve`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from figures import Figure, Skipped, raced
from processes import RunFailedError, say
from serving_models import FEATURES, KINDS, Registered, registered
from serving_servers import OK, Server, mlflow_serve, modelyard
from serving_vs_mlflow import ABOUT, PATH

MORE = 10
GOAL = 10.0
_ASKED = 20
_PATIENCE = 120.0


def measure(work: Path, *, runs: int) -> list[Figure | Skipped]:
    """A figure for each model."""
    if not Path("/proc/self/smaps_rollup").exists():
        return [Skipped("serving-memory", "it reads /proc/PID/smaps_rollup, which is not here")]
    found: list[Figure | Skipped] = []
    for kind in KINDS:
        (model,) = registered(work, kind)
        names = _copied(work / kind, model)
        ours, peer, facts = [], [], {}
        for turn in range(runs):
            alone, many = _ours(work / kind, names[:1]), _ours(work / kind, names)
            crew = _ours(work / kind, names[:1], workers=2)
            one, two = _mlflow(work, model)
            ours.append((many - alone) / MORE)
            peer.append(two - one)
            say(f"  {kind}, {turn}: {ours[-1]:.2f} MiB and {peer[-1]:.1f} MiB for one more model")
            facts = {
                "ours with one model, MiB": round(alone, 1),
                f"ours with {MORE + 1} models, MiB": round(many, 1),
                "one more worker of ours, MiB": round(crew - alone, 1),
                "mlflow with one model, MiB": round(one, 1),
                "model.skops, KiB": round((model.folder / "model.skops").stat().st_size / 1024, 1),
            }
        found.append(
            raced(
                f"serving-memory-{kind}",
                f"memory for one more model, {ABOUT[kind]}, shared pages counted once (PSS): the mean of {MORE} more "
                "bundles in one model API, host and worker together, against one more mlflow models serve",
                ours,
                peer,
                goal=GOAL,
                unit="MiB",
                better="lower",
                facts=facts,
            )
        )
    return found


def _copied(place: Path, model: Registered) -> list[str]:
    """Bundles of the same content under other names: each is loaded for itself."""
    from modelyard.testing.release_fakes import TinyModel
    from modelyard_bundle import Pointer, bundle_folder, read_bundle

    pointer = Pointer.to(model.name, model.version, digest=model.digest)
    content = read_bundle(bundle_folder(model.bundles, pointer.bundle))
    names = [f"{model.name}_{number:02d}" for number in range(MORE + 1)]
    for name in names:
        tiny = TinyModel(
            model=content.model,
            signature=replace(content.signature, model=name),
            example=content.example,
            pipeline=None,
        )
        tiny.deploy(place / "bundles", place / "all", version="1")
    return names


def _ours(place: Path, names: Sequence[str], *, workers: int = 1) -> float:
    """MiB of host and workers that serve these models, after each was asked."""
    deployments = place / f"some-{len(names)}"
    deployments.mkdir(exist_ok=True)
    for name in names:
        (deployments / f"{name}.json").write_bytes((place / "all" / f"{name}.json").read_bytes())
    options = ["--workers", str(workers)]
    with modelyard(place, place / "bundles", deployments, core=None, options=options) as server:
        _settled(server, names, workers)
        split = {"columns": list(FEATURES), "data": [[0.1] * len(FEATURES)]}
        row = json.dumps({"dataframe_split": split}).encode()
        for name in names:
            for _ in range(_ASKED * workers):
                server.ask(f"/models/{name}/invocations", row)
        return server.proportional_mb()


def _settled(server: Server, names: Sequence[str], workers: int) -> None:
    """Wait until every model is served and no worker of an earlier generation is left."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            ready = all(server.get(f"/v2/models/{name}/ready")[0] == OK for name in names)
        except OSError:
            ready = False
        if ready and len(server.pids()) == 1 + workers:
            return
        time.sleep(0.1)
    raise RunFailedError(f"not all of {len(names)} models are served, or old workers stay\n{server.tail()}")


def _mlflow(work: Path, model: Registered) -> tuple[float, float]:
    """MiB of one server, and of two that run at the same time."""
    with ExitStack() as running:
        servers: list[Server] = []
        found = []
        for _ in range(2):
            servers.append(running.enter_context(mlflow_serve(work, model.folder, core=None)))
            servers[-1].await_answer(PATH, model.body())
            for _ in range(_ASKED):
                servers[-1].ask(PATH, model.body())
            found.append(sum(server.proportional_mb() for server in servers))
    return found[0], found[1]
