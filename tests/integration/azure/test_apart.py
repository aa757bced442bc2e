"""No environment touches what belongs to another one."""

import pytest

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.simulator.faults import Fault

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before(yard):
    yard.operation("test").up()
    return yard.exists("test")


def test_up_and_down_of_dev_leave_test_as_it_is(yard, before):
    yard.operation("dev").up()
    yard.set("dev", "azure.budget.monthly_amount", 151)
    yard.operation("dev").up()
    yard.operation("dev").refresh()
    yard.operation("dev").down(with_data=True)
    assert yard.exists("test") == before
    assert not yard.operation("test").up().has_changes


def test_a_failed_update_of_dev_leaves_test_as_it_is(yard, before):
    with yard.azure() as azure:
        azure.fail(Fault(operation="create", pattern="lake-account", moment="lost"))
    with pytest.raises(ProvisioningFailedError, match="lake-account"):
        yard.operation("dev").up()
    yard.operation("dev").up()
    yard.operation("dev").down(with_data=True)
    assert yard.exists("test") == before


def test_environments_that_share_a_subscription_stay_apart_too(yard, before):
    shared = yard.blueprint("test").subscription_id
    yard.set("dev", "azure.subscription_id", shared)
    yard.operation("dev").up()
    mine = {identity: one for identity, one in yard.exists("test").items() if identity not in before}
    groups = {identity.split("/")[4] for identity in mine}
    assert groups == {yard.environment("dev").azure_name("resource group")}
    yard.operation("dev").down(with_data=True)
    assert yard.exists("test") == before


def test_a_name_that_another_environment_has_is_refused_and_not_taken_over(yard, before):
    """Two checkouts that draw the same worldwide name: the second one is told, and the first keeps what is its."""
    vault = next(one for one in yard.blueprint("test").graph if one.kind == "keyvault:Vault")
    blueprint = yard.blueprint("dev")

    def draw(environment, workspace):
        import dataclasses

        theirs = dataclasses.replace(
            blueprint.graph["vault"],
            properties={**blueprint.graph["vault"].properties, "vaultName": vault.properties["vaultName"]},
        )
        graph = type(blueprint.graph)(tuple(theirs if one.key == "vault" else one for one in blueprint.graph))
        return dataclasses.replace(blueprint, graph=graph)

    with pytest.raises(ProvisioningFailedError, match=r"key vault vault: .*already in use"):
        yard.operation("dev", draw=draw).up()
    assert {identity: yard.exists("test")[identity] for identity in before} == before
