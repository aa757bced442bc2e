"""Everything that can keep an environment in Azure from being provisioned is found, and its remedy named."""

import shlex
from dataclasses import replace

import pytest

from modelyard.errors import ConfigurationError
from modelyard_infra.bootstrap.plan import infra_connection
from modelyard_infra.bootstrap.state import state_home
from modelyard_infra.readiness.client import (
    AgentPool,
    Connection,
    MachineSize,
    Permission,
    PostgresSize,
    Quota,
    SignIn,
    Subscription,
    allows,
)
from modelyard_infra.readiness.doctor import checks
from modelyard_infra.readiness.looking import look_of
from modelyard_infra.readiness.simulated import OWNER, SimulatedAzure

ALL = frozenset({"1", "2", "3"})


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_where_everything_is_there_nothing_is_found(wrong, name):
    assert wrong(name) == {}


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_a_rehearsal_is_always_ready(load, name):
    found = list(checks(load(name), simulate=True))
    assert len(found) > 15
    assert all(check.status == "ok" for check in found)


def test_an_environment_on_this_machine_has_nothing_to_look_at(load, facts):
    with pytest.raises(ConfigurationError):
        look_of(load("local"), SimulatedAzure(facts()), [])


def test_without_the_azure_cli_nothing_else_is_asked(wrong):
    found = wrong(cli_version="")
    assert list(found) == ["Azure CLI", "everything else in Azure"]
    assert "install it" in found["Azure CLI"].next_step


def test_an_old_azure_cli_is_to_be_upgraded(wrong):
    assert wrong(cli_version="2.59.1")["Azure CLI"].next_step == "run: az upgrade"
    assert "Azure CLI" not in wrong(cli_version="2.100.0")


def test_the_provider_may_be_on_path_or_where_pulumi_puts_it(wrong, machine, tmp_path):
    missing = wrong(on=machine(plugin=False, home=tmp_path))["Pulumi provider"]
    assert missing.next_step == "run: pulumi plugin install resource azure-native 3.29.0"
    (tmp_path / ".pulumi" / "plugins" / "resource-azure-native-v3.29.0").mkdir(parents=True)
    assert wrong(on=machine(plugin=False, home=tmp_path)) == {}


def test_the_plugin_is_the_one_that_the_engine_is_told_of():
    from modelyard_infra.azure.registered import PACKAGE, VERSION
    from modelyard_infra.readiness.surroundings import PLUGIN, PLUGIN_VERSION

    assert (PLUGIN, PLUGIN_VERSION) == (PACKAGE, VERSION)


@pytest.mark.parametrize("who", [None, SignIn("you", "00000000-0000-0000-0000-00000000dead")])
def test_without_a_sign_in_to_the_right_tenant_nothing_else_is_asked(wrong, who, load):
    found = wrong(signed_in=who)
    assert list(found) == ["sign-in", "everything else in Azure"]
    assert found["sign-in"].next_step == f"run: az login --tenant {load('prod').azure.tenant_id}"


@pytest.mark.parametrize("state", ["Disabled", "Deleted", None])
def test_a_subscription_that_cannot_be_used_ends_the_look(wrong, load, state):
    azure = load("prod").azure
    seen = {azure.subscription_id: Subscription("x", azure.tenant_id, state)} if state else {}
    found = wrong(subscriptions=seen)
    assert list(found) == ["subscription", "everything else in Azure"]
    assert "azure.subscription_id in environments/prod.yaml" in found["subscription"].next_step


def test_a_region_without_zones_will_do_for_dev_and_not_for_prod(wrong):
    zones = {"westeurope": False, "northeurope": True}
    assert wrong("prod", zones=zones)["region westeurope"].found == "without zones"
    assert wrong("dev", zones=zones) == {}


def test_a_region_that_the_subscription_may_not_use(wrong):
    assert wrong("dev", zones={"uksouth": True})["region westeurope"].found == "not offered to this subscription"


def test_a_policy_counts_for_the_registrys_copies_too(wrong):
    assert wrong("dev", allowed_locations=frozenset({"westeurope"})) == {}
    refused = wrong("prod", allowed_locations=frozenset({"westeurope"}))["allowed regions"]
    assert "northeurope" in refused.next_step


def test_contributor_is_not_enough_where_roles_are_assigned(wrong, load):
    scope = f"/subscriptions/{load('dev').azure.subscription_id}"
    contributor = Permission(("*",), ("Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"))
    found = wrong("dev", permissions={**ready(load, "dev"), scope: (contributor,)})
    assert list(found) == ["may assign roles"]
    assert "Role Based Access Control Administrator" in found["may assign roles"].next_step


def ready(load, name):
    """Permissions on the state alone."""
    from modelyard_infra.readiness.simulated import STATE_USER

    home = state_home(load(name))
    return {home.container_id: (STATE_USER,), home.key_id: (STATE_USER,)}


