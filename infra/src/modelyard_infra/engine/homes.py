"""Where stacks live: whose backend keeps their state, what encrypts their secrets, what a Pulumi CLI must be told.

local       the environment on this machine: a file backend in the workspace's state folder
simulated   rehearsals of the environments in Azure: a file backend of its own, and a simulated Azure beside it
azure       the environments in Azure: a blob container and a key of their state account
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelyard.environment.models import Environment
from modelyard.environment.stack_outputs import SIMULATED, read_checkpoint
from modelyard.environment.workspace import ROOT_VARIABLE, STATE_VARIABLE, Workspace
from modelyard.errors import ProvisioningFailedError
from modelyard_infra.blueprint.draw import interpreter
from modelyard_infra.engine.signing_in import ACCOUNT_KEYS, SignIn, sign_in, with_fresh_token

LOCAL_STACKS = ("local",)
AZURE_STACKS = ("dev", "test", "prod")
NO_STACK = "no stack named"
"""How the Pulumi CLI says that there is none."""
PASSPHRASE = "passphrase"  # noqa: S105 - the name of Pulumi's secrets provider
PASSPHRASE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name
SIMULATED_AZURE_VARIABLE = "MODELYARD_SIMULATED_AZURE"
"""Names the file of the simulated Azure. Where it is set, no provider speaks to the real one."""


@dataclass(frozen=True, slots=True)
class StackHome:
    """A place where stacks live."""

    workspace: Workspace
    stacks: tuple[str, ...]
    """The stacks that live here; each is called like its environment."""
    backend_url: str
    """Where Pulumi keeps their state."""
    secrets_provider: str
    """What encrypts secrets in the state: `passphrase`, or the address of a key."""
    settings: Path
    """The folder of Pulumi.<stack>.yaml: what Pulumi must know to decrypt, and the stack's configuration."""
    wrapper: Path
    """An executable that runs the Pulumi CLI on these stacks."""
    folder: Path | None = None
    """The file backend's folder; None where the state is elsewhere."""
    simulated_azure: Path | None = None
    """The file of the simulated Azure; None where there is none."""
    first_on_path: tuple[Path, ...] = field(default=())
    """Folders whose plugins win over all others."""
    tenant_id: str = ""
    """The tenant in Azure; empty where nobody signs in to one."""
    subscription_id: str = ""
    """The subscription in Azure; empty where there is none."""

    @property
    def passphrase_file(self) -> Path:
        """The file whose content encrypts secrets in the state. Only its owner can read it.

        Raises:
            ValueError: no passphrase encrypts here.
        """
        if self.folder is None:
            raise ValueError(f"secrets in {self.backend_url} are not encrypted with a passphrase")
        return self.folder / "passphrase"

    def settings_file(self, stack: str) -> Path:
        """Pulumi's own settings of a stack."""
        return self.settings / f"Pulumi.{stack}.yaml"

    def variables(self, stack: str) -> dict[str, str]:
        """What a Pulumi CLI of any origin must have in its environment to work on a stack that lives here."""
        found = {
            "PULUMI_BACKEND_URL": self.backend_url,
            # The salt of the passphrase belongs to the state, not to the checkout: two states of one checkout differ.
            "PULUMI_OPTION_CONFIG_FILE": str(self.settings_file(stack)),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "MODELYARD_PYTHON": interpreter(),
            ROOT_VARIABLE: str(self.workspace.root),
            STATE_VARIABLE: str(self.workspace.state),
        }
        if self.folder is not None:
            found["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self.passphrase_file)
        # Where it is empty, our own provider speaks to the real Azure, whatever the user's shell says.
        found[SIMULATED_AZURE_VARIABLE] = str(self.simulated_azure or "")
        if self.simulated_azure is not None:
            # Were it true, the engine would pass over the simulator and take the real provider.
            found["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "false"
        return found

    def environment_variables(self, stack: str, around: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The whole environment of a CLI: what is around it, without what belongs to other stacks, and ours.

        Raises:
            ConfigurationError: somebody would sign in to Azure with a secret, or to another tenant.
        """
        kept = {name: value for name, value in around.items() if name not in FOREIGN}
        path = os.pathsep.join([*(str(folder) for folder in self.first_on_path), kept.get("PATH", os.defpath)])
        found = self.signed_in(around)
        if found is None:
            return {**kept, "PATH": path, **self.variables(stack)}
        mine = {name: value for name, value in kept.items() if name not in ACCOUNT_KEYS}
        return {**mine, "PATH": path, **self.variables(stack), **found.state}

    def provider_variables(self, around: Mapping[str, str] = os.environ) -> dict[str, str]:
        """What the engine's providers must have beside that, to sign in to Azure. A token may be in it.

        Raises:
            ServiceUnavailableError: a pipeline gives no token.
        """
        found = self.signed_in(around)
        return {} if found is None else with_fresh_token(found)

    def signed_in(self, around: Mapping[str, str] = os.environ) -> SignIn | None:
        """How one signs in to Azure; None where nobody does."""
        if not self.tenant_id:
            return None
        return sign_in(around, tenant_id=self.tenant_id, subscription_id=self.subscription_id)

    def checkpoint(self, stack: str, *, cli: Path) -> dict[str, Any]:
        """The latest state of a stack; empty where there is none.

        Raises:
            NotProvisionedError: a file backend's state cannot be read.
            ProvisioningFailedError: a backend in Azure does not answer. That is no empty state: what was released
                there would be taken away.
        """
        if self.folder is not None:
            return read_checkpoint(self.workspace, stack, simulated=self.simulated_azure is not None) or {}
        answer = subprocess.run(
            [str(cli), "stack", "export", "--stack", stack],
            cwd=self.workspace.infra,
            env=self.environment_variables(stack),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            return dict(json.loads(answer.stdout).get("deployment") or {})
        if NO_STACK in answer.stderr:
            return {}
        raise self.unreachable(stack, answer.stderr)

    def unreachable(self, stack: str, said: str) -> ProvisioningFailedError:
        """The error to raise when the backend does not answer.

        Args:
            stack: the stack, and so the environment.
            said: what the Pulumi CLI complained about.
        """
        words = [line.removeprefix("error:").strip() for line in said.splitlines() if line.strip()]
        return ProvisioningFailedError(
            f"the state of environment {stack} cannot be reached at {self.backend_url}: {' '.join(words)}",
            hint=f"sign in with: az login; if the state account was never made: modelyard infra bootstrap {stack}",
        )


FOREIGN = frozenset(
    {PASSPHRASE_VARIABLE, "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", SIMULATED_AZURE_VARIABLE, "PULUMI_CONFIG"}
)
"""Variables of another project's stacks. A passphrase of theirs would win over our file."""


def local_home(workspace: Workspace) -> StackHome:
    """The home of the environment on this machine."""
    folder = workspace.state / "pulumi"
    return StackHome(
        workspace=workspace,
        stacks=LOCAL_STACKS,
        backend_url=_file_url(folder),
        secrets_provider=PASSPHRASE,
        settings=folder / "settings",
        wrapper=workspace.state / "bin" / "pulumi",
        folder=folder,
    )


def simulated_home(workspace: Workspace) -> StackHome:
    """The home of rehearsals. All environments share one simulated Azure, so that clashes of names are seen."""
    place = workspace.state / SIMULATED
    folder = place / "pulumi"
    return StackHome(
        workspace=workspace,
        stacks=AZURE_STACKS,
        backend_url=_file_url(folder),
        secrets_provider=PASSPHRASE,
        settings=folder / "settings",
        wrapper=workspace.state / "bin" / "pulumi-simulated",
        folder=folder,
        simulated_azure=place / "azure.db",
        first_on_path=(workspace.infra / "simulator",),
    )


def azure_home(workspace: Workspace, environment: Environment) -> StackHome:
    """The home of an environment in Azure: its own state account, and a key of its own vault.

    Pulumi's settings stand in infra/ and belong into git: they hold the stack's key, encrypted with the vault's.
    """
    from modelyard_infra.bootstrap.state import state_home

    state = state_home(environment)
    return StackHome(
        workspace=workspace,
        stacks=(environment.name,),
        backend_url=state.backend_url,
        secrets_provider=state.secrets_provider,
        settings=workspace.infra,
        wrapper=workspace.state / "bin" / "pulumi",
        tenant_id=environment.azure.tenant_id if environment.azure else "",
        subscription_id=state.subscription_id,
    )


def home_of(workspace: Workspace, environment: Environment, *, simulate: bool = False) -> StackHome:
    """Where an environment's stack lives."""
    if environment.kind == "local":
        return local_home(workspace)
    return simulated_home(workspace) if simulate else azure_home(workspace, environment)


def _file_url(folder: Path) -> str:
    return f"file://{quote(str(folder))}"
