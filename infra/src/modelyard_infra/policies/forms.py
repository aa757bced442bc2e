"""Forms that most rules have: where they hold, and what they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.rule import Check, When
from modelyard_infra.policies.values import expect

EVERYWHERE = When("every environment", lambda _: True)
IN_PRODUCTION = When("prod", lambda facts: facts.is_production)
WITH_ENDPOINTS = When("where azure.network.private_endpoints", lambda facts: facts.has_endpoints)
WHERE_CLOSED = When("where not azure.network.public_access", lambda facts: facts.is_closed)
WHERE_OPEN = When("where azure.network.public_access", lambda facts: not facts.is_closed)
WITH_ZONES = When("where azure.zone_redundant", lambda facts: facts.azure.zone_redundant)
WITH_SENSITIVE_DATA = When(
    "where azure.tags.data_classification is confidential or restricted",
    lambda facts: facts.azure.tags.data_classification in {"confidential", "restricted"},
)


def settings(kind: str, *wanted: tuple[Value, ...]) -> Check:
    """A check that settings of a kind have one of the values that are allowed.

    Args:
        kind: of resource.
        wanted: a path with dots, and the allowed values; None allows that nothing is said.
    """

    def check(facts: Facts) -> Iterator[Finding]:
        for resource in facts.of(kind):
            for path, *allowed in wanted:
                yield from expect(resource, str(path), *allowed)

    return check


def each(*kinds: str, judge: Callable[[Resource], Iterator[Finding]]) -> Check:
    """A check that judges every resource of some kinds by itself."""

    def check(facts: Facts) -> Iterator[Finding]:
        for resource in facts.of(*kinds):
            yield from judge(resource)

    return check


def each_in(*kinds: str, judge: Callable[[Resource, Facts], Iterator[Finding]]) -> Check:
    """A check that judges every resource of some kinds by itself, and by what the environment's file says."""

    def check(facts: Facts) -> Iterator[Finding]:
        for resource in facts.of(*kinds):
            yield from judge(resource, facts)

    return check
