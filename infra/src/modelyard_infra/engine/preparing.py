"""What Pulumi's engine needs around it: its state, its passphrase, its variables, and a wrapper that sets them.

Everything that the CLI must know comes from the stack's home, so the wrapper, the Automation API and a shell that
takes the variables over see one and the same stack.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from modelyard.environment.stack_outputs import PROJECT, checkpoint_file
from modelyard.errors import ConfigurationError, ProvisioningFailedError
from modelyard_infra.engine import wrappers
from modelyard_infra.engine.homes import StackHome
from modelyard_infra.toolchain import PulumiCli

HAS_IT_ALREADY = "already exists"


def prepare(home: StackHome, cli: PulumiCli) -> Path:
    """Makes what the engine needs, if it is not there, and returns the wrapper of the home.

    Raises:
        ConfigurationError: there is a stack but its passphrase is gone.
        ProvisioningFailedError: the backend cannot be used.
    """
    if home.folder is None:
        _keep_settings(home, cli)
    else:
        home.folder.mkdir(parents=True, exist_ok=True)
        _keep_passphrase(home)
        wrappers.keep(home.settings / "Pulumi.yaml", f"name: {PROJECT}\nruntime: python\n", mode=0o644)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda stack: _keep_stack(home, stack, cli), home.stacks))
    wrappers.write(home, cli)
    return home.wrapper


def _keep_passphrase(home: StackHome) -> None:
    file = home.passphrase_file
    if file.exists():
        return
    if list((file.parent / ".pulumi" / "stacks").glob("*/*.json")):
        raise ConfigurationError(
            f"the passphrase of Pulumi's state is gone: there is no {file}",
            hint=f"bring it back from a copy; or, if nothing is provisioned, remove {file.parent}",
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


def _keep_stack(home: StackHome, stack: str, cli: PulumiCli) -> None:
    """Makes a stack if there is none, so that a plain `pulumi up -s STACK` finds it.

    `pulumi stack init` writes the passphrase's salt beside the nearest Pulumi.yaml and cannot be told otherwise. So it
    runs in a folder of the state, and infra/ stays as it is in git.
    """
    file = checkpoint_file(home.workspace, stack, simulated=home.simulated_azure is not None)
    if file.exists():
        return
    made = _init(home, stack, cli, folder=home.settings)
    # Another process may have been faster.
    if made.returncode != 0 and not file.exists():
        raise ProvisioningFailedError(
            f"Pulumi cannot keep its state in {home.folder}: {made.stderr.strip()}",
            hint="put that right, then run the same command again",
        )


def _keep_settings(home: StackHome, cli: PulumiCli) -> None:
    """Makes the stacks of a backend in Azure whose settings are not in infra/ yet."""
    for stack in home.stacks:
        if home.settings_file(stack).exists():
            continue
        made = _init(home, stack, cli, folder=home.workspace.infra)
        if made.returncode != 0 and HAS_IT_ALREADY not in made.stderr:
            raise home.unreachable(stack, made.stderr)


def _init(home: StackHome, stack: str, cli: PulumiCli, *, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(cli.path), "stack", "init", stack, "--no-select", "--non-interactive"),
            *("--secrets-provider", home.secrets_provider),
        ],
        cwd=folder,
        env=home.environment_variables(stack),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
