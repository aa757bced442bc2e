"""What an environment must pass before the engine hears of it: Azure's own rules, and the policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from modelyard.environment.models import Environment
from modelyard.errors import InvalidSettingsError, ProvisioningFailedError

if TYPE_CHECKING:
    from modelyard_infra.blueprint.azure.draw import AzureBlueprint


def admit(blueprint: AzureBlueprint, environment: Environment) -> None:
    """Lets a blueprint pass that Azure would take and no mandatory policy refuses.

    Raises:
        ProvisioningFailedError: it is refused; every reason is told at once.
    """
    reasons = list(_specification(blueprint))
    if reasons:
        raise ProvisioningFailedError(
            f"Azure would refuse environment {environment.name}:{_listed(reasons)}",
            hint=f"correct environments/{environment.name}.yaml, then run: modelyard infra preview {environment.name}",
        )
    broken = _mandatory(blueprint, environment)
    if broken:
        raise ProvisioningFailedError(
            f"environment {environment.name} breaks {len(broken)} mandatory rules:{_listed(broken)}",
            hint=f"correct environments/{environment.name}.yaml, then run: modelyard infra preview {environment.name}",
        )


def refuse_examples(environment: Environment) -> None:
    """Lets an environment pass whose settings are nobody's example any more.

    Raises:
        InvalidSettingsError: some still are.
    """
    examples = environment.example_values()
    if examples:
        raise InvalidSettingsError(
            f"environment {environment.name} still holds example values: {', '.join(examples)}",
            hint=f"replace them in environments/{environment.name}.yaml, or rehearse: "
            f"modelyard infra up {environment.name} --simulate",
        )


def _specification(blueprint: AzureBlueprint) -> Iterator[str]:
    from modelyard_infra.catalogue import problems

    for resource in blueprint.graph:
        for problem in problems(resource.kind, resource.properties):
            yield f"{resource.key}: {problem}"


def _mandatory(blueprint: AzureBlueprint, environment: Environment) -> list[str]:
    from modelyard_infra.policies.rules import check

    return [violation.message for violation in check(blueprint, environment) if violation.level == "mandatory"]


def _listed(reasons: Iterable[str]) -> str:
    return "".join(f"\n  {reason}" for reason in reasons)
