"""The simulated Azure under Pulumi's real engine: a small environment comes up, drifts, breaks, and goes away."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pulumi
import pytest
from pulumi.automation import (
    CommandError,
    LocalWorkspace,
    ProjectBackend,
    ProjectSettings,
    PulumiCommand,
    Stack,
    UpdateSummary,
)

from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.graph import Graph, Ref, Resource
from modelyard_infra.engine.inline import InlineProgram
from modelyard_infra.simulator import faults
from modelyard_infra.simulator.faults import Fault
from modelyard_infra.simulator.rehearsal import SimulatedAzure
from modelyard_infra.toolchain import ensure_pulumi

REPOSITORY = Path(__file__).parents[3]
SUBSCRIPTION = "00000000-0000-0000-0000-0000000000d1"
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-0000000000e1"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
BLOB_READER = f"{ROLES}/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
IN_GROUP = {"resourceGroupName": Ref("group", "name"), "location": "westeurope"}


def small_environment(name="one", **changes):
    """Nine resources that hang together. `changes` lays properties over those of a resource, key with _ for -."""
    drawn = {
        "group": ("resources:ResourceGroup", {"resourceGroupName": f"rg-{name}", "location": "West Europe"}),
        "network": (
            "network:VirtualNetwork",
            {**IN_GROUP, "virtualNetworkName": "vnet", "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}},
        ),
        "guard": ("network:NetworkSecurityGroup", {**IN_GROUP, "networkSecurityGroupName": "nsg"}),
        "subnet": (
            "network:Subnet",
            {
                "resourceGroupName": Ref("group", "name"),
                "virtualNetworkName": Ref("network", "name"),
                "subnetName": "apps",
                "addressPrefix": "10.1.0.0/24",
                "networkSecurityGroup": {"id": Ref("guard")},
            },
        ),
        "identity": ("managedidentity:UserAssignedIdentity", {**IN_GROUP, "resourceName": "id-jobs"}),
        "account": (
            "storage:StorageAccount",
            {
                **IN_GROUP,
                "accountName": f"st{name}lake",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "isHnsEnabled": True,
                "minimumTlsVersion": "TLS1_2",
            },
        ),
        "container": (
            "storage:BlobContainer",
            {
                "resourceGroupName": Ref("group", "name"),
                "accountName": Ref("account", "name"),
                "containerName": "lake",
            },
        ),
        "role": (
            "authorization:RoleAssignment",
            {
                "scope": Ref("container"),
                "roleAssignmentName": "5f0c1a44-9a80-4a0c-8d7e-0c2f6f2a7a6e",
                "roleDefinitionId": BLOB_READER,
                "principalId": Ref("identity", "principalId"),
                "principalType": "ServicePrincipal",
            },
        ),
        "vault": (
            "keyvault:Vault",
            {
                **IN_GROUP,
                "vaultName": f"kv-{name}",
                "properties": {
                    "tenantId": SUBSCRIPTION,
                    "sku": {"family": "A", "name": "standard"},
                    "enableRbacAuthorization": True,
                    "softDeleteRetentionInDays": 7,
                },
            },
        ),
    }
    return Graph(
        tuple(
            Resource(key, kind, "test", {**properties, **changes.get(key, {})})
            for key, (kind, properties) in drawn.items()
        )
    )


def register(graph):
    made = {}

    def value(given):
        if isinstance(given, Ref):
            resource = made[given.resource]
            return resource.id if given.output == "id" else getattr(resource, given.output)
        if isinstance(given, Mapping):
            return {name: value(part) for name, part in given.items()}
        return [value(part) for part in given] if isinstance(given, list) else given

    for resource in graph.ordered:
        properties = {"principalId": None, "name": None, **{name: value(v) for name, v in resource.properties.items()}}
        made[resource.key] = pulumi.CustomResource(f"azure-native:{resource.kind}", resource.key, properties)


class QuietStack(Stack):
    """A stack that does not ask for what the engine's events have told already."""

    def info(self, show_secrets=True):
        now = datetime.now(UTC)
        return UpdateSummary("", now, "", {}, {}, "", version=None, end_time=now)


class QuietWorkspace(LocalWorkspace):
    def stack_outputs(self, stack_name):
        return {}


