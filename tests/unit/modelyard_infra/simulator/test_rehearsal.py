"""A simulated Azure in the hands of somebody who rehearses."""

import json

import pytest

from modelyard_infra.simulator.__main__ import main
from modelyard_infra.simulator.data_plane import SimulatedLake
from modelyard_infra.simulator.rehearsal import UnknownResourceError


@pytest.fixture
def run(azure, capsys):
    def command(*arguments):
        code = main(["--file", str(azure.store.file), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def test_a_resource_is_found_by_id_name_or_kind_if_it_is_the_only_one(azure, cloud):
    account = cloud.put("storage:StorageAccount")
    assert azure.find(account.id.upper()) == azure.find("LAKE") == azure.find("storage:StorageAccount") == account
    cloud.put("storage:StorageAccount", accountName="second")
    with pytest.raises(UnknownResourceError, match="2 resources"):
        azure.find("storage:StorageAccount")
    with pytest.raises(UnknownResourceError, match="none"):
        azure.find("nothing")


def test_resources_are_listed_by_subscription(azure, cloud):
    cloud.put("resources:ResourceGroup", subscription="other")
    assert [stored.id for stored in azure.resources("OTHER")] == ["/subscriptions/other/resourceGroups/rg"]


def test_show_lists_and_prints(run, cloud):
    cloud.put("storage:StorageAccount")
    cloud.delete(cloud.put("keyvault:Vault", properties__enablePurgeProtection=True))
    code, out, _ = run("show")
    assert code == 0
    assert "storageAccounts/lake" in out
    assert "vaults/kv-one (deleted, protected)" in out
    assert json.loads(run("show", "lake")[1])["sku"]["name"] == "Standard_LRS"


def test_change_and_delete_go_behind_everybodys_back(run, azure, cloud):
    cloud.put("storage:StorageAccount")
    assert run("change", "lake", "isSftpEnabled", "true")[0] == 0
    assert run("change", "lake", "tags.owner", "somebody")[0] == 0
    assert run("change", "lake", "accessTier", "null")[0] == 0
    body = azure.find("lake").body
    assert (body["isSftpEnabled"], body["tags"], "accessTier" in body) == (True, {"owner": "somebody"}, False)
    assert run("delete", "lake")[0] == 0
    assert run("delete", "lake")[0] == 1


def test_trouble_is_ordered_and_taken_back(run, azure):
    code, out, _ = run(
        "fail", "lake*", "--operation", "create", "--status", "429", "--code", "TooManyRequests", "--times", "2"
    )
    assert (code, out) == (0, "1 faults are waiting\n")
    (fault,) = azure.faults()
    assert (fault.pattern, fault.status, fault.times) == ("lake*", 429, 2)
    run("heal")
    assert azure.faults() == []


def test_settings_quotas_and_purges(run, azure, cloud):
    assert run("set", "quota:storage:StorageAccount", "0")[0] == 0
    with cloud.refuses("QuotaExceeded"):
        cloud.put("storage:StorageAccount")
    cloud.delete(cloud.put("keyvault:Vault"))
    assert run("purge", "keyvault:Vault", "kv-one")[0] == 0
    code, _, err = run("purge", "keyvault:Vault", "kv-one")
    assert code == 1
    assert "DeletedResourceNotFound" in err


def test_history_tells_what_was_asked_for(run, azure):
    assert run("history") == (0, "", "")


def test_it_says_which_file_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MODELYARD_SIMULATED_AZURE", raising=False)
    assert main(["show"]) == 2
    assert "MODELYARD_SIMULATED_AZURE" in capsys.readouterr().err
    assert main(["--file", str(tmp_path / "no.db"), "show"]) == 2
    assert not (tmp_path / "no.db").exists()


def test_folders_live_in_a_file_system_of_a_hierarchical_account(azure, cloud):
    lake = SimulatedLake(azure.store)
    with cloud.refuses("ResourceNotFound", status=404):
        lake.create_folder("lake", "layers", "RAW")
    account = cloud.put("storage:StorageAccount")
    with cloud.refuses("FilesystemNotFound", status=404):
        lake.create_folder("lake", "layers", "RAW")
    cloud.put("storage:BlobContainer")
    for _ in range(2):
        lake.create_folder("lake", "layers", "RAW/flights")
    assert lake.folder_exists("lake", "layers", "RAW")
    assert lake.folder_exists("lake", "layers", "/RAW/flights/")
    assert not lake.folder_exists("lake", "layers", "CLEAN")
    for _ in range(2):
        lake.delete_folder("lake", "layers", "RAW")
    assert not lake.folder_exists("lake", "layers", "RAW/flights")
    lake.create_folder("lake", "layers", "CLEAN")
    cloud.delete(account)
    assert not lake.folder_exists("lake", "layers", "CLEAN")


def test_folders_need_a_hierarchical_namespace(azure, cloud):
    cloud.put("storage:StorageAccount", isHnsEnabled=None)
    cloud.put("storage:BlobContainer")
    with cloud.refuses("EndpointUnsupportedAccountFeatures", status=409):
        SimulatedLake(azure.store).create_folder("lake", "layers", "RAW")


def test_folders_go_with_their_file_system(azure, cloud):
    lake = SimulatedLake(azure.store)
    cloud.put("storage:StorageAccount")
    container = cloud.put("storage:BlobContainer")
    lake.create_folder("lake", "layers", "RAW")
    cloud.delete(container)
    cloud.put("storage:BlobContainer")
    assert not lake.folder_exists("lake", "layers", "RAW")
