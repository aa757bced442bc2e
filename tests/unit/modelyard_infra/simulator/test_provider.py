"""The provider's side of the protocol, call by call."""

import json

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugin_pb
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.status_pb2 import Status

from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.plugin.wire import UNKNOWN, packed, plain
from modelyard_infra.simulator import faults
from modelyard_infra.simulator.client import AzureClient
from modelyard_infra.simulator.faults import Fault
from modelyard_infra.simulator.provider import SimulatedProvider

SUBSCRIPTION = "00000000-0000-0000-0000-0000000000d1"
ACCOUNT = {
    "resourceGroupName": "rg",
    "accountName": "lake",
    "location": "West Europe",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
}


class RefusedCallError(Exception):
    """What gRPC would carry back."""


class Context:
    """Stands for gRPC's side of a call."""

    def __init__(self):
        self.metadata = ()

    def abort(self, code, details):
        assert code is grpc.StatusCode.UNKNOWN
        raise RefusedCallError(details)

    def set_trailing_metadata(self, metadata):
        self.metadata = metadata


def urn(kind, key="lake"):
    return f"urn:pulumi:dev::modelyard::modelyard:azure:Lake$azure-native:{kind}::{key}"


@pytest.fixture
def context():
    return Context()


@pytest.fixture
def provider(azure, cloud):
    made = SimulatedProvider(AzureClient(azure.plane), load_catalogue())
    made.Configure(pb.ConfigureRequest(args=packed({"subscriptionId": SUBSCRIPTION})), Context())
    return made


@pytest.fixture
def created(provider, context):
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(ACCOUNT))
    return provider.Create(request, context)


def check(provider, token, context, **inputs):
    request = pb.CheckRequest(urn=urn(token), news=packed(inputs), randomSeed=b"seed")
    return provider.Check(request, context)


def diff(provider, old, new, outputs=None):
    request = pb.DiffRequest(
        urn=urn("storage:StorageAccount"), old_inputs=packed(old), news=packed(new), olds=packed(outputs or {})
    )
    return provider.Diff(request, Context())


def test_the_engine_gets_the_answers_that_it_begins_with(provider, context):
    provider.Handshake(pb.ProviderHandshakeRequest(), context)
    provider.Attach(plugin_pb.PluginAttach(address="127.0.0.1:1"), context)
    assert provider.GetPluginInfo(Empty(), context).version == "3.29.0"
    schema = json.loads(provider.GetSchema(pb.GetSchemaRequest(), context).schema)
    assert "azure-native:storage:StorageAccount" in schema["resources"]
    config = packed({"subscriptionId": "s"})
    assert provider.CheckConfig(pb.CheckRequest(news=config), context).inputs == config
    assert provider.DiffConfig(pb.DiffRequest(), context).changes == pb.DiffResponse.DIFF_NONE
    assert provider.Configure(pb.ConfigureRequest(variables={"azure-native:config:subscriptionId": "s"}), context)
    provider.Cancel(Empty(), context)


def test_it_tells_who_is_signed_in_and_knows_no_other_function(provider, context):
    token = "azure-native:authorization:getClientConfig"
    answer = provider.Invoke(pb.InvokeRequest(tok=token), context)
    assert plain(getattr(answer, "return"))["subscriptionId"] == SUBSCRIPTION
    with pytest.raises(RefusedCallError, match="listKeys"):
        provider.Invoke(pb.InvokeRequest(tok="azure-native:storage:listKeys"), context)


def test_inputs_that_azure_would_refuse_fail_the_check(provider, context):
    assert list(check(provider, "storage:StorageAccount", context, **ACCOUNT).failures) == []
    wrong = {**ACCOUNT, "sku": {"name": "Huge"}, "resourceGroupName": UNKNOWN}
    failures = check(provider, "storage:StorageAccount", context, **wrong).failures
    assert [failure.property for failure in failures] == ["sku.name"]
    assert "Standard_LRS" in failures[0].reason


def test_what_has_no_name_gets_one_and_keeps_it(provider, context):
    unnamed = {name: value for name, value in ACCOUNT.items() if name != "accountName"}
    first = plain(check(provider, "storage:StorageAccount", context, **unnamed).inputs)["accountName"]
    assert first.startswith("lake")
    request = pb.CheckRequest(
        urn=urn("storage:StorageAccount"),
        news=packed(unnamed),
        olds=packed({"accountName": first}),
        randomSeed=b"other",
    )
    assert plain(provider.Check(request, context).inputs)["accountName"] == first


def test_an_unknown_kind_is_refused_with_the_known_ones(provider, context):
    with pytest.raises(RefusedCallError, match=r"compute:VirtualMachine.*storage:StorageAccount"):
        check(provider, "compute:VirtualMachine", context)


def test_without_a_subscription_nothing_is_made(azure, cloud, context):
    bare = SimulatedProvider(AzureClient(azure.plane), load_catalogue())
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(ACCOUNT))
    with pytest.raises(RefusedCallError, match="azure-native:subscriptionId"):
        bare.Create(request, context)


