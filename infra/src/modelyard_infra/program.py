"""The Pulumi program: one function, for `pulumi up -s ENV` in infra/ and for `modelyard infra up ENV` alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import TypeAlias

from modelyard.environment.connections import STACK_OUTPUT
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ModelyardError
from modelyard_infra.admission import admit, refuse_examples
from modelyard_infra.blueprint.azure.draw import AzureBlueprint, draw_azure
from modelyard_infra.blueprint.azure.released import Releases
from modelyard_infra.blueprint.draw import draw_local
from modelyard_infra.blueprint.local import LocalBlueprint
from modelyard_infra.engine.homes import SIMULATED_AZURE_VARIABLE, home_of
from modelyard_infra.engine.remembering import remembered_in
from modelyard_infra.toolchain import ensure_pulumi

Blueprint: TypeAlias = LocalBlueprint | AzureBlueprint
Draw: TypeAlias = Callable[..., Blueprint]
"""Takes an environment and the workspace; and `releases`, if anything was released without a commit."""

SERVICES_OUTPUT = "services"
REPLACE_SETTING = "replace"
"""`pulumi config set --path 'modelyard:replace[0]' KEY`: what holds data and may be replaced all the same."""
RECOVER_SETTING = "recover"
"""The same for what was deleted, and what Azure keeps and is to bring back. Only for one update."""


def draw(environment: Environment, workspace: Workspace, *, releases: Releases | None = None) -> Blueprint:
    """The blueprint of an environment, wherever it is."""
    if environment.kind == "local":
        return draw_local(environment, workspace)
    return draw_azure(environment, releases=releases)


def prepare_files(environment: Environment, workspace: Workspace) -> None:
    """Writes what services on this machine are told in files: who may ask the model API.

    Only an update does. The blueprint names the file, and a preview changes nothing.
    """
    if environment.kind != "local":
        return
    from modelyard.release.keys import prepare_access

    prepare_access(workspace, environment)


def provision(*, draw: Draw = draw) -> None:
    """Declares everything in the environment that is named like the stack. Runs inside Pulumi's engine."""
    import pulumi

    workspace = Workspace.find()
    try:
        environment = load_environment(workspace, pulumi.get_stack())
        blueprint = _drawn(draw, environment, workspace)
        if isinstance(blueprint, AzureBlueprint):
            admit(blueprint, environment)
            if not (pulumi.runtime.is_dry_run() or os.environ.get(SIMULATED_AZURE_VARIABLE)):
                refuse_examples(environment)
        if not pulumi.runtime.is_dry_run():
            prepare_files(environment, workspace)
    except ModelyardError as error:
        raise pulumi.RunError(f"{error.message}\nnext: {error.hint}") from None
    config = pulumi.Config("modelyard")
    declare(
        blueprint,
        acknowledged=config.get_object(REPLACE_SETTING) or (),
        recovered=config.get_object(RECOVER_SETTING) or (),
    )


def _drawn(draw: Draw, environment: Environment, workspace: Workspace) -> Blueprint:
    """The blueprint with what was released before: an update by the plain CLI releases nothing, and loses nothing."""
    if environment.kind == "local":
        return draw(environment, workspace)
    home = home_of(workspace, environment, simulate=bool(os.environ.get(SIMULATED_AZURE_VARIABLE)))
    cli = ensure_pulumi(workspace, say=_unheard).path
    releases = remembered_in(home.checkpoint(environment.name, cli=cli))
    return draw(environment, workspace, releases=releases) if releases else draw(environment, workspace)


def _unheard(line: str) -> None:
    del line


def declare(blueprint: Blueprint, *, acknowledged: Collection[str] = (), recovered: Collection[str] = ()) -> None:
    """Declares what a blueprint holds, and exports `connections`. Runs inside Pulumi's engine.

    Args:
        blueprint: the environment.
        acknowledged: keys of resources that hold data and may be replaced or removed all the same.
        recovered: keys of resources that were deleted, and that Azure keeps and is to bring back.
    """
    if isinstance(blueprint, AzureBlueprint):
        from modelyard_infra.azure.declaring import declare_azure

        declare_azure(blueprint, acknowledged=acknowledged, recovered=recovered)
    else:
        _declare_local(blueprint)


def _declare_local(blueprint: LocalBlueprint) -> None:
    import pulumi

    from modelyard_infra.local.resources import Folder, Service, Supervisor

    supervisor = Supervisor("supervisor", blueprint)
    folders = [Folder(plan.name, plan.path) for plan in blueprint.folders]
    services = {
        plan.name: Service(plan, blueprint=blueprint, supervisor=supervisor, after=folders)
        for plan in blueprint.services
    }
    plan = blueprint.connections
    pulumi.export(
        STACK_OUTPUT,
        {
            "environment": plan.environment,
            "lake": str(plan.lake),
            "tracking": services[plan.tracking].address,
            "deployments": str(plan.deployments),
            "bundles": str(plan.bundles),
            "model_api": services[plan.model_api].address,
            "outbox": str(plan.outbox),
            "teams_url_secret": plan.teams_url_secret,
        },
    )
    addresses = {name: service.address for name, service in services.items()}
    logs = {plan.name: str(plan.log) for plan in blueprint.services}
    pulumi.export(SERVICES_OUTPUT, {name: {"address": addresses[name], "log": logs[name]} for name in services})
