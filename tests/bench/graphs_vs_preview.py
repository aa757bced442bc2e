"""Drawing and checking dev, test and prod against three `pulumi preview` of a program with the usual imports."""

from __future__ import annotations

import json
import os
import shutil
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
    env = environment(MODELYARD_STATE=str(work / "state"), NO_COLOR="1")
    naive = _naive_home(work)
    ours: list[Sample] = []
    peer: list[Sample] = []
    rules = 0
    for turn in range(runs + 1):
        drawn = run([sys.executable, str(HERE / "draw_and_check.py")], env=env)
        said = json.loads(drawn.out)
        previews = [_preview(name, work / "program", naive, said[name]["resources"]) for name in NAMES]
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


def _naive_home(work: Path) -> dict[str, str]:
    """Surroundings of the usual program: a file backend of its own, the same CLI, the same simulated Azure."""
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.toolchain import ensure_pulumi

    resources = work / "resources.json"
    resources.write_text(json.dumps(_resources()), encoding="utf-8")
    backend = work / "naive"
    backend.mkdir()
    # Pulumi writes a stack's settings beside its Pulumi.yaml.
    shutil.copytree(NAIVE, work / "program")
    cli = ensure_pulumi(Workspace(root=ROOT, state=ROOT / ".modelyard"), say=say).path
    folders = [str(cli.parent), str(ROOT / "infra" / "simulator"), str(ROOT / "infra" / "languages")]
    return environment(
        PATH=os.pathsep.join([*folders, os.environ["PATH"]]),
        PULUMI_BACKEND_URL=f"file://{backend}",
        PULUMI_CONFIG_PASSPHRASE="",
        PULUMI_SKIP_UPDATE_CHECK="true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true",
        MODELYARD_PYTHON=sys.executable,
        MODELYARD_SIMULATED_AZURE=str(work / "naive-azure.db"),
        NAIVE_RESOURCES=str(resources),
    )


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


def _preview(name: str, program: Path, env: Mapping[str, str], keys: list[str]) -> Sample:
    """One preview of the usual program; what it would make must be what ours drew."""
    if name not in run(["pulumi", "stack", "ls", "--json"], env=env, cwd=program).out:
        run(["pulumi", "stack", "init", name, "--no-select", "--non-interactive"], env=env, cwd=program)
    ended = run(["pulumi", "preview", "--json", "-s", name, "--non-interactive"], env=env, cwd=program)
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
