"""All environments rendered twice: as Pulumi registers them, and as Terraform JSON read back from disk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import AzureBlueprint, draw_azure
from modelyard_infra.terraform.rendering import Rendering, write_terraform

REGISTERS = """
import asyncio, json, sys
import pulumi
from pulumi.runtime.stack import run_pulumi_func
from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.azure.declaring import declare_azure
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import refs_in

class Answering(pulumi.runtime.Mocks):
    def __init__(self, blueprint):
        self.registered = []
        self.outputs = {}
        for resource in blueprint.graph:
            for ref in [*resource.references, *refs_in(blueprint.connections)]:
                self.outputs.setdefault(ref.resource, set()).add(ref.output)

    def new_resource(self, args):
        if args.typ.startswith("azure-native:") or args.typ == "modelyard:azure:LakeFolder":
            self.registered.append({"key": args.name, "type": args.typ, "inputs": args.inputs})
        state = json.loads(json.dumps(args.inputs))
        for path in self.outputs.get(args.name, ()):
            *above, last = path.split(".")
            inside = state
            for name in above:
                inside = inside.setdefault(name, {})
            inside[last] = f"<{args.name}.{path}>"
        return f"<{args.name}.id>", state

    def call(self, args):
        return {}

blueprint = draw_azure(load_environment(Workspace.find(), sys.argv[1]))
answering = Answering(blueprint)
asyncio.set_event_loop(asyncio.new_event_loop())
pulumi.runtime.set_mocks(answering, project="modelyard", stack=sys.argv[1], preview=False)
asyncio.get_event_loop().run_until_complete(run_pulumi_func(lambda: declare_azure(blueprint)))
json.dump(answering.registered, sys.stdout)
"""


@pytest.fixture(scope="session")
def blueprints() -> Mapping[str, AzureBlueprint]:
    workspace = Workspace.find()
    return {name: draw_azure(load_environment(workspace, name)) for name in ("dev", "test", "prod")}


@pytest.fixture(scope="session")
def renderings(
    blueprints: Mapping[str, AzureBlueprint], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Rendering]:
    out: Path = tmp_path_factory.mktemp("terraform")
    return {name: write_terraform(blueprint, out / name) for name, blueprint in blueprints.items()}


@pytest.fixture(scope="session")
def registered(blueprints: Mapping[str, AzureBlueprint]) -> Mapping[str, list[dict[str, Any]]]:
    """What Pulumi's SDK sends to its engine, in a process of its own: the SDK keeps what it registers for good."""
    found = {}
    for name in blueprints:
        ended = subprocess.run([sys.executable, "-c", REGISTERS, name], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        found[name] = json.loads(ended.stdout)
    return found
