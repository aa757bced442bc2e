"""What every client of `modelyard doctor` promises: the same facts, whether simulated or read from Azure's answers."""

import json
from pathlib import Path

import pytest

from modelyard_infra.readiness.client import (
    AgentPool,
    AzureRefusedError,
    Connection,
    MachineSize,
    Permission,
    PostgresSize,
    Quota,
    SignIn,
    Subscription,
)
from modelyard_infra.readiness.rest import RestAzure
from modelyard_infra.readiness.simulated import Facts, SimulatedAzure
from modelyard_infra.testing.recordings import Recorder, Recordings, Unrecorded

RECORDING = Path(__file__).parent / "recordings" / "subscription.json"
SUBSCRIPTION, STRANGE = "00000000-0000-0000-0000-0000000000d1", "00000000-0000-0000-0000-0000000000ff"
TENANT = "00000000-0000-0000-0000-000000000001"
SCOPE = f"/subscriptions/{SUBSCRIPTION}"
STATE = f"{SCOPE}/resourceGroups/rg-state/providers"
CONTAINERS = f"{STATE}/Microsoft.Storage/storageAccounts/stsstate/blobServices/default/containers"
KEYS = f"{STATE}/Microsoft.KeyVault/vaults/kvsstate/keys"
IDENTITIES = f"{STATE}/Microsoft.ManagedIdentity/userAssignedIdentities"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SUBJECT = "/eid1/c/pub/t/AAAA/a/BBBB/sc/org/connection"
OURS = f"{SCOPE}/resourcegroups/rg-there/providers/microsoft.storage/storageaccounts/stours"
NO_ROLES = ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write")
EVERYWHERE = frozenset({"1", "2", "3"})

FACTS = Facts(
    cli_version="2.80.0",
    signed_in=SignIn("you@example.com", TENANT),
    subscriptions={SUBSCRIPTION: Subscription("ml-dev", TENANT, "Enabled")},
    permissions={
        SCOPE: (
            Permission(("*",), (*NO_ROLES, "Microsoft.Authorization/elevateAccess/Action")),
            Permission(("*/read",)),
        )
    },
    registered=frozenset({"microsoft.storage", "microsoft.keyvault"}),
    zones={"westeurope": True, "ukwest": False},
    allowed_locations=frozenset({"westeurope", "northeurope", "global"}),
    machine_sizes={
        "Standard_D4ds_v5": MachineSize("standardDDSv5Family", 4, EVERYWHERE),
        "Standard_D8ds_v5": MachineSize("standardDDSv5Family", 8, frozenset({"1", "3"})),
        "Standard_B1ms": MachineSize("standardBSFamily", 1, EVERYWHERE, "NotAvailableForSubscription"),
    },
    postgres_sizes={"Standard_B1ms": PostgresSize(1, False), "Standard_D4ds_v5": PostgresSize(4, True)},
    quotas={
        "machines": {"cores": Quota(12, 100), "standardddsv5family": Quota(4, 20)},
        "container apps": {"managedenvironmentcount": Quota(1, 15)},
        "postgres": {"standardddsv5family": Quota(0, 64)},
    },
    taken={
        "sttaken": "The storage account named sttaken is already taken.",
        "kv-taken": "The vault name 'kv-taken' is already in use.",
        "crtaken": "The registry crtaken is already in use.",
        "psql-taken": "Specified server name is already used.",
    },
    deleted_vaults=frozenset({"kv-deleted"}),
    resources={"rg-there": frozenset({OURS})},
    existing=frozenset({f"{CONTAINERS}/state", f"{KEYS}/pulumi"}),
    trusted={f"{IDENTITIES}/id-infra": frozenset({(ISSUER, SUBJECT)})},
    organisations={"example-org": "00000000-0000-0000-0000-000000000021"},
    agent_pools={"own": AgentPool(False, 1), "Azure Pipelines": AgentPool(True, 0)},
    connections={
        "federated": Connection("WorkloadIdentityFederation", ISSUER, SUBJECT, SUBSCRIPTION),
        "with-secret": Connection("ServicePrincipal", "", "", SUBSCRIPTION),
    },
)


@pytest.fixture(params=["simulated", "recorded"])
def client(request):
    return SimulatedAzure(FACTS) if request.param == "simulated" else RestAzure(Recordings(RECORDING))


def test_who_is_signed_in_and_with_which_tool(client):
    assert client.cli_version() == "2.80.0"
    assert client.signed_in() == FACTS.signed_in


def test_a_subscription_that_cannot_be_seen_is_none(client):
    assert client.subscription(SUBSCRIPTION) == FACTS.subscriptions[SUBSCRIPTION]
    assert client.subscription(STRANGE) is None


