"""Between the provider and Azure: tries again, waits, and lets things go wrong."""

import threading

import pytest

from modelyard_infra.simulator import faults
from modelyard_infra.simulator.client import AzureClient, Target
from modelyard_infra.simulator.errors import AlreadyExistsError, AzureError, PartlyDoneError
from modelyard_infra.simulator.faults import Fault

GROUP = "/subscriptions/00000000-0000-0000-0000-0000000000d1/resourceGroups/rg-new"
TARGET = Target("resources:ResourceGroup", GROUP, "group")
WANTED = {"resourceGroupName": "rg-new", "location": "westeurope"}


@pytest.fixture
def killed():
    return []


@pytest.fixture
def client(azure, killed):
    return AzureClient(azure.plane, on_kill=lambda: killed.append(True))


def outcomes(azure):
    return [(entry.operation, entry.outcome) for entry in azure.history()]


def test_a_life_leaves_its_history(client, azure):
    client.create(TARGET, WANTED)
    client.update(TARGET, {**WANTED, "tags": {"a": "b"}})
    assert client.read(TARGET).body["tags"] == {"a": "b"}
    client.delete(TARGET)
    client.delete(TARGET)
    assert client.read(TARGET) is None
    assert outcomes(azure) == [("create", "ok"), ("update", "ok"), ("delete", "ok"), ("delete", "ok")]


def test_a_creation_never_takes_over_what_exists(client, azure):
    client.create(TARGET, WANTED)
    with pytest.raises(AlreadyExistsError, match="cannot create already existing resource"):
        client.create(TARGET, WANTED)


def test_what_always_exists_can_be_created(client, cloud):
    account = cloud.put("storage:StorageAccount")
    service = Target("storage:BlobServiceProperties", f"{account.id}/blobServices/default", "service")
    wanted = {"resourceGroupName": "rg", "accountName": "lake", "blobServicesName": "default"}
    client.create(service, wanted)
    client.create(service, wanted)


@pytest.mark.parametrize(
    ("status", "code"), [(429, "TooManyRequests"), (503, "Unavailable"), (409, "AnotherOperationInProgress")]
)
def test_passing_trouble_is_tried_again_three_times(client, azure, status, code):
    azure.fail(Fault(status=status, code=code, times=3))
    client.create(TARGET, WANTED)
    assert outcomes(azure) == [("create", code)] * 3 + [("create", "ok")]
    azure.fail(Fault(status=status, code=code, times=4))
    with pytest.raises(AzureError, match=code):
        client.update(TARGET, WANTED)


@pytest.mark.parametrize(("status", "code"), [(400, "BadRequest"), (403, "Forbidden"), (409, "Conflict")])
def test_lasting_trouble_is_not_tried_again(client, azure, status, code):
    azure.fail(Fault(status=status, code=code))
    with pytest.raises(AzureError, match=code):
        client.create(TARGET, WANTED)
    assert outcomes(azure) == [("create", code)]
    assert client.plane.get(GROUP) is None


def test_a_fault_afterwards_leaves_the_resource_and_says_so(client, azure):
    azure.fail(Fault("create", moment=faults.AFTER))
    with pytest.raises(PartlyDoneError, match="SimulatedFailure"):
        client.create(TARGET, WANTED)
    assert client.plane.get(GROUP) is not None


def test_an_answer_that_is_lost_leaves_a_resource_that_nobody_knows_of(client, azure):
    azure.fail(Fault("create", moment=faults.LOST, status=500))
    with pytest.raises(AzureError):
        client.create(TARGET, WANTED)
    with pytest.raises(AlreadyExistsError):
        client.create(TARGET, WANTED)


def test_a_deletion_can_fail_before_and_after(client, azure):
    client.create(TARGET, WANTED)
    azure.fail(Fault("delete"))
    with pytest.raises(AzureError):
        client.delete(TARGET)
    assert client.plane.get(GROUP) is not None
    azure.fail(Fault("delete", moment=faults.AFTER))
    with pytest.raises(AzureError):
        client.delete(TARGET)
    assert client.plane.get(GROUP) is None


def test_faults_hit_what_they_name_when_they_say(client, azure):
    azure.fail(Fault("read", "gr*p", attempt=2))
    assert client.read(TARGET) is None
    with pytest.raises(AzureError):
        client.read(TARGET)
    assert client.read(TARGET) is None
    assert azure.faults() == []
    for pattern in ("other", "storage:*", "*/resourceGroups/rg-old"):
        azure.fail(Fault(pattern=pattern))
    client.create(TARGET, WANTED)
    assert len(azure.faults()) == 3
    azure.heal()
    assert azure.faults() == []


@pytest.mark.parametrize("pattern", ["group", "resources:*", "*/resourcegroups/rg-new", "GROUP"])
def test_a_resource_is_named_by_key_kind_or_id(client, azure, pattern):
    azure.fail(Fault(pattern=pattern))
    with pytest.raises(AzureError):
        client.create(TARGET, WANTED)


def test_reads_fail_only_when_reads_are_meant(client, azure):
    azure.fail(Fault())
    assert client.read(TARGET) is None
    with pytest.raises(AzureError):
        client.create(TARGET, WANTED)


def test_a_fault_that_kills_is_used_up_before_it_strikes(client, azure, killed):
    azure.fail(Fault("create", action=faults.KILL))
    client.create(TARGET, WANTED)
    assert killed == [True]
    assert azure.faults() == []


def test_a_hang_ends_when_its_file_is_there(client, azure, tmp_path):
    azure.fail(Fault("create", action=faults.HANG, until=str(tmp_path / "go on")))
    thread = threading.Thread(target=client.create, args=(TARGET, WANTED))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    assert azure.plane.get(GROUP) is None
    (tmp_path / "go on").touch()
    thread.join(10)
    assert azure.plane.get(GROUP) is not None


def test_at_a_pace_long_operations_take_their_time(client, azure, cloud):
    azure.set("pace", "0.01")
    wanted = {"resourceGroupName": "rg", "accountName": "slow", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    identity = f"{cloud.group.id}/providers/Microsoft.Storage/storageAccounts/slow"
    made = client.create(Target("storage:StorageAccount", identity, "slow"), {**wanted, "location": "westeurope"})
    assert made.ready_at > 0
    assert not made.busy
