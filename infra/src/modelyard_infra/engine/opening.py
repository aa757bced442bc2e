"""Opens a stack over the Automation API, without the questions that the API asks the CLI again and again.

Each question is a process of a quarter of a second or more. The CLI's version is known since it was found. The stack
exists since `engine.prepare`, and every command names it, so it need not be selected (which would also write to the
user's ~/.pulumi). What happened is known from the engine's events, and outputs are read from the state.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi.automation import LocalWorkspace, OutputMap, PulumiCommand, Stack, UpdateSummary
from pulumi.automation._stack import StackInitMode
from semver import VersionInfo

from modelyard_infra.engine.homes import PASSPHRASE_VARIABLE

if TYPE_CHECKING:
    from modelyard_infra.engine.homes import StackHome
    from modelyard_infra.toolchain import PulumiCli


def open_stack(
    home: StackHome, name: str, *, cli: PulumiCli, program: Callable[[], None], options: Mapping[str, str] | None = None
) -> Stack:
    """The stack of an environment, ready for an operation.

    Args:
        home: where the stack lives.
        name: the stack's and the environment's name; the stack must exist.
        cli: the CLI that does the work.
        program: what the engine runs, in this process.
        options: variables beyond those of the home, PULUMI_OPTION_* among them.
    """
    variables = {**home.environment_variables(name), **home.provider_variables(), **(options or {})}
    if PASSPHRASE_VARIABLE in os.environ:
        # It would win over the file, and belongs to somebody else's stack.
        variables[PASSPHRASE_VARIABLE] = "" if home.folder is None else home.passphrase_file.read_text()
    workspace = _QuietWorkspace(
        work_dir=str(home.workspace.infra), program=program, env_vars=variables, pulumi_command=_KnownCommand(cli)
    )
    return _QuietStack(name, workspace, StackInitMode.SELECT)


class _QuietStack(Stack):
    """A stack that does not ask for a summary of what the events have told already."""

    def info(self, show_secrets: bool = True) -> UpdateSummary:  # noqa: FBT001 - the API's own signature
        """A summary that says nothing."""
        del show_secrets
        now = datetime.now(UTC)
        return UpdateSummary("", now, "", {}, {}, "", version=None, end_time=now)


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
        """None: they are read from the state."""
        del stack_name
        return {}
