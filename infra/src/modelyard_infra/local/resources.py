"""The local resources, as a Pulumi program declares them."""

from __future__ import annotations

from pathlib import Path

import pulumi

from modelyard_infra.blueprint.local import LocalBlueprint, ServicePlan

RUNNING = "running"


class Folder(pulumi.CustomResource):
    """A folder that must exist; it is kept when the stack is destroyed."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__("modelyard:local:Folder", name, {"path": str(path)})


class Supervisor(pulumi.CustomResource):
    """The supervisord of an environment."""

    socket: pulumi.Output[str]
    """Where it is reached."""
    instance: pulumi.Output[str]
    """This very run of it; when it changes, its services must be started anew."""

    def __init__(self, name: str, blueprint: LocalBlueprint) -> None:
        places = {"home": str(blueprint.home), "run": str(blueprint.run), "logs": str(blueprint.logs)}
        super().__init__("modelyard:local:Supervisor", name, {**places, "socket": None, "instance": None})


class Service(pulumi.CustomResource):
    """A process that runs under the supervisor and answers on a port."""

    address: pulumi.Output[str]
    """http:// address on this machine."""
    port: pulumi.Output[int]
    """The port that it has."""

    def __init__(
        self, plan: ServicePlan, *, blueprint: LocalBlueprint, supervisor: Supervisor, after: list[Folder]
    ) -> None:
        inputs = {
            "name": plan.name,
            "command": list(plan.command),
            "environment": plan.environment,
            "folder": str(plan.folder),
            "port": plan.port,
            "port_setting": plan.port_setting,
            "health": plan.health,
            "log": str(plan.log),
            "start_seconds": plan.start_seconds,
            "stop_seconds": plan.stop_seconds,
            "home": str(blueprint.home),
            "run": str(blueprint.run),
            "logs": str(blueprint.logs),
            "socket": supervisor.socket,
            "supervisor": supervisor.instance,
            "status": RUNNING,
        }
        options = pulumi.ResourceOptions(depends_on=[*after, supervisor])
        super().__init__("modelyard:local:Service", plan.name, {**inputs, "address": None, "pid": None}, options)
