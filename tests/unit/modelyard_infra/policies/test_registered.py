"""What a program registers is judged like what was drawn, in a preview and in an update."""

from collections.abc import Callable

import pytest

from modelyard.environment.models import Environment
from modelyard_infra.blueprint.graph import Graph, Joined, Ref
from modelyard_infra.plugin.wire import UNKNOWN as MARK
from modelyard_infra.policies.registered import Registered, graph_of, keys_of, single_graph
from modelyard_infra.policies.rule import Rule
from modelyard_infra.policies.rules import RULES, check
from modelyard_infra.policies.values import UNKNOWN
from modelyard_infra.testing.registering import told
from modelyard_infra.testing.rule_cases import BREAKS, GOOD

UNKNOWN_IN_A_PREVIEW = next(case for case in reversed(BREAKS) if case.rule == "no-secrets")
Drawn = Callable[[str], tuple[Graph, Environment]]

VAULT = Registered("urn:pulumi:dev::p::azure-native:keyvault:Vault::vault", "azure-native:keyvault:Vault", {})
STORE = Registered(
    "urn:pulumi:dev::p::azure-native:storage:StorageAccount::lake",
    "azure-native:storage:StorageAccount",
    {"accountName": "stlake", "tags": {"a": "b"}},
)


def taking(property_value: object, *sources: Registered) -> Registered:
    """A diagnostic setting with one property that takes values of others."""
    token = "azure-native:monitor:DiagnosticSetting"
    origins = {"resourceUri": tuple(source.urn for source in sources)}
    return Registered(f"urn:pulumi:dev::p::{token}::logs", token, {"resourceUri": property_value}, origins=origins)


def broken(graph: Graph, environment: Environment, *, is_preview: bool, rules: tuple[Rule, ...] = RULES) -> set[str]:
    """What the two judgements of the policy pack find together."""
    resources = told(graph, subscription=environment.azure.subscription_id, is_preview=is_preview)
    alone = tuple(rule for rule in rules if rule.alone)
    whole = tuple(rule for rule in rules if not rule.alone)
    found = {one.rule for resource in resources for one in check(single_graph(resource), environment, rules=alone)}
    return found | ({one.rule for one in check(graph_of(resources), environment, rules=whole)} if whole else set())


@pytest.mark.parametrize("is_preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_an_environment_is_found_as_good_as_it_was_drawn(drawn: Drawn, name: str, is_preview: bool) -> None:
    graph, environment = drawn(name)

    assert broken(graph, environment, is_preview=is_preview) == {one.rule for one in check(graph, environment)}


@pytest.mark.parametrize("is_preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_what_is_broken_in_a_drawn_graph_is_found_in_what_is_registered(
    drawn: Drawn, rule: Rule, is_preview: bool
) -> None:
    for case in BREAKS:
        if case.rule == rule.id and case is not UNKNOWN_IN_A_PREVIEW:
            graph, environment = drawn(case.environment)
            assert broken(case.edit(graph), environment, is_preview=is_preview, rules=(rule,)) == {rule.id}


def test_a_text_that_a_preview_does_not_know_is_judged_in_the_update(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    edited = UNKNOWN_IN_A_PREVIEW.edit(graph)

    assert "no-secrets" not in broken(edited, environment, is_preview=True)
    assert "no-secrets" in broken(edited, environment, is_preview=False)


@pytest.mark.parametrize("place", range(len(GOOD)))
def test_what_is_good_is_not_reported_when_it_is_registered(drawn: Drawn, place: int) -> None:
    graph, environment = drawn("prod")
    edited = GOOD[place](graph)
    accepted = {one.rule for one in check(graph, environment)}

    assert broken(edited, environment, is_preview=True) == accepted


def test_a_value_that_is_not_known_is_a_reference_to_where_it_comes_from() -> None:
    graph = graph_of([VAULT, STORE, taking(MARK, STORE)])

    assert graph["logs"].properties["resourceUri"] == Ref("lake")


def test_a_value_of_one_of_several_resources_is_a_reference_to_all_of_them() -> None:
    graph = graph_of([VAULT, STORE, taking(MARK, STORE, VAULT)])

    assert graph["logs"].properties["resourceUri"] == Joined((Ref("lake"), Ref("vault")))


def test_an_id_is_a_reference_to_the_resource_that_it_names() -> None:
    account = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/STLAKE"
    graph = graph_of([VAULT, STORE, taking(account, VAULT, STORE)])

    assert graph["logs"].properties["resourceUri"] == Ref("lake")


def test_a_value_of_something_that_is_no_azure_resource_stays_unknown() -> None:
    component = Registered("urn:pulumi:dev::p::modelyard:azure:Lake::lake", "modelyard:azure:Lake", {})
    graph = graph_of([component, taking(MARK, component)])

    assert graph["logs"].properties["resourceUri"] == UNKNOWN
    assert "lake" not in graph


def test_a_secret_is_not_looked_at() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}

    assert single_graph(taking(secret))["logs"].properties["resourceUri"] == UNKNOWN


def test_two_types_may_share_a_name_and_a_token_may_name_a_version() -> None:
    other = Registered(
        "urn:pulumi:dev::p::azure-native:keyvault/v20240401:Vault::lake", "azure-native:keyvault/v20240401:Vault", {}
    )

    assert set(keys_of([STORE, other]).values()) == {"lake (storage:StorageAccount)", "lake (keyvault:Vault)"}
    assert len(graph_of([STORE, other])) == 2
