"""The state of one stack, read and edited: what a killed or cut-off engine left open, and what it protects.

Azure's provider refuses to create what exists already, so a creation whose outcome nobody knows (the engine was
killed, the answer got lost) would block every later update. Its id is known beforehand, though. It is written into
the state as if it had been created; the refresh with which every update begins then finds it, or finds nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.engine.homes import StackHome

Entry = dict[str, Any]
"""A resource in the state, in Pulumi's own words (sdk/go/common/apitype, ResourceV3)."""
Identify = Callable[[Mapping[str, Any]], str | None]
"""Tells the id that a resource has if it exists; None where that cannot be known."""

CREATING = "creating"
LOCK_TYPE = "azure-native:authorization:ManagementLockByScope"
CHECKPOINT_VERSION = 3


@dataclass(frozen=True, slots=True)
class StackState:
    """The state of one stack at its home."""

    home: StackHome
    stack: str
    cli: Path

    def read(self) -> dict[str, Any]:
        """The latest deployment; empty where there is no stack."""
        return self.home.checkpoint(self.stack, cli=self.cli)

    def write(self, deployment: Mapping[str, Any]) -> None:
        """Puts a deployment in the place of the latest one. Pulumi keeps a copy of that.

        Raises:
            ProvisioningFailedError: Pulumi refuses it.
        """
        document = json.dumps({"version": CHECKPOINT_VERSION, "deployment": deployment})
        answer = subprocess.run(
            [str(self.cli), "stack", "import", "--stack", self.stack, "--non-interactive"],
            cwd=self.home.workspace.infra,
            env=self.home.environment_variables(self.stack),
            input=document,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise ProvisioningFailedError(
                f"the state of environment {self.stack} could not be repaired: {answer.stderr.strip()}",
                hint=f"look at what is left open: {self.home.wrapper} stack export -s {self.stack}",
            )


def pending_creates(deployment: Mapping[str, Any]) -> list[Entry]:
    """Resources that an engine was creating when it was killed: nobody knows whether they exist."""
    operations = deployment.get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation.get("type") == CREATING]


def protected_keys(deployment: Mapping[str, Any]) -> list[str]:
    """Keys of the resources that hold data, in the order of the state."""
    return [key_of(entry["urn"]) for entry in _resources(deployment) if entry.get("protect")]


def locks_in(deployment: Mapping[str, Any]) -> list[str]:
    """URNs of the locks that keep Azure from deleting anything."""
    return [entry["urn"] for entry in _resources(deployment) if entry.get("type") == LOCK_TYPE]


def key_of(urn: str) -> str:
    """A resource's key: the last part of its URN."""
    return urn.split("::", 3)[-1]


def with_adopted(deployment: Mapping[str, Any], entries: Iterable[Entry], identify: Identify) -> dict[str, Any]:
    """The deployment without pending creations, and with those resources in it whose outcome is unknown.

    Args:
        deployment: the state.
        entries: resources whose creation began and whose outcome nobody knows.
        identify: tells their ids.
    """
    kept = [one for one in deployment.get("pending_operations") or [] if one.get("type") != CREATING]
    known = {entry["urn"] for entry in _resources(deployment) if not entry.get("delete")}
    adopted = []
    for entry in entries:
        identity = identify(entry)
        if identity is not None and entry["urn"] not in known:
            # No outputs: whoever listens to the refresh knows by that, that nothing was seen of it so far.
            adopted.append({**entry, "id": identity, "outputs": {}})
    return {**deployment, "pending_operations": kept, "resources": [*_resources(deployment), *adopted]}


def with_protection(deployment: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The deployment with the named resources protected."""
    return _protecting(deployment, keys, protect=True)


def without_protection(deployment: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The deployment with the named resources unprotected."""
    return _protecting(deployment, keys, protect=False)


def _protecting(deployment: Mapping[str, Any], keys: Collection[str], *, protect: bool) -> dict[str, Any]:
    def settled(entry: Entry) -> Entry:
        named = entry.get("custom") and key_of(entry["urn"]) in keys
        return {**entry, "protect": protect} if named and bool(entry.get("protect")) != protect else entry

    return {**deployment, "resources": [settled(entry) for entry in _resources(deployment)]}


def _resources(deployment: Mapping[str, Any]) -> list[Entry]:
    return list(deployment.get("resources") or [])
