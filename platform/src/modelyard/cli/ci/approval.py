"""`modelyard ci approval ENVIRONMENT`: who let this run go on, and why, as output variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, say

if TYPE_CHECKING:
    from modelyard.delivery.azure_devops.approvals import Approved
    from modelyard.delivery.azure_devops.runs import AzureRun, GitHubRun


@click.command()
@click.argument("environment_name", metavar="ENVIRONMENT")
@click.option("--stage", default="", help="Stage that waited for the approval; by default the one that runs this.")
@format_option
def approval(environment_name: str, stage: str, output_format: str) -> None:
    """Read who approved ENVIRONMENT in this run: output variables `by` and `reason`. Nobody: exit 5."""
    from modelyard.delivery.azure_devops.runs import azure_run, github_run
    from modelyard.errors import ConfigurationError

    here, there = azure_run(os.environ), github_run(os.environ)
    if here is not None:
        found = _on_azure(here, environment_name, stage)
        _tell_azure(found)
    elif there is not None:
        found = _on_github(there, environment_name)
        _tell_github(found, there)
    else:
        raise ConfigurationError(
            "this is no run of Azure Pipelines or GitHub Actions, so nobody approved it",
            hint="modelyard ci rehearse azure-pipelines.yml --env local --approve",
        )
    if output_format == "json":
        emit(found, "", output_format)
    say(f"{found.environment} was approved by {found.by}: {found.reason}")


def _on_azure(run: AzureRun, environment: str, stage: str) -> Approved:
    from modelyard.delivery.azure_devops.approvals import approved_on_azure
    from modelyard.delivery.azure_devops.rest.client import DevOps
    from modelyard.delivery.azure_devops.rest.tokens import azure_cli_token, find_token
    from modelyard.delivery.azure_devops.runs import needed

    token = find_token(os.environ, signed_in=azure_cli_token)
    service = DevOps(run.collection, needed(run.project, "SYSTEM_TEAMPROJECT"), token)
    build, name = needed(run.build, "BUILD_BUILDID"), needed(stage or run.stage, "SYSTEM_STAGENAME")
    return approved_on_azure(service, environment, build=build, stage=name)


def _on_github(run: GitHubRun, environment: str) -> Approved:
    from modelyard.delivery.azure_devops.approvals import approved_on_github
    from modelyard.delivery.azure_devops.rest.github import GitHub
    from modelyard.delivery.azure_devops.runs import needed

    number = needed(run.run, "GITHUB_RUN_ID", where="GitHub Actions")
    return approved_on_github(GitHub(run), environment, run=number)


def _tell_azure(found: Approved) -> None:
    from modelyard.delivery.azure_devops.telling import azure_output

    click.echo(azure_output("by", found.by))
    click.echo(azure_output("reason", found.reason))


def _tell_github(found: Approved, run: GitHubRun) -> None:
    from modelyard.delivery.azure_devops.telling import github_output

    if run.output:
        with Path(run.output).open("a", encoding="utf-8") as out:
            out.write(github_output("by", found.by) + github_output("reason", found.reason))
