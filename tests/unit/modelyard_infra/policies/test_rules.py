"""Every rule passes what is good, and names what is broken: by exactly its own id, on the environments' own graphs."""

from collections.abc import Callable

import pytest

from modelyard.environment.models import Environment
from modelyard_infra.blueprint.graph import Graph
from modelyard_infra.policies.accepted import ACCEPTED
from modelyard_infra.policies.rule import Rule
from modelyard_infra.policies.rules import RULES, check
from modelyard_infra.testing.editing import changed
from modelyard_infra.testing.rule_cases import ADVISORY, BREAKS, GOOD, KEY, Case

Drawn = Callable[[str], tuple[Graph, Environment]]


def broken(graph: Graph, environment: Environment, rules: tuple[Rule, ...] = RULES) -> set[str]:
    return {one.rule for one in check(graph, environment, rules=rules)}


def accepted(environment: str) -> set[str]:
    return {one.rule for one in ACCEPTED if one.environment == environment}


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_an_environment_breaks_no_mandatory_rule_and_only_accepted_advisory_ones(drawn: Drawn, name: str) -> None:
    violations = check(*drawn(name))

    assert [one.message for one in violations if one.level == "mandatory"] == []
    assert {one.rule for one in violations} == accepted(name)


@pytest.mark.parametrize("case", BREAKS, ids=[f"{place}-{case.rule}" for place, case in enumerate(BREAKS)])
def test_what_is_broken_is_reported_by_its_own_rule_and_no_other(drawn: Drawn, case: Case) -> None:
    graph, environment = drawn(case.environment)

    assert broken(case.edit(graph), environment) - accepted(case.environment) == {case.rule}


@pytest.mark.parametrize("place", range(len(GOOD)))
def test_what_is_good_is_not_reported(drawn: Drawn, place: int) -> None:
    graph, environment = drawn("prod")

    assert broken(GOOD[place](graph), environment) == accepted("prod")


def test_every_rule_has_something_that_breaks_it() -> None:
    assert {case.rule for case in (*BREAKS, *ADVISORY)} == {rule.id for rule in RULES}


@pytest.mark.parametrize("case", ADVISORY, ids=[case.rule for case in ADVISORY])
def test_what_is_accepted_is_still_reported(drawn: Drawn, case: Case) -> None:
    graph, environment = drawn(case.environment)

    assert case.rule in broken(case.edit(graph), environment)


def test_own_keys_and_closed_logs_are_to_be_had(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    for key, path in (
        ("lake-account", "encryption.keyVaultProperties"),
        ("postgres", "dataEncryption.primaryKeyURI"),
        ("registry", "encryption.keyVaultProperties"),
        ("databricks", "parameters.encryption.value.keyVaultUri"),
    ):
        graph = changed(graph, key, path, KEY)
    for path in ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"):
        graph = changed(graph, "logs", path, "Disabled")

    assert broken(graph, environment) == set()


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_that_is_missing_is_caught(drawn: Drawn, rule: Rule) -> None:
    others = tuple(one for one in RULES if one is not rule)

    for case in (*BREAKS, *ADVISORY):
        if case.rule == rule.id:
            graph, environment = drawn(case.environment)
            assert broken(case.edit(graph), environment, others) <= accepted(case.environment) - {rule.id}
