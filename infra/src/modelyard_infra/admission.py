"""What an environment must pass before the engine hears of it: Azure's own rules, and the policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.environment.models import Environment
from modelyard.errors import InvalidSettingsError, ProvisioningFailedError

if TYPE_CHECKING:
    from modelyard_infra.blueprint.azure.draw import AzureBlueprint
    from modelyard_infra.policies.rule import Violation


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a blueprint, before the engine hears of it."""

    problems: tuple[str, ...] = ()
    """What Azure's own type definitions refuse."""
    violations: tuple[Violation, ...] = ()
    """Rules that are broken, mandatory and advisory ones."""

    @property
    def mandatory(self) -> tuple[Violation, ...]:
        """Those that stop an update."""
        return tuple(one for one in self.violations if one.level == "mandatory")

    @property
    def stop(self) -> bool:
        """Whether an update does not get as far as the engine."""
        return bool(self.problems or self.mandatory)


def inspect(blueprint: AzureBlueprint, environment: Environment) -> Findings:
    """Everything that is wrong with a blueprint; milliseconds. The policies are asked where Azure would take it."""
    from modelyard_infra.policies.rules import check

    problems = tuple(_specification(blueprint))
    return Findings(problems, () if problems else check(blueprint, environment))


def admit(blueprint: AzureBlueprint, environment: Environment) -> None:
    """Lets a blueprint pass that Azure would take and no mandatory policy refuses.

    Raises:
        ProvisioningFailedError: it is refused; every reason is told at once.
    """
    refusal = refusal_of(inspect(blueprint, environment), environment.name)
    if refusal is not None:
        raise refusal


def refusal_of(findings: Findings, name: str) -> ProvisioningFailedError | None:
    """The error of a blueprint that does not pass; None for one that does."""
    if findings.problems:
        said = f"Azure would refuse environment {name}:{_listed(findings.problems)}"
    elif findings.mandatory:
        broken = [violation.message for violation in findings.mandatory]
        said = f"environment {name} breaks {len(broken)} mandatory rules:{_listed(broken)}"
    else:
        return None
    return ProvisioningFailedError(
        said, hint=f"correct environments/{name}.yaml, then run: modelyard infra preview {name}"
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


def _listed(reasons: Iterable[str]) -> str:
    return "".join(f"\n  {reason}" for reason in reasons)
