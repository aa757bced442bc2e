"""When nothing may be released without a commit, and when not now."""

from __future__ import annotations

from modelyard.environment.models import Environment
from modelyard.errors import ConfigurationError
from modelyard_infra.blueprint.azure.released import Releases
from modelyard_infra.stacks.releases.moves import Order


def permit_any(environment: Environment) -> None:
    """Lets an environment pass that runs containers.

    Raises:
        ConfigurationError: it is on this machine.
    """
    if environment.azure is None:
        raise ConfigurationError(
            f"environment {environment.name} is on this machine: nothing is released to it as infrastructure",
            hint="modelyard release --help",
        )


def permit(environment: Environment, order: Order) -> None:
    """Lets an order pass that is about models which the environment's file does not decide about.

    Raises:
        ConfigurationError: the environment is on this machine, or its file names one of the models.
    """
    permit_any(environment)
    known = environment.azure.container_apps.decided if environment.azure else frozenset()
    named = [one.model for one in order.releases if one.model in known]
    if named:
        file = f"environments/{environment.name}.yaml"
        raise ConfigurationError(
            f"{file} names {', '.join(named)} at azure.container_apps.models, and what stands there wins",
            hint="take it out there (models: {} if no model is left) and release it with --releases; "
            "or leave it there and change version and image by a commit",
        )


def unchanged(now: Releases, before: Releases, planned: Releases) -> None:
    """Stops an update when something else was released since it was planned. Runs inside Pulumi's engine.

    Args:
        now: what the stack remembers, now that it is locked.
        before: what it remembered when the update was planned.
        planned: what it will remember; it does so already after the first part of an update in two parts.
    """
    if now in (before, planned):
        return
    import pulumi

    raise pulumi.RunError("something was released while this update was prepared, so it was not begun")
