"""Opens a stack over the Automation API, without the questions that the API asks the CLI again and again.

Each question is a process of a quarter of a second or more. The CLI's version is known since it was found. The stack
exists since `engine.prepare`, and every command names it, so it need not be selected (which would also write to the
user's ~/.pulumi). Outputs are read from the checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi.automation import LocalWorkspace, OutputMap, PulumiCommand, Stack
from semver import VersionInfo

from modelyard_infra import engine

if TYPE_CHECKING:
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.toolchain import PulumiCli


def open_stack(workspace: Workspace, name: str, *, cli: PulumiCli, program: Callable[[], None]) -> Stack:
    """The stack of an environment, ready for an operation.

    Args:
        workspace: the checkout and its state.
        name: the stack's and the environment's name; the stack must exist.
        cli: the CLI that does the work.
        program: what the engine runs, in this process.
    """
    variables = engine.environment_variables(workspace)
    if engine.PASSPHRASE_VARIABLE in os.environ:
        # It would win over the file, and belongs to somebody else's stack.
        variables[engine.PASSPHRASE_VARIABLE] = engine.passphrase_file(workspace).read_text()
    return Stack.select(
        name,
        _QuietWorkspace(
            work_dir=str(workspace.infra), program=program, env_vars=variables, pulumi_command=_KnownCommand(cli)
        ),
    )


class _KnownCommand(PulumiCommand):
    """A CLI whose version needs no asking."""

    def __init__(self, cli: PulumiCli) -> None:
        self.command = str(cli.path)
        self.version = VersionInfo.parse(cli.version)


class _QuietWorkspace(LocalWorkspace):
    """A workspace that neither selects stacks nor asks for outputs."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing to do: every command names its stack."""
        del stack_name

    def stack_outputs(self, stack_name: str) -> OutputMap:
        """None: they are read from the checkpoint."""
        del stack_name
        return {}
