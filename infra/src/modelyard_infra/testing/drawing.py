"""A blueprint like the real one, with services that start in a moment."""

from __future__ import annotations

from dataclasses import replace

from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.draw import draw_local, interpreter
from modelyard_infra.blueprint.local import PORT_PLACEHOLDER, LocalBlueprint

STAND_IN = "modelyard_infra.testing.stand_in"


def stand_in_command(*more: str) -> tuple[str, ...]:
    """The command of a stand-in service.

    Args:
        more: further arguments of the stand-in.
    """
    return (interpreter(), "-m", STAND_IN, "--port", PORT_PLACEHOLDER, *more)


def draw_light(environment: Environment, workspace: Workspace) -> LocalBlueprint:
    """The environment's blueprint with a stand-in in place of each service. Everything else is as it is."""
    real = draw_local(environment, workspace)
    services = tuple(replace(plan, command=stand_in_command(), health="/health") for plan in real.services)
    return replace(real, services=services)
