"""What Pulumi's engine needs around it: its state, its passphrase, its variables, and a wrapper that sets them.

State is Pulumi's own, in a file backend under the workspace's state folder. Everything that the CLI must know comes
from `environment_variables`, so the wrapper, the Automation API and a shell that takes the variables over see one
and the same stack.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from modelyard.environment.stack_outputs import PROJECT, checkpoint_file
from modelyard.environment.workspace import ROOT_VARIABLE, STATE_VARIABLE, Workspace
from modelyard.errors import ConfigurationError, ProvisioningFailedError
from modelyard_infra.blueprint.draw import interpreter
from modelyard_infra.toolchain import PulumiCli

PASSPHRASE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name
STACK = "local"
"""The stack that lives in the file backend: the one of the environment on this machine."""


def state_folder(workspace: Workspace) -> Path:
    """The folder of Pulumi's file backend."""
    return workspace.state / "pulumi"


def passphrase_file(workspace: Workspace) -> Path:
    """The file whose content encrypts secrets in the state. Only its owner can read it."""
    return state_folder(workspace) / "passphrase"


def environment_variables(workspace: Workspace) -> dict[str, str]:
    """What a Pulumi CLI of any origin must have in its environment to work on this workspace's local stack."""
    return {
        "PULUMI_BACKEND_URL": f"file://{quote(str(state_folder(workspace)))}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file(workspace)),
        # The salt of the passphrase belongs to the state, not to the checkout: two states of one checkout differ.
        "PULUMI_OPTION_CONFIG_FILE": str(_settings_folder(workspace) / f"Pulumi.{STACK}.yaml"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "MODELYARD_PYTHON": interpreter(),
        ROOT_VARIABLE: str(workspace.root),
        STATE_VARIABLE: str(workspace.state),
    }


def prepare(workspace: Workspace, cli: PulumiCli) -> Path:
    """Makes what the engine needs, if it is not there, and returns the wrapper `<state>/bin/pulumi`.

    Raises:
        ConfigurationError: there is a stack but its passphrase is gone.
    """
    state_folder(workspace).mkdir(parents=True, exist_ok=True)
    _keep_passphrase(workspace)
    _keep_stack(workspace, cli)
    wrapper = workspace.state / "bin" / "pulumi"
    _write(wrapper, _script(workspace, cli), mode=0o755)
    return wrapper


def _keep_passphrase(workspace: Workspace) -> None:
    file = passphrase_file(workspace)
    if file.exists():
        return
    if list((state_folder(workspace) / ".pulumi" / "stacks").glob("*/*.json")):
        raise ConfigurationError(
            f"the passphrase of Pulumi's state is gone: there is no {file}",
            hint=f"bring it back from a copy; or, if nothing is provisioned, remove {state_folder(workspace)}",
        )
    draft = file.with_name(f".passphrase-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_urlsafe(32))
    try:
        # A link, unlike a rename, does not replace: of two processes that start together one wins for both.
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _keep_stack(workspace: Workspace, cli: PulumiCli) -> None:
    """Makes the stack if there is none, so that a plain `pulumi up -s local` finds it.

    `pulumi stack init` writes the passphrase's salt beside the nearest Pulumi.yaml and cannot be told otherwise. So it
    runs in a folder of the state, and infra/ stays as it is in git.
    """
    if checkpoint_file(workspace, STACK).exists():
        return
    folder = _settings_folder(workspace)
    _write(folder / "Pulumi.yaml", f"name: {PROJECT}\nruntime: python\n", mode=0o644)
    made = subprocess.run(
        [str(cli.path), "stack", "init", STACK, "--no-select", "--non-interactive"],
        cwd=folder,
        env=without_passphrase(os.environ) | environment_variables(workspace),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    # Another process may have been faster.
    if made.returncode != 0 and not checkpoint_file(workspace, STACK).exists():
        raise ProvisioningFailedError(
            f"Pulumi cannot keep its state in {state_folder(workspace)}: {made.stderr.strip()}",
            hint="put that right, then run the same command again",
        )


def without_passphrase(variables: Mapping[str, str]) -> dict[str, str]:
    """An environment without another project's passphrase, which would win over our file."""
    return {name: value for name, value in variables.items() if name != PASSPHRASE_VARIABLE}


def _settings_folder(workspace: Workspace) -> Path:
    return state_folder(workspace) / "settings"


def _script(workspace: Workspace, cli: PulumiCli) -> str:
    settings = [f"export {name}={shlex.quote(value)}" for name, value in environment_variables(workspace).items()]
    if not cli.has_language_host:
        settings.append(f'export PATH={shlex.quote(str(workspace.infra / "languages"))}:"$PATH"')
    lines = [
        "#!/bin/sh",
        "# Written by Modelyard. Runs the Pulumi CLI on this workspace's own state.",
        "# The same variables for your shell: python -m modelyard_infra.engine",
        f"unset {PASSPHRASE_VARIABLE}",
        *settings,
        f'exec {shlex.quote(str(cli.path))} "$@"',
    ]
    return "\n".join(lines) + "\n"


def _write(file: Path, text: str, *, mode: int) -> None:
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}-{os.getpid()}")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(file)


def main() -> None:
    """Prints the variables for `eval "$(python -m modelyard_infra.engine)"`."""
    for name, value in environment_variables(Workspace.find()).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


if __name__ == "__main__":
    main()
