"""`modelyard infra bootstrap ENV`: prints, or runs, what must exist before an environment in Azure is provisioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelyard.cli.options import environment_argument
from modelyard.cli.output import say

if TYPE_CHECKING:
    from modelyard.environment.models import Environment


@click.command()
@environment_argument
@click.option("--run", is_flag=True, help="Run the commands instead of printing them. It may be run again.")
def bootstrap(environment_name: str, *, run: bool) -> None:
    """State backend, key and pipeline identity of ENV: print the az commands as a script, or --run them."""
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace
    from modelyard_infra.admission import refuse_examples
    from modelyard_infra.bootstrap.plan import bootstrap_steps
    from modelyard_infra.bootstrap.running import script
    from modelyard_infra.bootstrap.state import state_home

    environment = load_environment(Workspace.find(), environment_name)
    home = state_home(environment)
    if not run:
        click.echo(script(home, bootstrap_steps(environment, assigned_roles(environment))))
        return
    refuse_examples(environment)
    _run(environment)


def assigned_roles(environment: Environment) -> frozenset[str]:
    """Ids of the roles that an environment's graph assigns."""
    from modelyard_infra.blueprint.azure.draw import draw_azure

    resources = draw_azure(environment).graph.of_kind("authorization:RoleAssignment")
    return frozenset(str(one.properties["roleDefinitionId"]).rpartition("/")[2] for one in resources)


def _run(environment: Environment) -> None:
    from modelyard_infra.az_cli import AzCli
    from modelyard_infra.bootstrap.plan import bootstrap_steps
    from modelyard_infra.bootstrap.running import run_steps
    from modelyard_infra.bootstrap.state import state_home

    home = state_home(environment)
    steps = bootstrap_steps(environment, assigned_roles(environment))
    already = run_steps(steps, AzCli(), home=home, tell=lambda line: say(f"  ✓ {line}"))
    click.echo(f"state of {environment.name}: {home.backend_url}\nits secrets: {home.secrets_provider}")
    say(f"{len(steps)} steps, {already} of them there already; next: modelyard doctor {environment.name}")