def test_a_reader_is_no_obstacle_where_the_pipeline_provisions(wrong, load):
    def permissions(name):
        return {**ready(load, name), f"/subscriptions/{load(name).azure.subscription_id}": (Permission(("*/read",)),)}

    dev = wrong("dev", permissions=permissions("dev"))
    prod = wrong("prod", permissions=permissions("prod"))
    assert dev["may create resources"].status == "missing"
    assert {check.status for check in prod.values()} == {"note"}
    assert prod["may create resources"].found.endswith("the pipeline provisions here")


def test_one_roles_exception_takes_nothing_from_another_role():
    contributor = Permission(("*",), ("Microsoft.Authorization/*/Write",))
    locks = Permission(("Microsoft.Authorization/locks/*",))
    assert not allows((contributor,), "Microsoft.Authorization/locks/write")
    assert allows((contributor, locks), "Microsoft.Authorization/locks/write")
    assert allows((contributor,), "microsoft.storage/storageAccounts/WRITE")


def test_providers_that_are_not_registered_are_named_with_the_command(wrong, facts):
    lacking = facts().registered - {"microsoft.app", "microsoft.databricks", "microsoft.authorization"}
    (check,) = wrong(registered=lacking).values()
    assert check.found == "not registered: Microsoft.App, Microsoft.Databricks"
    assert check.next_step.count("az provider register --namespace") == 2


def quota(facts, **changed):
    return {**facts().quotas, "machines": {**facts().quotas["machines"], **changed}}


def test_a_quota_must_hold_a_whole_cluster(wrong, facts):
    (check,) = wrong(quotas=quota(facts, cores=Quota(70, 100))).values()
    assert check.name == "quota cores"
    assert check.found == "30 left of 100"
    assert "36 vCPUs" in check.needed
    assert "at least 6 more" in check.next_step


def test_dev_asks_for_no_machines_because_it_has_no_databricks(look):
    assert not any(name.startswith(("machine ", "quota cores")) for name in look("dev"))


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (None, "not offered"),
        (MachineSize("f", 8, ALL, "NotAvailableForSubscription"), "NotAvailableForSubscription"),
        (MachineSize("f", 8, frozenset({"1"})), "offered in 1 zones"),
    ],
)
def test_a_machine_must_be_offered_in_zones(wrong, size, found):
    sizes = {"Standard_E4": MachineSize("f", 4, ALL), **({"Standard_D8ds_v5": size} if size else {})}
    check = wrong(machine_sizes=sizes)["machine Standard_D8ds_v5"]
    assert check.found == found
    assert "az vm list-skus" in check.next_step
    assert ("Standard_E4" in check.next_step) == (size is None)


def test_prods_database_needs_a_standby_in_another_zone(wrong):
    check = wrong(postgres_sizes={"Standard_D4ds_v5": PostgresSize(4, False)})["PostgreSQL Standard_D4ds_v5"]
    assert check.found == "offered without a standby in another zone"
    assert wrong(postgres_sizes={})["PostgreSQL Standard_D4ds_v5"].found == "not offered"


def test_a_standby_counts_against_the_quota_as_well(wrong, facts):
    quotas = {**facts().quotas, "postgres": {"standardsimulatedfamily": Quota(0, 3)}}
    (check,) = wrong(quotas=quotas).values()
    assert check.needed == "4 vCores"


def test_one_more_container_apps_environment_must_fit_unless_it_is_there(wrong, facts, load):
    full = {**facts().quotas, "container apps": {"managedenvironmentcount": Quota(15, 15)}}
    assert list(wrong(quotas=full)) == ["quota ManagedEnvironmentCount"]
    environment = load("prod")
    group = environment.azure_name("resource group")
    there = f"/subscriptions/{environment.azure.subscription_id}/resourceGroups/{group}/providers/"
    there += f"Microsoft.App/managedEnvironments/{environment.azure_name('container environment')}"
    assert wrong(quotas=full, resources={group: frozenset({there.lower()})}) == {}


def test_a_name_that_somebody_else_has_is_found_with_what_azure_says(wrong, load):
    name = load("prod").azure_name("storage account")
    (check,) = wrong(taken={name: "already taken"}).values()
    assert (check.name, check.found) == (f"name {name}", "already taken")
    assert "azure.naming_prefix" in check.next_step


def test_a_name_that_we_have_ourselves_is_fine(wrong, look, load):
    environment = load("prod")
    name, group = environment.azure_name("registry"), environment.azure_name("resource group")
    mine = f"/subscriptions/{environment.azure.subscription_id}/resourceGroups/{group}/providers/"
    mine = f"{mine}Microsoft.ContainerRegistry/registries/{name}".lower()
    given = {"taken": {name: "already taken"}, "resources": {group: frozenset({mine})}}
    assert wrong(**given) == {}
    assert look(**given)[f"name {name}"].found == "ours"


