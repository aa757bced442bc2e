"""`modelyard infra checkov ENV`: what checkov says, and why we differ."""

from __future__ import annotations

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, step


@click.command()
@environment_argument
@format_option
def checkov(environment_name: str, output_format: str) -> None:
    """Let checkov look at ENV's Terraform JSON and ARM template, and show where and why we differ."""
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard.errors import InfrastructureError
    from modelyard_infra.blueprint.azure.draw import draw_azure
    from modelyard_infra.checkov.scanning import scan, verdict_text

    workspace = Workspace.find()
    blueprint = draw_azure(load_environment(workspace, environment_name))
    with step(f"infra checkov {environment_name}"):
        (verdict,) = scan([blueprint], root=workspace.root)
    emit(verdict, lambda: verdict_text(verdict), output_format)
    if verdict.problems:
        raise InfrastructureError(
            f"checkov and infra/checkov/{environment_name}.yaml disagree on {len(verdict.problems)} points",
            hint=f"change the blueprint, or give a reason in infra/checkov/{environment_name}.yaml",
        )
