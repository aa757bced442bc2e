"""All rules, and how a graph is held to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from modelyard.environment.models import Environment
from modelyard_infra.blueprint.graph import Graph
from modelyard_infra.policies import (
    access,
    apps,
    database,
    endpoints,
    governance,
    images,
    network,
    observability,
    resilience,
    secrets,
    spark,
    storage,
)
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.rule import Rule, Violation

RULES: tuple[Rule, ...] = (
    *network.RULES,
    *endpoints.RULES,
    *access.RULES,
    *secrets.RULES,
    *storage.RULES,
    *database.RULES,
    *images.RULES,
    *apps.RULES,
    *spark.RULES,
    *observability.RULES,
    *resilience.RULES,
    *governance.RULES,
)
"""In the order in which the table in the docs shows them."""


class HasGraph(Protocol):
    """A blueprint."""

    @property
    def graph(self) -> Graph:
        """Its resources."""
        ...


def check(
    blueprint: HasGraph | Graph, environment: Environment, *, rules: Sequence[Rule] = RULES
) -> tuple[Violation, ...]:
    """What a blueprint, or a graph of resources, breaks. Pure, and done in milliseconds.

    Args:
        blueprint: what is about to exist.
        environment: the settings that it is held to.
        rules: which rules.

    Raises:
        ValueError: the environment is not in Azure.
    """
    graph = blueprint if isinstance(blueprint, Graph) else blueprint.graph
    return tuple(violations(rules, Facts(graph, environment)))


def violations(rules: Iterable[Rule], facts: Facts) -> Iterator[Violation]:
    """What is broken of these rules, as far as they hold in this environment."""
    for rule in rules:
        if rule.when.holds(facts):
            yield from (_violation(rule, finding) for finding in rule.check(facts))


def _violation(rule: Rule, finding: Finding) -> Violation:
    return Violation(
        rule=rule.id,
        level=rule.level,
        resource=finding.resource,
        where=finding.where,
        found=finding.found,
        allowed=finding.allowed,
        next_step=rule.remedy,
    )