def test_a_deleted_vault_that_keeps_its_name_is_recovered(wrong, load):
    name = load("prod").azure_name("key vault")
    (check,) = wrong(deleted_vaults=frozenset({name}), taken={name: "in use"}).values()
    assert check.next_step.startswith(f"run: az keyvault recover --name {name}")


def test_a_state_that_is_not_there_yet_is_bootstrapped(wrong):
    found = wrong(existing=frozenset())
    assert list(found) == ["state", "state's key"]
    assert {check.next_step for check in found.values()} == {"run: modelyard infra bootstrap prod --run"}


def test_who_may_not_use_the_state_is_told_to_join_the_group(wrong, load):
    scope = f"/subscriptions/{load('dev').azure.subscription_id}"
    (check,) = wrong("dev", permissions={scope: (OWNER,)}).values()
    assert check.name == "may use the state"
    assert "azure.groups.platform_team" in check.next_step


def test_an_organisations_id_must_be_the_one_in_the_file(wrong, load):
    name = load("prod").azure.pipelines.organisation
    (check,) = wrong(organisations={name: "another"}).values()
    assert check.found == "another"


@pytest.mark.parametrize(
    ("pool", "words"), [(None, "create it at"), (AgentPool(False, 0), "start an agent"), (AgentPool(True, 0), "own")]
)
def test_a_private_environment_needs_agents_of_our_own_that_are_online(wrong, load, pool, words):
    name = load("prod").azure.pipelines.agent_pool
    (check,) = wrong(agent_pools={name: pool} if pool else {}).values()
    assert words in check.next_step


def test_the_connection_that_provisions_signs_in_without_a_secret(wrong, load, facts):
    azure = load("prod").azure
    name = infra_connection(azure)
    with_secret = Connection("ServicePrincipal", "", "", azure.subscription_id)
    assert "delete it" in wrong(connections={name: with_secret})[f"service connection {name}"].next_step
    assert "bootstrap prod --run" in wrong(connections={})[f"service connection {name}"].next_step
    elsewhere = replace(facts().connections[name], subscription_id="another")
    assert "for another" in wrong(connections={name: elsewhere})[f"service connection {name}"].found


def test_an_identity_that_trusts_somebody_else_is_found(wrong, load):
    (check,) = wrong(trusted={state_home(load("prod")).identity_id: frozenset({("i", "sc://old/p/c")})}).values()
    assert "sc://old/p/c" in check.found


def test_an_issuer_that_is_about_to_be_retired_is_noted(wrong, load, facts):
    name = infra_connection(load("prod").azure)
    old = replace(facts().connections[name], issuer="https://vstoken.dev.azure.com/x", subject="sc://o/p/c")
    trusted = {state_home(load("prod")).identity_id: frozenset({(old.issuer, old.subject)})}
    (check,) = wrong(connections={name: old}, trusted=trusted).values()
    assert check.status == "note"
    assert "2027-07-01" in check.needed


def test_a_refusal_of_one_service_leaves_the_other_findings_as_they_are(wrong):
    found = wrong(organisations={}, deleted_vaults=frozenset(), existing=frozenset())
    assert set(found) == {"Azure Pipelines", "state", "state's key"}
    assert "not a member there" in found["Azure Pipelines"].found
    assert found["Azure Pipelines"].status == "note"


def test_every_command_among_the_remedies_is_one_that_a_shell_can_read(wrong, load):
    remedies = [check.next_step for check in wrong(existing=frozenset(), registered=frozenset(), zones={}).values()]
    commands = [remedy.removeprefix("run: ") for remedy in remedies if remedy.startswith("run: ")]
    assert commands
    assert all(shlex.split(command)[0] in {"az", "modelyard", "pulumi"} for command in commands)


class TestSignInOfUpdates:
    def at(self, look, machine, load, **around):
        class InAPipeline(machine):
            def variable(self, name):
                return around.get(name, "") or super().variable(name)

        return look("prod", InAPipeline()).get("sign-in of updates")

    def test_outside_a_pipeline_there_is_nothing_to_say(self, look, machine, load):
        assert self.at(look, machine, load) is None

    def test_a_federated_connection_is_named_without_its_token(self, look, machine, load):
        tenant = load("prod").azure.tenant_id
        check = self.at(look, machine, load, servicePrincipalId="client", tenantId=tenant, idToken="canary")
        assert (check.status, check.found) == (
            "ok",
            f"a federated connection of Azure Pipelines: client client in tenant {tenant}",
        )

    def test_a_secret_is_missing_its_federation(self, look, machine, load):
        check = self.at(look, machine, load, servicePrincipalKey="canary")
        assert check.status == "missing"
        assert "make it federated" in check.found
        assert "canary" not in repr(check)