def test_permissions_come_role_by_role_with_what_each_leaves_out(client):
    assert client.permissions(SCOPE) == FACTS.permissions[SCOPE]


def test_all_pages_of_a_list_are_read(client):
    assert client.registered(SUBSCRIPTION) == FACTS.registered


def test_regions_zones_and_what_policy_allows(client):
    assert client.zones(SUBSCRIPTION) == FACTS.zones
    assert client.allowed_locations(SUBSCRIPTION) == FACTS.allowed_locations


def test_sizes_with_their_restrictions(client):
    assert client.machine_sizes(SUBSCRIPTION, "westeurope") == FACTS.machine_sizes
    assert client.postgres_sizes(SUBSCRIPTION, "westeurope") == FACTS.postgres_sizes


@pytest.mark.parametrize("service", ["machines", "container apps", "postgres"])
def test_quotas_of_each_service(client, service):
    assert client.quotas(SUBSCRIPTION, "westeurope", service) == FACTS.quotas[service]


@pytest.mark.parametrize(
    ("kind", "start"),
    [("storage account", "st"), ("key vault", "kv-"), ("registry", "cr"), ("postgres server", "psql-")],
)
def test_a_name_is_free_or_azure_says_why_not(client, kind, start):
    assert client.why_not_free(SUBSCRIPTION, kind, f"{start}free") == ""
    assert client.why_not_free(SUBSCRIPTION, kind, f"{start}taken") == FACTS.taken[f"{start}taken"]


def test_vaults_that_were_deleted_keep_their_names(client):
    assert client.deleted_vaults(SUBSCRIPTION) == {"kv-deleted"}


def test_a_group_that_is_not_there_is_empty(client):
    assert client.resources(SUBSCRIPTION, "rg-there") == FACTS.resources["rg-there"]
    assert client.resources(SUBSCRIPTION, "rg-nowhere") == frozenset()


def test_single_things_are_there_or_not(client):
    assert client.exists(f"{CONTAINERS}/state")
    assert client.exists(f"{KEYS}/pulumi")
    assert not client.exists(f"{CONTAINERS}/other")
    assert not client.exists(f"{KEYS}/other")


def test_whom_an_identity_trusts(client):
    assert client.trusted(f"{IDENTITIES}/id-infra") == {(ISSUER, SUBJECT)}
    assert client.trusted(f"{IDENTITIES}/id-nobody") == frozenset()


def test_agents_count_when_they_are_online_and_switched_on(client):
    assert client.agent_pool("example-org", "own") == AgentPool(hosted=False, online=1)
    assert client.agent_pool("example-org", "Azure Pipelines") == AgentPool(hosted=True, online=0)
    assert client.agent_pool("example-org", "none") is None


@pytest.mark.parametrize("name", ["federated", "with-secret"])
def test_how_a_service_connection_signs_in(client, name):
    assert client.connection("example-org", "my project", name) == FACTS.connections[name]


def test_a_service_connection_that_is_not_there_is_none(client):
    assert client.connection("example-org", "my project", "none") is None


def test_an_organisation_of_strangers_refuses(client):
    assert client.organisation_id("example-org") == "00000000-0000-0000-0000-000000000021"
    with pytest.raises(AzureRefusedError, match="not a member"):
        client.organisation_id("strangers")


def test_what_a_recorder_wrote_down_answers_like_the_original(tmp_path):
    recorder = Recorder(Recordings(RECORDING))
    first = RestAzure(recorder)
    facts = (first.cli_version(), first.subscription(STRANGE), first.registered(SUBSCRIPTION))
    with pytest.raises(AzureRefusedError):
        first.organisation_id("strangers")
    first.why_not_free(SUBSCRIPTION, "registry", "crtaken")
    recorder.save(tmp_path / "again.json")
    again = RestAzure(Recordings(tmp_path / "again.json"))
    assert (again.cli_version(), again.subscription(STRANGE), again.registered(SUBSCRIPTION)) == facts
    assert again.why_not_free(SUBSCRIPTION, "registry", "crtaken") == FACTS.taken["crtaken"]
    with pytest.raises(AzureRefusedError, match="not a member"):
        again.organisation_id("strangers")


def test_a_question_that_was_not_recorded_fails_the_test_that_asks_it():
    with pytest.raises(Unrecorded, match="checkNameAvailability"):
        RestAzure(Recordings(RECORDING)).why_not_free(SUBSCRIPTION, "registry", "other")


def test_the_recording_holds_no_secret():
    text = RECORDING.read_text()
    assert json.loads(text)["about"]
    assert not any(word in text for word in ("accessToken", "Bearer ", "password", "clientSecret", "eyJ"))
