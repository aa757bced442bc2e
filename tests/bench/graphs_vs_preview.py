"""Drawing and checking dev, test and prod against three `pulumi preview` of a program with the usual imports."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figures import Figure, Sample, compared, timed
from lakes import DifferentOutcomeError
from processes import ROOT, environment, run, say

HERE = Path(__file__).parent
NAIVE = HERE / "naive_program"
NAMES = ("dev", "test", "prod")
GOAL, PREVIEW_SECONDS = 5.0, 30.0
WHAT = "dev, test and prod drawn and held to Azure's types and every policy, against three previews with usual imports"


def measure(work: Path, *, runs: int) -> list[Figure]:
    """How many times faster an environment is judged without an engine, and what our own previews take."""
    state = work / "state"
    env = environment(MODELYARD_STATE=str(state), NO_COLOR="1")
    _home(env)
    resources = work / "resources.json"
    resources.write_text(json.dumps(_resources()), encoding="utf-8")
    ours: list[Sample] = []
    peer: list[Sample] = []
    rules = 0
    for turn in range(runs + 1):
        drawn = run([sys.executable, str(HERE / "draw_and_check.py")], env=env)
        said = json.loads(drawn.out)
        previews = [_preview(name, work, resources, said[name]["resources"], env) for name in NAMES]
        rules = said["dev"]["rules"]
        if turn:
            ours.append(drawn.sample)
            peer.append(Sample(sum(one.seconds for one in previews), max(one.peak_mb for one in previews)))
        say(f"  graphs-vs-preview, pair {turn} of {runs}" + ("" if turn else " (warm-up, not counted)"))
    facts = {
        **{f"resources of {name}": len(said[name]["resources"]) for name in NAMES},
        "rules": rules,
        "peak memory of ours": f"{max(one.peak_mb for one in ours):.0f} MiB",
        "peak memory of a usual preview": f"{max(one.peak_mb for one in peer):.0f} MiB",
        "compared": "the same resources in both, by key; all accepted by both",
    }
    figure = compared("graphs-vs-preview", WHAT, ours, peer, goal=GOAL, better="higher", facts=facts)
    return [figure, *(_own_preview(name, env, runs) for name in NAMES)]


def _home(env: Mapping[str, str]) -> None:
    """Makes the rehearsal's backend and wrapper, as the first preview of a user does."""
    run([str(Path(sys.executable).with_name("modelyard")), "infra", "preview", "dev", "--simulate"], env=env)


def _resources() -> dict[str, list[dict[str, Any]]]:
    """What the usual program declares: the drawn resources that azure-native knows, in an order that works."""
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.blueprint.azure.draw import draw_azure

    workspace = Workspace(root=ROOT, state=ROOT / ".modelyard")
    graphs = {name: draw_azure(load_environment(workspace, name)).graph for name in NAMES}
    return {
        name: [
            {"key": one.key, "kind": one.kind, "properties": _plain(one.properties), "after": list(graph.needs(one))}
            for one in graph.ordered
            if not one.kind.startswith("modelyard:")
        ]
        for name, graph in graphs.items()
    }


def _plain(value: Any) -> Any:
    from modelyard_infra.blueprint.graph import Joined, Ref

    if isinstance(value, Ref):
        return {"$ref": value.resource, "$output": value.output}
    if isinstance(value, Joined):
        return {"$joined": [_plain(part) for part in value.parts]}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _preview(name: str, work: Path, resources: Path, keys: list[str], env: Mapping[str, str]) -> Sample:
    """One preview of the usual program; what it would make must be what ours drew."""
    wrapper = str(work / "state" / "bin" / "pulumi-simulated")
    naive = {**env, "NAIVE_RESOURCES": str(resources)}
    stack = ["-s", name, "--non-interactive"]
    if name not in run([wrapper, "stack", "ls", "--json"], env=naive, cwd=NAIVE).out:
        run([wrapper, "stack", "init", name, "--no-select", "--non-interactive"], env=naive, cwd=NAIVE)
    ended = run([wrapper, "preview", "--json", *stack], env=naive, cwd=NAIVE)
    urns = [step["urn"] for step in json.loads(ended.out)["steps"] if step["op"] == "create"]
    found = {urn.rpartition("::")[2] for urn in urns if "azure-native:" in urn}
    folders = {key for key in keys if key.startswith("lake-folder-")}
    if found != set(keys) - folders:
        odd = sorted(found ^ (set(keys) - folders))
        raise DifferentOutcomeError(f"the two sides declare different resources in {name}: {', '.join(odd[:5])}")
    return ended.sample


def _own_preview(name: str, env: Mapping[str, str], runs: int) -> Figure:
    """A whole `modelyard infra preview`: program, engine, simulated Azure, policies, cost estimate."""
    command = [str(Path(sys.executable).with_name("modelyard")), "infra", "preview", name, "--simulate"]
    samples = [run(command, env=env).sample for _ in range(runs)]
    facts = {"peak memory, with engine and plugins": f"{max(one.peak_mb for one in samples):.0f} MiB"}
    what = f"modelyard infra preview {name} --simulate, from a cold process"
    return timed(f"preview-{name}", what, samples, limit=PREVIEW_SECONDS, facts=facts)