def test_a_preview_foresees_what_follows_and_makes_nothing(provider, azure, context):
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(ACCOUNT), preview=True)
    answer = provider.Create(request, context)
    foreseen = plain(answer.properties)
    assert answer.id == ""
    assert (foreseen["name"], foreseen["sku"]) == ("lake", {"name": "Standard_LRS", "tier": UNKNOWN})
    assert foreseen["primaryEndpoints"]["dfs"] == UNKNOWN
    assert azure.history() == []


def test_a_creation_returns_id_and_outputs(created):
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    assert created.id == f"{group}/providers/Microsoft.Storage/storageAccounts/lake"
    outputs = plain(created.properties)
    assert outputs["primaryEndpoints"]["dfs"] == "https://lake.dfs.core.windows.net/"


def test_nulls_that_the_sdk_sends_mean_nothing(provider, context):
    inputs = {**ACCOUNT, "isHnsEnabled": None, "sku": {"name": "Standard_LRS", "tier": None}}
    assert list(check(provider, "storage:StorageAccount", context, **inputs).failures) == []
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(inputs))
    assert "isHnsEnabled" not in plain(provider.Create(request, context).properties)
    assert diff(provider, ACCOUNT, inputs).changes == pb.DiffResponse.DIFF_NONE


def test_a_second_creation_is_refused(provider, created, context):
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(ACCOUNT))
    with pytest.raises(RefusedCallError, match="cannot create already existing resource"):
        provider.Create(request, context)


def test_a_creation_that_failed_half_way_hands_over_what_there_is(provider, azure, context):
    azure.fail(Fault("create", moment=faults.AFTER))
    request = pb.CreateRequest(urn=urn("storage:StorageAccount"), properties=packed(ACCOUNT))
    with pytest.raises(RefusedCallError, match="SimulatedFailure"):
        provider.Create(request, context)
    ((name, details),) = context.metadata
    assert name == "grpc-status-details-bin"
    status, failed = Status.FromString(details), pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert failed.id.endswith("/lake")
    assert plain(failed.properties)["name"] == "lake"
    assert plain(failed.inputs) == ACCOUNT


def test_differences_say_what_replaces(provider):
    same = diff(provider, ACCOUNT, {**ACCOUNT, "location": "westeurope"})
    assert same.changes == pb.DiffResponse.DIFF_NONE
    changed = diff(provider, ACCOUNT, {**ACCOUNT, "minimumTlsVersion": "TLS1_2"})
    assert (list(changed.diffs), list(changed.replaces)) == (["minimumTlsVersion"], [])
    assert changed.detailedDiff["minimumTlsVersion"].kind == pb.PropertyDiff.ADD
    renamed = diff(provider, ACCOUNT, {**ACCOUNT, "accountName": "other"})
    assert list(renamed.replaces) == ["accountName"]
    assert renamed.deleteBeforeReplace
    assert renamed.detailedDiff["accountName"].kind == pb.PropertyDiff.UPDATE_REPLACE


def test_a_read_finds_drift_and_leaves_alone_what_was_not_sent(provider, azure, created, context):
    def read():
        request = pb.ReadRequest(
            id=created.id, urn=urn("storage:StorageAccount"), inputs=packed(ACCOUNT), properties=created.properties
        )
        return provider.Read(request, context)

    found = read()
    assert plain(found.inputs) == ACCOUNT
    assert found.properties == created.properties
    azure.change("lake", "sku.name", "Standard_GRS")
    azure.change("lake", "primaryLocation", "elsewhere")
    drifted = plain(read().inputs)
    assert drifted == {**ACCOUNT, "sku": {"name": "Standard_GRS"}}
    azure.delete("lake")
    assert read().id == ""


def test_an_import_finds_the_address_and_all_that_can_be_sent(provider, created, context):
    found = provider.Read(pb.ReadRequest(id=created.id, urn=urn("storage:StorageAccount")), context)
    inputs = plain(found.inputs)
    assert (inputs["accountName"], inputs["resourceGroupName"]) == ("lake", "rg")
    assert "primaryEndpoints" not in inputs
    assert list(check(provider, "storage:StorageAccount", context, **inputs).failures) == []


def test_an_update_and_its_preview(provider, created, context):
    changed = packed({**ACCOUNT, "minimumTlsVersion": "TLS1_2"})
    request = pb.UpdateRequest(
        id=created.id, urn=urn("storage:StorageAccount"), olds=created.properties, news=changed, preview=True
    )
    foreseen = plain(provider.Update(request, context).properties)
    assert (foreseen["minimumTlsVersion"], foreseen["location"]) == ("TLS1_2", "westeurope")
    request.preview = False
    assert plain(provider.Update(request, context).properties)["minimumTlsVersion"] == "TLS1_2"


def test_a_deletion_that_is_done_already_is_fine(provider, created, context):
    request = pb.DeleteRequest(id=created.id, urn=urn("storage:StorageAccount"), properties=created.properties)
    provider.Delete(request, context)
    provider.Delete(request, context)


def test_a_refusal_of_azures_reaches_the_engine_in_its_own_words(provider, context):
    request = pb.CreateRequest(
        urn=urn("storage:StorageAccount"), properties=packed({**ACCOUNT, "resourceGroupName": "no"})
    )
    with pytest.raises(RefusedCallError, match=r"ResourceGroupNotFound.*Resource group 'no' could not be found"):
        provider.Create(request, context)
