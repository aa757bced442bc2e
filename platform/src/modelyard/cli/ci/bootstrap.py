"""`modelyard ci bootstrap`: what Azure DevOps needs for our pipelines; prints it, does it, or checks it."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, say

if TYPE_CHECKING:
    from modelyard.delivery.azure_devops.bootstrapping.desk import Desk
    from modelyard.delivery.azure_devops.bootstrapping.planning import Plan
    from modelyard.delivery.azure_devops.bootstrapping.thing import Change
    from modelyard.delivery.azure_devops.bootstrapping.wishes import Wishes


@click.command()
@click.option("--organization", required=True, metavar="ORG", help="Organisation at dev.azure.com, or its address.")
@click.option("--project", required=True, metavar="P", help="Project in it.")
@click.option("--repository", default="", help="Repository in the project; by default called like the project.")
@click.option("--branch", default="main", show_default=True, help="The one branch that reaches Azure.")
@click.option("--reviewers", type=click.IntRange(1, 10), default=1, show_default=True, help="For each pull request.")
@click.option("--apply", "apply", is_flag=True, help="Do it. It may be run again: only what differs is changed.")
@click.option("--check", is_flag=True, help="Change nothing; exit 6 if anything differs.")
@format_option
def bootstrap(
    organization: str,
    project: str,
    repository: str,
    branch: str,
    reviewers: int,
    *,
    apply: bool,
    check: bool,
    output_format: str,
) -> None:
    """Pipelines, environments, checks, connections, policies and permissions: show the plan, --apply or --check it."""
    if apply and check:
        raise click.UsageError("--apply changes, --check does not: give one of them")
    wishes = _wishes(organization, project, repository=repository or project, branch=branch, reviewers=reviewers)
    plan = _worked(wishes, apply=apply)
    emit(plan, lambda: _text(plan), output_format)
    if check and plan.drift:
        from modelyard.errors import ProvisioningFailedError

        raise ProvisioningFailedError(
            f"{len(plan.drift)} of {len(plan.changes)} things differ from what the files say",
            hint=f"modelyard ci bootstrap --organization {organization} --project {project} --apply",
        )


def _wishes(organization: str, project: str, *, repository: str, branch: str, reviewers: int) -> Wishes:
    from modelyard.delivery.azure_devops.bootstrapping.uses import read_entries
    from modelyard.delivery.azure_devops.bootstrapping.wishes import TEMPLATE, Wishes, checked_home, target_of
    from modelyard.environment.loading import environment_names, load_environment
    from modelyard.environment.workspace import Workspace

    workspace = Workspace.find()
    environments = [load_environment(workspace, name) for name in environment_names(workspace)]
    return Wishes(
        organisation=organization,
        organisation_id=checked_home(environments, organisation=organization, project=project),
        project=project,
        repository=repository,
        branch=f"refs/heads/{branch.removeprefix('refs/heads/')}",
        reviewers=reviewers,
        template=TEMPLATE,
        targets=tuple(target for one in environments if (target := target_of(one)) is not None),
        entries=read_entries(workspace.root),
    )


def _desk(wishes: Wishes) -> Desk:
    from modelyard.delivery.azure_devops.bootstrapping.desk import Desk
    from modelyard.delivery.azure_devops.bootstrapping.resources import KEY_VARIABLE
    from modelyard.delivery.azure_devops.bootstrapping.thing import Known
    from modelyard.delivery.azure_devops.rest.addresses import organisation_address
    from modelyard.delivery.azure_devops.rest.client import DevOps
    from modelyard.delivery.azure_devops.rest.tokens import azure_cli_client, azure_cli_token, find_token

    token = find_token(os.environ, signed_in=azure_cli_token)
    service = DevOps(organisation_address(wishes.organisation), wishes.project, token)
    client = cache(azure_cli_client)
    return Desk(
        service=service,
        wishes=wishes,
        known=Known(),
        webhook_key=os.environ.get(KEY_VARIABLE, "").strip(),
        client_of=lambda target: client(target.subscription, target.group, target.identity),
    )


def _worked(wishes: Wishes, *, apply: bool) -> Plan:
    from modelyard.delivery.azure_devops.bootstrapping.bootstrap import all_things
    from modelyard.delivery.azure_devops.bootstrapping.planning import work_through

    desk = _desk(wishes)
    return work_through(all_things(desk), desk.known, apply=apply, tell=_tell if apply else lambda _: None)


def _tell(change: Change) -> None:
    if change.mark in "+~":
        say(f"  ✓ {change.mark} {change.kind} {change.name}")


def _text(plan: Plan) -> str:
    from modelyard.delivery.azure_devops.bootstrapping.showing import plan_text

    return plan_text(plan)
