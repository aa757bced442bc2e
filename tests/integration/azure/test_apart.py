"""No environment touches what belongs to another one."""

import dataclasses

import pytest

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.simulator.faults import Fault

pytestmark = pytest.mark.slow

SOMEBODY = "99999999-0000-0000-0000-000000000001"


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
        azure.fail(Fault(operation="create", pattern="lake-account", moment="before", times=9))
    with pytest.raises(ProvisioningFailedError, match="lake-account"):
        yard.operation("dev").up()
    with yard.azure() as azure:
        azure.heal()
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


def test_a_name_that_somebody_else_has_is_refused_and_not_taken_over(yard, before):
    """Names of vaults are taken worldwide: the second one to ask is told, and the first keeps what is its."""
    name = yard.blueprint("prod").graph["vault"].properties["vaultName"]
    theirs = f"/subscriptions/{SOMEBODY}/resourceGroups/theirs"
    vault = f"{theirs}/providers/Microsoft.KeyVault/vaults/{name}"
    properties = {"tenantId": SOMEBODY, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    with yard.azure() as azure:
        azure.plane.put("resources:ResourceGroup", theirs, {"resourceGroupName": "theirs", "location": "westeurope"})
        inputs = {"resourceGroupName": "theirs", "vaultName": name, "location": "westeurope", "properties": properties}
        azure.plane.put("keyvault:Vault", vault, inputs)
        kept = azure.find(vault)
    with pytest.raises(ProvisioningFailedError, match=r"key vault vault: .*already in use"):
        yard.operation("prod").up()
    with yard.azure() as azure:
        assert azure.find(vault) == kept
    assert yard.exists("test") == before


def test_a_name_of_another_environment_never_gets_as_far_as_the_engine(yard):
    """A slip in the naming that lets dev draw the name of test's vault."""
    vault = yard.blueprint("test").graph["vault"]
    blueprint = yard.blueprint("dev")

    def draw(environment, workspace):
        properties = {**blueprint.graph["vault"].properties, "vaultName": vault.properties["vaultName"]}
        slipped = dataclasses.replace(blueprint.graph["vault"], properties=properties)
        graph = type(blueprint.graph)(tuple(slipped if one.key == "vault" else one for one in blueprint.graph))
        return dataclasses.replace(blueprint, graph=graph)

    with pytest.raises(ProvisioningFailedError, match=r"allowed: nothing of another environment than dev"):
        yard.operation("dev", draw=draw).up()