class Yard:
    """A stack of a small environment, and the Azure that it stands in."""

    def __init__(self, folder, cli, azure, *, name="one", subscription=SUBSCRIPTION):
        self.azure, self.name, self.graph = azure, name, small_environment(name)
        self.subscription = subscription
        (folder / "state").mkdir(parents=True, exist_ok=True)
        settings = ProjectSettings(
            name="rehearsal", runtime="python", backend=ProjectBackend(url=f"file://{folder}/state")
        )
        variables = {
            "PATH": f"{REPOSITORY / 'infra' / 'simulator'}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_CONFIG_PASSPHRASE": "for tests only",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "MODELYARD_SIMULATED_AZURE": str(azure.store.file),
            "ARM_SUBSCRIPTION_ID": subscription,
        }
        workspace = QuietWorkspace(
            work_dir=str(folder),
            program=lambda: None,
            project_settings=settings,
            env_vars=variables,
            pulumi_command=cli,
        )
        self.stack = QuietStack.create(name, workspace)

    def change(self, **changes):
        self.graph = small_environment(self.name, **changes)

    def preview(self):
        return self.run(lambda told: self.stack.preview(color="never", on_event=told))

    def up(self, *, parallel=None):
        return self.run(lambda told: self.stack.up(color="never", on_event=told, parallel=parallel))

    def refresh(self):
        return self.run(lambda told: self.stack.refresh(color="never", on_event=told))

    def destroy(self):
        return self.run(lambda told: self.stack.destroy(color="never", on_event=told))

    def run(self, operation):
        """What an operation did, by its kind: how many resources."""
        counts = {}

        def told(event):
            if event.summary_event is not None:
                counts.update({str(what): count for what, count in event.summary_event.resource_changes.items()})

        with InlineProgram(lambda: register(self.graph)) as program:
            self.stack.workspace.program = program
            operation(told)
        return {what: count for what, count in counts.items() if count}

    def ids(self):
        return {stored.id for stored in self.azure.resources(self.subscription)}


def made_as(azure, urn):
    """The id of what a creation made that nobody heard of any more."""
    key = urn.rpartition("::")[2]
    ids = [entry.id for entry in azure.history() if entry.key == key]
    return ids[0] if ids else ""


@pytest.fixture(scope="module")
def cli():
    found = ensure_pulumi(Workspace.find(REPOSITORY), say=lambda line: None)
    return PulumiCommand(root=str(found.path.parent.parent))


@pytest.fixture
def azure(tmp_path):
    with SimulatedAzure(tmp_path / "azure.db") as simulated:
        yield simulated


@pytest.fixture
def yard(tmp_path, cli, azure):
    return Yard(tmp_path / "one", cli, azure)


def test_an_environment_comes_up_changes_nothing_the_second_time_and_goes_away(yard, azure):
    assert yard.up()["create"] == 10  # the stack itself is one
    assert len(yard.ids()) == 9
    assert yard.up() == {"same": 10}
    assert yard.refresh() == {"same": 10}
    yard.change(account={"minimumTlsVersion": "TLS1_1"})
    assert yard.up() == {"same": 9, "update": 1}
    assert azure.find("storage:StorageAccount").body["minimumTlsVersion"] == "TLS1_1"
    assert yard.destroy() == {"delete": 10}
    assert yard.ids() == set()
    assert [gone.kind for gone in azure.deleted()] == ["keyvault:Vault"]


def test_a_preview_shows_what_azure_would_refuse_and_foresees_outputs(yard, azure):
    assert yard.preview()["create"] == 10
    yard.change(account={"accountName": "Not_A_Name", "minimumTlsVersion": "SSL3"})
    with pytest.raises(CommandError) as refused:
        yard.preview()
    assert "accountName" in str(refused.value)
    assert "TLS1_2" in str(refused.value)
    assert azure.history() == []


def test_what_somebody_changed_or_deleted_is_found_and_repaired(yard, azure):
    yard.up()
    azure.change("storage:StorageAccount", "allowSharedKeyAccess", True)
    azure.change("network:NetworkSecurityGroup", "tags", {"changed": "by hand"})
    azure.delete("authorization:RoleAssignment")
    assert yard.refresh() == {"same": 7, "update": 2, "delete": 1}
    assert yard.up() == {"same": 7, "update": 2, "create": 1}
    assert "allowSharedKeyAccess" not in azure.find("storage:StorageAccount").body
    assert "tags" not in azure.find("network:NetworkSecurityGroup").body
    assert yard.up() == {"same": 10}


