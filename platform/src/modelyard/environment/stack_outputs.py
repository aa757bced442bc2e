"""Reads what a stack gives back.

The environment on this machine, and rehearsals of those in Azure, live in file backends: their checkpoint is read
straight from the file, without Pulumi, in a few milliseconds. It is the same file whether `pulumi up` or
`modelyard infra up` wrote it. The state of an environment in Azure lives there: the Pulumi CLI is asked.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.environment.connections import STACK_OUTPUT, Connections
from modelyard.environment.workspace import Workspace
from modelyard.errors import NotProvisionedError

PROJECT = "modelyard"
"""The name in infra/Pulumi.yaml, under which the backend keeps its stacks."""
STACK_TYPE = "pulumi:pulumi:Stack"
LOCAL = "local"
"""The one environment whose stack lives on this machine."""
SIMULATED = "simulated"
"""The folder of the workspace's state that holds rehearsals of environments in Azure."""
ANSWER_SECONDS = 120
NOBODY_SIGNED_IN = "DefaultAzureCredential: failed to acquire a token"
"""What the Pulumi CLI says where nobody is signed in, nor the machine itself."""


def backend_folder(workspace: Workspace, *, simulated: bool = False) -> Path:
    """The folder of the file backend: the one of this machine, or the one of rehearsals."""
    return (workspace.state / SIMULATED if simulated else workspace.state) / "pulumi"


def checkpoint_file(workspace: Workspace, environment_name: str, *, simulated: bool = False) -> Path:
    """Where the file backend keeps the stack of an environment."""
    folder = backend_folder(workspace, simulated=simulated)
    return folder / ".pulumi" / "stacks" / PROJECT / f"{environment_name}.json"


def read_checkpoint(workspace: Workspace, environment_name: str, *, simulated: bool = False) -> dict[str, Any] | None:
    """The latest deployment of a stack (resources, pending operations), or None if there is no stack.

    Raises:
        NotProvisionedError: the file is there but is no checkpoint of Pulumi.
    """
    file = checkpoint_file(workspace, environment_name, simulated=simulated)
    try:
        latest = json.loads(file.read_bytes())["checkpoint"]["latest"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        copies = _backups(workspace, environment_name, simulated=simulated)
        raise NotProvisionedError(
            f"the state of environment {environment_name} cannot be read: {file} is no checkpoint of Pulumi",
            hint=f"bring back the latest copy that Pulumi made, in {copies}",
        ) from error
    return latest if isinstance(latest, dict) else {}


def read_outputs(workspace: Workspace, environment_name: str, *, simulated: bool = False) -> dict[str, Any]:
    """All outputs of an environment's stack.

    Args:
        workspace: the checkout and its state.
        environment_name: the environment, and so the stack.
        simulated: whether a rehearsal is meant rather than the environment itself.

    Raises:
        NotProvisionedError: there is no stack, or it has no outputs yet.
    """
    if environment_name != LOCAL and not simulated:
        return _asked(workspace, environment_name)
    checkpoint = read_checkpoint(workspace, environment_name, simulated=simulated) or {}
    for resource in checkpoint.get("resources") or []:
        if resource.get("type") == STACK_TYPE and resource.get("outputs"):
            return dict(resource["outputs"])
    raise _not_provisioned(environment_name, simulated=simulated)


def read_connections(workspace: Workspace, environment_name: str, *, simulated: bool = False) -> Connections:
    """What the platform opens an environment with.

    Args:
        workspace: the checkout and its state.
        environment_name: the environment, and so the stack.
        simulated: whether a rehearsal is meant rather than the environment itself.

    Raises:
        NotProvisionedError: there is no stack, or an earlier version of Modelyard provisioned it.
    """
    found = read_outputs(workspace, environment_name, simulated=simulated).get(STACK_OUTPUT)
    try:
        return Connections.model_validate(found)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(str(part) for part in entry["loc"]) or "all" for entry in error.errors()}))
        raise NotProvisionedError(
            f"the stack of environment {environment_name} gives connections that this version does not understand: "
            f"{wrong}",
            hint=_up(environment_name, simulated=simulated),
        ) from error


def _asked(workspace: Workspace, environment_name: str) -> dict[str, Any]:
    """Outputs of a stack whose state is in Azure. The wrapper knows where that is, and shows no secret."""
    command = [str(workspace.state / "bin" / "pulumi"), "stack", "output", "--json", "--stack", environment_name]
    try:
        answer = subprocess.run(
            command,
            cwd=workspace.infra,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    except FileNotFoundError as error:
        raise NotProvisionedError(
            f"the stack of environment {environment_name} cannot be asked: there is no Pulumi CLI yet",
            hint="make setup",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NotProvisionedError(
            f"the state of environment {environment_name} did not answer within {ANSWER_SECONDS} s",
            hint=f"modelyard doctor {environment_name}",
        ) from error
    try:
        found = json.loads(answer.stdout)
    except ValueError:
        found = None
    if answer.returncode != 0 or not found:
        raise _not_provisioned(environment_name, said=answer.stderr)
    return dict(found)


def _not_provisioned(environment_name: str, *, simulated: bool = False, said: str = "") -> NotProvisionedError:
    words = [line.removeprefix("error: ").strip() for line in said.splitlines() if line.startswith("error: ")]
    if NOBODY_SIGNED_IN in said:
        return NotProvisionedError(
            f"the stack of environment {environment_name} cannot be asked: its state is in Azure, "
            "and nobody is signed in there",
            hint="az login, then the same command again; "
            f"modelyard doctor {environment_name} says what else is missing",
        )
    why = f"Pulumi says: {words[-1]}" if words else "its stack has no outputs"
    return NotProvisionedError(
        f"environment {environment_name} is not provisioned: {why}", hint=_up(environment_name, simulated=simulated)
    )


def _up(environment_name: str, *, simulated: bool) -> str:
    return f"modelyard infra up {environment_name}{' --simulate' if simulated else ''}"


def _backups(workspace: Workspace, environment_name: str, *, simulated: bool) -> Path:
    return backend_folder(workspace, simulated=simulated) / ".pulumi" / "backups" / PROJECT / environment_name
