"""`modelyard infra terraform ENV --out DIR`: the blueprint as Terraform JSON."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, step


@click.command()
@environment_argument
@format_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to; what Terraform reads is in DIR/stacks/ENV.",
    metavar="DIR",
)
def terraform(environment_name: str, output_format: str, *, out: Path) -> None:
    """Write ENV as Terraform JSON for azurerm. Changes nothing in Azure."""
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.blueprint.azure.draw import draw_azure
    from modelyard_infra.terraform.rendering import checked, write_terraform

    blueprint = draw_azure(load_environment(Workspace.find(), environment_name))
    with step(f"infra terraform {environment_name}"):
        rendering = checked(write_terraform(blueprint, out))
    emit(rendering, lambda: str(rendering), output_format)
