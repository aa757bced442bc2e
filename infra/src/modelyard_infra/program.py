"""The Pulumi program: one function, for `pulumi up -s ENV` in infra/ and for `modelyard infra up ENV` alike."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.environment.connections import STACK_OUTPUT
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.draw import draw_local
from modelyard_infra.blueprint.local import LocalBlueprint

Draw = Callable[[Environment, Workspace], LocalBlueprint]

SERVICES_OUTPUT = "services"


def provision(*, draw: Draw = draw_local) -> None:
    """Declares everything in the environment that is named like the stack. Runs inside Pulumi's engine."""
    import pulumi

    workspace = Workspace.find()
    declare(draw(load_environment(workspace, pulumi.get_stack()), workspace))


def declare(blueprint: LocalBlueprint) -> None:
    """Declares what a blueprint holds, and exports `connections` and `services`. Runs inside Pulumi's engine."""
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
