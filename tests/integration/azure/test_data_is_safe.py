"""What holds data is neither replaced nor removed unless a person has acknowledged just that."""

import dataclasses

import pytest

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.blueprint.graph import Graph
from modelyard_infra.stacks.stack_state import protected_keys

pytestmark = pytest.mark.slow

BACKUP = "azure.postgres.geo_redundant_backup"
"""A setting that Azure takes only when the server is made."""


def born(yard, name):
    """When each resource was made, by its name."""
    return {identity.rpartition("/")[2]: incarnation for identity, (_, incarnation) in yard.exists(name).items()}


@pytest.fixture(scope="module")
def dev(yard):
    yard.operation("dev").up()
    yard.set("dev", BACKUP, True)
    return yard


def test_a_preview_shows_the_whole_plan_and_names_all_that_would_be_lost(dev):
    result = dev.operation("dev").preview()
    assert {change.name for change in result.changes if change.operation == "replace"} > {"postgres"}
    assert set(result.refused) == {"postgres", "postgres-database"}
    acknowledged = dev.operation("dev", replace=("postgres", "postgres-database")).preview()
    assert acknowledged.refused == ()
    assert set(acknowledged.changes) == set(result.changes)


def test_up_refuses_in_one_sentence_and_touches_nothing(dev):
    before = dev.exists("dev")
    with pytest.raises(ProvisioningFailedError) as refused:
        dev.operation("dev").up()
    assert refused.value.message.startswith("environment dev: postgres server postgres holds data and would be")
    assert refused.value.hint.endswith("modelyard infra up dev --simulate --replace postgres")
    assert "urn:pulumi" not in refused.value.message
    assert dev.exists("dev") == before


def test_acknowledging_one_resource_does_not_acknowledge_what_is_in_it(dev):
    before = dev.exists("dev")
    with pytest.raises(ProvisioningFailedError, match="postgres database postgres-database holds data") as refused:
        dev.operation("dev", replace=("postgres",)).up()
    assert refused.value.hint.endswith("--replace postgres --replace postgres-database")
    assert dev.exists("dev") == before
    assert "postgres" in protected_keys(dev.state("dev")), "a refused update leaves it unprotected"


def test_the_plain_cli_refuses_too(dev):
    answer = dev.pulumi("up", "--yes", "--skip-preview", stack="dev")
    assert answer.returncode != 0
    assert "marked for protection" in answer.stdout + answer.stderr


def test_what_is_acknowledged_is_replaced_and_protected_again_and_nothing_else_is_touched(dev):
    before = born(dev, "dev")
    held = protected_keys(dev.state("dev"))
    result = dev.operation("dev", replace=("postgres", "postgres-database")).up()
    replaced = {change.name for change in result.changes if change.operation == "replace"}
    assert {"postgres", "postgres-database"} <= replaced
    assert all(key.startswith(("postgres", "diagnostics-postgres", "alert-postgres")) for key in replaced)
    after = born(dev, "dev")
    lake = dev.environment("dev").azure_name("storage account")
    assert after[lake] == before[lake]
    assert after["mlflow"] != before["mlflow"], "the database is the old one"
    assert not dev.operation("dev").up().has_changes
    assert sorted(protected_keys(dev.state("dev"))) == sorted(held)


def test_a_resource_with_another_key_stays_the_one_that_it_is(own_yard):
    blueprint = own_yard.blueprint("dev")
    renamed = dataclasses.replace(blueprint.graph["budget"], key="spending", former_keys=("budget",))
    graph = Graph(tuple(renamed if one.key == "budget" else one for one in blueprint.graph))

    def draw(environment, workspace):
        return dataclasses.replace(blueprint, graph=graph)

    own_yard.operation("dev").up()
    before = born(own_yard, "dev")
    assert not own_yard.operation("dev", draw=draw).up().has_changes
    assert born(own_yard, "dev") == before
    assert any(one["urn"].endswith("::spending") for one in own_yard.state("dev")["resources"])


def test_what_is_no_longer_declared_is_not_removed_while_it_holds_data(yard):
    yard.operation("test").up()
    yard.set("test", "azure.databricks.enabled", False)
    assert yard.operation("test").preview().refused == ("databricks",)
    with pytest.raises(ProvisioningFailedError, match="databricks workspace databricks holds data") as refused:
        yard.operation("test").up()
    assert refused.value.hint.endswith("--replace databricks")
    result = yard.operation("test", replace=("databricks",)).up()
    assert ("databricks", "delete") in {(change.name, change.operation) for change in result.changes}
    assert not yard.operation("test").up().has_changes


@pytest.fixture(scope="module")
def prod(yard):
    """The environment with a lock on its resource group."""
    yard.operation("prod").up()
    return yard


def lock_of(yard):
    with yard.azure() as azure:
        (lock,) = [one for one in azure.resources() if one.kind == "authorization:ManagementLockByScope"]
    return lock.body["level"]


def test_an_acknowledged_removal_lifts_the_lock_and_puts_it_back(prod):
    prod.set("prod", "azure.databricks.enabled", False)
    removed = prod.operation("prod", replace=("databricks",)).up()
    assert ("databricks", "delete") in {(change.name, change.operation) for change in removed.changes}
    assert lock_of(prod) == "CanNotDelete"
    assert not prod.operation("prod").up().has_changes


def test_a_lock_that_stands_in_the_way_is_told_with_what_to_do(prod):
    prod.set("prod", "azure.registry.replicate_to", [])
    with pytest.raises(ProvisioningFailedError) as refused:
        prod.operation("prod").up()
    assert "a lock keeps Azure from deleting" in refused.value.hint
    assert lock_of(prod) == "CanNotDelete"
    prod.operation("prod", replace=("registry-northeurope",)).up()
    assert not prod.operation("prod").up().has_changes
