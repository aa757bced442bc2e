"""`modelyard infra`: provisions an environment, looks at it, takes it down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, step
from modelyard_infra.bootstrap.command import bootstrap
from modelyard_infra.checkov.command import checkov
from modelyard_infra.terraform.command import terraform

if TYPE_CHECKING:
    from modelyard.environment.models import Environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.stacks.operation import Operation
    from modelyard_infra.stacks.releases.moves import Order
    from modelyard_infra.stacks.results import StackResult

Command = Callable[..., Any]
WHOLE_TRAFFIC = 100
"""Percent."""

simulate_option = click.option("--simulate", is_flag=True, help="Rehearse an Azure environment without a subscription.")
replace_option = click.option(
    "--replace",
    "replaced",
    metavar="KEY",
    multiple=True,
    help="KEY holds data and may be replaced or removed all the same. May be given several times.",
)
releases_option = click.option(
    "--releases",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Release what DIR holds (`modelyard release build NAME --out DIR`), until something else is released.",
)
percent_option = click.option(
    "--percent",
    type=click.IntRange(1, WHOLE_TRAFFIC),
    default=WHOLE_TRAFFIC,
    show_default=True,
    help="Share of the requests that the releases get; 100 finishes.",
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the JSON document there, too."
)
back_option = click.option("--back", is_flag=True, help="Take these releases back, if they are tried or deployed.")


def releasing(command: Command) -> Command:
    """The options of commands that release."""
    for option in (back_option, percent_option, releases_option):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the options say of releases."""

    folder: Path | None
    percent: int
    back: bool

    def check(self) -> None:
        """Lets options pass that go together.

        Raises:
            UsageError: they do not.
        """
        if self.folder is None and (self.back or self.percent != WHOLE_TRAFFIC):
            raise click.UsageError("--percent and --back are about releases: name them with --releases DIR")
        if self.back and self.percent != WHOLE_TRAFFIC:
            raise click.UsageError("--back takes releases back altogether: leave --percent out")

    def read(self, environment: Environment, workspace: Workspace, *, simulate: bool) -> Order | None:
        """What is to be released; None where nothing is."""
        if self.folder is None:
            return None
        from modelyard_infra.stacks.releases.folder import read_releases
        from modelyard_infra.stacks.releases.moves import Order
        from modelyard_infra.stacks.releases.permitted import permit_any

        permit_any(environment)
        found = read_releases(self.folder, environment, workspace, simulate=simulate, back=self.back)
        return Order(found, self.percent, self.back)


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
@releasing
@out_option
def preview(
    environment_name: str,
    output_format: str,
    *,
    simulate: bool,
    replaced: tuple[str, ...],
    releases: Path | None,
    percent: int,
    back: bool,
    out: Path | None,
) -> None:
    """Show what `up` would do to ENV, and what ENV costs a month. Changes nothing."""
    order = Ordered(releases, percent, back)
    result = _run("preview", environment_name, _preview, simulate=simulate, replaced=replaced, order=order)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result.to_json(), indent=2, default=str) + "\n", encoding="utf-8")
    _show(result, output_format)
    _refuse(result)


@infra.command()
@environment_argument
@format_option
@simulate_option
@replace_option
@releasing
def up(
    environment_name: str,
    output_format: str,
    *,
    simulate: bool,
    replaced: tuple[str, ...],
    releases: Path | None,
    percent: int,
    back: bool,
) -> None:
    """Make ENV exist and run as its file says; repair what has broken."""
    order = Ordered(releases, percent, back)
    result = _run("up", environment_name, lambda one: one.up(), simulate=simulate, replaced=replaced, order=order)
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


def _preview(operation: Operation) -> StackResult:
    return operation.preview()


def _run(
    action: str,
    environment_name: str,
    work: Callable[[Operation], StackResult],
    *,
    simulate: bool,
    replaced: tuple[str, ...] = (),
    order: Ordered | None = None,
) -> StackResult:
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.stacks.operation import Operation

    if order is not None:
        order.check()
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    # There is nothing to rehearse on this machine: it costs nothing and touches nobody.
    rehearsed = simulate and environment.kind == "azure"
    asked = order.read(environment, workspace, simulate=rehearsed) if order else None
    with step(f"infra {action} {environment_name}") as note:
        return work(Operation(workspace, environment, note, simulate=rehearsed, replace=replaced, order=asked))


def _show(result: StackResult, output_format: str) -> None:
    from modelyard_infra.stacks.showing import result_text

    emit(result, lambda: result_text(result), output_format)


def _refuse(result: StackResult) -> None:
    """Says, after the plan was shown, that `up` would not follow it."""
    if not result.refusals:
        return
    from modelyard.errors import ProvisioningFailedError
    from modelyard_infra.admission import refusal_of

    refusal = refusal_of(result.findings, result.environment)
    if refusal is not None:
        raise refusal
    if not result.refused:
        return
    acknowledged = "".join(f" --replace {key}" for key in result.refused)
    raise ProvisioningFailedError(
        f"environment {result.environment}: what holds data would be replaced or removed: {', '.join(result.refused)}",
        hint=f"if the data may be lost: {result.command('up')}{acknowledged}",
    )
