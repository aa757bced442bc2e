"""`modelyard infra`: provisions an environment, looks at it, takes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, step
from modelyard_infra.bootstrap.command import bootstrap
from modelyard_infra.checkov.command import checkov
from modelyard_infra.terraform.command import terraform

if TYPE_CHECKING:
    from collections.abc import Callable

    from modelyard_infra.stacks.operation import Operation
    from modelyard_infra.stacks.results import StackResult

simulate_option = click.option("--simulate", is_flag=True, help="Rehearse an Azure environment without a subscription.")
replace_option = click.option(
    "--replace",
    "replaced",
    metavar="KEY",
    multiple=True,
    help="KEY holds data and may be replaced or removed all the same. May be given several times.",
)


@click.group()
def infra() -> None:
    """Infrastructure: preview, up, refresh, outputs, down; bootstrap, terraform, checkov."""


for command in (bootstrap, terraform, checkov):
    infra.add_command(command)


@infra.command()
@environment_argument
@format_option
@simulate_option
@replace_option
def preview(environment_name: str, output_format: str, *, simulate: bool, replaced: tuple[str, ...]) -> None:
    """Show what `up` would do to ENV, and what ENV costs a month. Changes nothing."""
    result = _run(
        "preview", environment_name, lambda operation: operation.preview(), simulate=simulate, replaced=replaced
    )
    _show(result, output_format)
    _refuse(result)


@infra.command()
@environment_argument
@format_option
@simulate_option
@replace_option
def up(environment_name: str, output_format: str, *, simulate: bool, replaced: tuple[str, ...]) -> None:
    """Make ENV exist and run as its file says; repair what has broken."""
    result = _run("up", environment_name, lambda operation: operation.up(), simulate=simulate, replaced=replaced)
    _show(result, output_format)


@infra.command()
@environment_argument
@format_option
@simulate_option
def refresh(environment_name: str, output_format: str, *, simulate: bool) -> None:
    """Find out what was changed in ENV behind the stack's back. Repairs nothing."""
    result = _run("refresh", environment_name, lambda operation: operation.refresh(), simulate=simulate)
    _show(result, output_format)


@infra.command()
@environment_argument
@format_option
@simulate_option
def outputs(environment_name: str, output_format: str, *, simulate: bool) -> None:
    """Show what the stack of ENV gives to the platform."""
    from modelyard.environment.loading import load_environment
    from modelyard.environment.stack_outputs import read_outputs
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.stacks.showing import outputs_text

    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    found = read_outputs(workspace, environment_name, simulated=simulate and environment.kind == "azure")
    emit(found, lambda: outputs_text(found), output_format)


@infra.command()
@environment_argument
@format_option
@simulate_option
@click.option("--with-data", is_flag=True, help="Remove the lake, the model registry, bundles and logs too.")
@click.option("--yes", is_flag=True, help="Don't ask before data is removed.")
def down(environment_name: str, output_format: str, *, simulate: bool, with_data: bool, yes: bool) -> None:
    """Destroy ENV. Data is never removed without --with-data: here it is kept, in Azure ENV is left as it is."""
    if with_data and not yes:
        question = f"Remove all data of environment {environment_name}: the lake, the model registry, bundles?"
        click.confirm(question, abort=True, err=True)
    result = _run("down", environment_name, lambda operation: operation.down(with_data=with_data), simulate=simulate)
    _show(result, output_format)


def _run(
    action: str,
    environment_name: str,
    work: Callable[[Operation], StackResult],
    *,
    simulate: bool,
    replaced: tuple[str, ...] = (),
) -> StackResult:
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.stacks.operation import Operation

    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    # There is nothing to rehearse on this machine: it costs nothing and touches nobody.
    rehearsed = simulate and environment.kind == "azure"
    with step(f"infra {action} {environment_name}") as note:
        return work(Operation(workspace, environment, on_event=note, simulate=rehearsed, replace=replaced))


def _show(result: StackResult, output_format: str) -> None:
    from modelyard_infra.stacks.showing import result_text

    emit(result, lambda: result_text(result), output_format)


def _refuse(result: StackResult) -> None:
    """Says, after the plan was shown, that `up` would not follow it."""
    if not result.refused:
        return
    from modelyard.errors import ProvisioningFailedError

    acknowledged = "".join(f" --replace {key}" for key in result.refused)
    raise ProvisioningFailedError(
        f"environment {result.environment}: what holds data would be replaced or removed: {', '.join(result.refused)}",
        hint=f"if the data may be lost: {result.command('up')}{acknowledged}",
    )
