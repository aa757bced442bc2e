"""Reads what a stack gives back, straight from the file backend: no Pulumi, no CLI, a few milliseconds.

The file is the checkpoint that Pulumi's file backend keeps, so it is the same whether `pulumi up` or
`modelyard infra up` wrote it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.environment.connections import STACK_OUTPUT, Connections
from modelyard.environment.workspace import Workspace
from modelyard.errors import NotProvisionedError

PROJECT = "modelyard"
"""The name in infra/Pulumi.yaml, under which the backend keeps its stacks."""
STACK_TYPE = "pulumi:pulumi:Stack"


def checkpoint_file(workspace: Workspace, environment_name: str) -> Path:
    """Where the file backend keeps the stack of an environment."""
    return workspace.state / "pulumi" / ".pulumi" / "stacks" / PROJECT / f"{environment_name}.json"


def read_checkpoint(workspace: Workspace, environment_name: str) -> dict[str, Any] | None:
    """The latest deployment of a stack (resources, pending operations), or None if there is no stack.

    Raises:
        NotProvisionedError: the file is there but is no checkpoint of Pulumi.
    """
    file = checkpoint_file(workspace, environment_name)
    try:
        latest = json.loads(file.read_bytes())["checkpoint"]["latest"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise NotProvisionedError(
            f"the state of environment {environment_name} cannot be read: {file} is no checkpoint of Pulumi",
            hint=f"bring back the latest copy that Pulumi made, in {_backups(workspace, environment_name)}",
        ) from error
    return latest if isinstance(latest, dict) else {}


def read_outputs(workspace: Workspace, environment_name: str) -> dict[str, Any]:
    """All outputs of an environment's stack.

    Raises:
        NotProvisionedError: there is no stack, or it has no outputs yet.
    """
    checkpoint = read_checkpoint(workspace, environment_name) or {}
    for resource in checkpoint.get("resources") or []:
        if resource.get("type") == STACK_TYPE and resource.get("outputs"):
            return dict(resource["outputs"])
    raise NotProvisionedError(
        f"environment {environment_name} is not provisioned: its stack has no outputs",
        hint=f"modelyard infra up {environment_name}",
    )


def read_connections(workspace: Workspace, environment_name: str) -> Connections:
    """What the platform opens an environment with.

    Raises:
        NotProvisionedError: there is no stack, or an earlier version of Modelyard provisioned it.
    """
    found = read_outputs(workspace, environment_name).get(STACK_OUTPUT)
    try:
        return Connections.model_validate(found)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(str(part) for part in entry["loc"]) or "all" for entry in error.errors()}))
        raise NotProvisionedError(
            f"the stack of environment {environment_name} gives connections that this version does not understand: "
            f"{wrong}",
            hint=f"modelyard infra up {environment_name}",
        ) from error


def _backups(workspace: Workspace, environment_name: str) -> Path:
    return workspace.state / "pulumi" / ".pulumi" / "backups" / PROJECT / environment_name