def test_a_change_of_the_address_replaces_and_the_old_goes_first(yard, azure):
    yard.up()
    yard.change(account={"accountName": "stonelakeb"})
    counts = yard.up()
    assert counts["replace"] == 3  # the account, and the container and the assignment that stand in it
    done = [(entry.operation, entry.key) for entry in azure.history() if entry.key == "account"]
    assert done == [("create", "account"), ("delete", "account"), ("create", "account")]


def test_a_creation_that_fails_half_way_is_known_to_the_state_and_finished_the_next_time(yard, azure):
    azure.fail(Fault("create", "account", moment=faults.AFTER))
    with pytest.raises(CommandError, match="SimulatedFailure"):
        yard.up()
    assert any(stored.kind == "storage:StorageAccount" for stored in azure.resources())
    assert yard.up()["update"] == 1
    assert yard.up() == {"same": 10}
    assert [entry.outcome for entry in azure.history() if entry.key == "account"] == ["ok", "ok"]


def test_an_engine_that_is_killed_leaves_an_azure_that_is_whole_and_a_creation_that_can_be_adopted(yard, azure):
    azure.fail(Fault("create", "account", action=faults.KILL, moment=faults.AFTER))
    with pytest.raises(CommandError):
        # One at a time: the engine does not die while it writes its state for another resource.
        yard.up(parallel=1)
    assert azure.find("storage:StorageAccount").body["provisioningState"] == "Succeeded"
    assert len(azure.history()) == len({entry.id for entry in azure.history()})
    yard.stack.cancel()
    exported = yard.stack.export_stack()
    begun = [operation["resource"] for operation in exported.deployment.pop("pending_operations")]
    assert [resource["urn"].rpartition("::")[2] for resource in begun] == ["account"]
    # The engine cannot know the ids of what it had begun, but Azure does.
    adopted = [{**resource, "id": made_as(azure, resource["urn"])} for resource in begun]
    exported.deployment["resources"] += [resource for resource in adopted if resource["id"]]
    yard.stack.import_stack(exported)
    yard.refresh()
    yard.up()
    assert yard.up() == {"same": 10}
    assert len(yard.ids()) == 9


def test_a_throttled_azure_is_asked_again_and_a_lasting_one_fails_the_update(yard, azure):
    azure.fail(Fault("create", "vault", status=429, code="TooManyRequests", times=2, retry_after=17))
    yard.up()
    assert [entry.outcome for entry in azure.history() if entry.key == "vault"] == ["TooManyRequests"] * 2 + ["ok"]
    azure.fail(Fault("update", "guard", status=503, code="ServiceUnavailable", times=9))
    yard.change(guard={"tags": {"a": "b"}})
    with pytest.raises(CommandError, match="ServiceUnavailable"):
        yard.up()
    assert len([entry for entry in azure.history() if entry.outcome == "ServiceUnavailable"]) == 4


def test_two_environments_share_one_azure_and_neither_touches_the_other(tmp_path, cli, azure, yard):
    other = Yard(tmp_path / "two", cli, azure, name="two", subscription=OTHER_SUBSCRIPTION)
    yard.up()
    before = {stored.id: stored for stored in azure.resources(SUBSCRIPTION)}
    other.change(account={"accountName": "stonelake"})
    with pytest.raises(CommandError, match="StorageAccountAlreadyTaken"):
        other.up()
    other.change()
    other.up()
    other.destroy()
    assert {stored.id: stored for stored in azure.resources(SUBSCRIPTION)} == before


def test_an_unknown_kind_is_refused_with_the_list_of_those_that_are_known(yard):
    yard.graph = Graph((Resource("cluster", "containerservice:ManagedCluster", "test", {}),))
    with pytest.raises(CommandError) as refused:
        yard.preview()
    assert "containerservice:ManagedCluster" in str(refused.value)
    assert "storage:StorageAccount" in str(refused.value)


def test_many_resources_come_up_in_seconds(yard):
    groups = [
        Resource(
            f"group-{number}",
            "resources:ResourceGroup",
            "test",
            {"resourceGroupName": f"rg-{number}", "location": "westeurope"},
        )
        for number in range(150)
    ]
    yard.graph = Graph(tuple(groups))
    begun = time.monotonic()
    assert yard.up()["create"] == 151
    assert time.monotonic() - begun < 20
