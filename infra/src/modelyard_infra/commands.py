"""`modelyard infra`: provisions an environment, looks at it, takes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from modelyard_infra.results import StackResult
    from modelyard_infra.stacks import Operation


@click.group()
def infra() -> None:
    """Infrastructure: preview, up, refresh, outputs, down."""


@infra.command()
@environment_argument
@format_option
def preview(environment_name: str, output_format: str) -> None:
    """Show what `up` would do to ENV. Changes nothing."""
    _show(_run("preview", environment_name, lambda operation: operation.preview()), output_format)


@infra.command()
@environment_argument
@format_option
def up(environment_name: str, output_format: str) -> None:
    """Make ENV exist and run as its file says; repair what has broken."""
    _show(_run("up", environment_name, lambda operation: operation.up()), output_format)


@infra.command()
@environment_argument
@format_option
def refresh(environment_name: str, output_format: str) -> None:
    """Find out what was changed in ENV behind the stack's back. Repairs nothing."""
    _show(_run("refresh", environment_name, lambda operation: operation.refresh()), output_format)


@infra.command()
@environment_argument
@format_option
def outputs(environment_name: str, output_format: str) -> None:
    """Show what the stack of ENV gives to the platform."""
    from modelyard.environment.stack_outputs import read_outputs
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.showing import outputs_text

    found = read_outputs(Workspace.find(), environment_name)
    emit(found, lambda: outputs_text(found), output_format)


@infra.command()
@environment_argument
@format_option
@click.option("--with-data", is_flag=True, help="Remove the lake, the model registry, bundles and logs too.")
@click.option("--yes", is_flag=True, help="Don't ask before data is removed.")
def down(environment_name: str, output_format: str, *, with_data: bool, yes: bool) -> None:
    """Destroy ENV. No process is left; data is kept unless --with-data."""
    if with_data and not yes:
        question = f"Remove all data of environment {environment_name}: the lake, the model registry, bundles?"
        click.confirm(question, abort=True, err=True)
    _show(_run("down", environment_name, lambda operation: operation.down(with_data=with_data)), output_format)


def _run(action: str, environment_name: str, work: Callable[[Operation], StackResult]) -> StackResult:
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.stacks import Operation

    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    with step(f"infra {action} {environment_name}") as note:
        return work(Operation(workspace, environment, on_event=note))


def _show(result: StackResult, output_format: str) -> None:
    from modelyard_infra.showing import result_text

    emit(result, lambda: result_text(result), output_format)
