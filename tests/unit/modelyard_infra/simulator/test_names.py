"""Names in the simulated Azure: worldwide, soft-deleted, counted."""

import pytest

OTHER = "00000000-0000-0000-0000-0000000000e1"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("storage:StorageAccount", "StorageAccountAlreadyTaken"),
        ("keyvault:Vault", "VaultAlreadyExists"),
        ("containerregistry:Registry", "AlreadyInUse"),
        ("dbforpostgresql:Server", "ServerNameAlreadyExists"),
    ],
)
def test_a_name_that_another_subscription_has_is_taken(cloud, kind, code):
    cloud.put(kind)
    cloud.put("resources:ResourceGroup", subscription=OTHER)
    with cloud.refuses(code, status=409):
        cloud.put(kind, subscription=OTHER)


def test_names_that_are_not_worldwide_may_repeat_in_other_subscriptions(cloud):
    cloud.put("network:VirtualNetwork")
    cloud.put("resources:ResourceGroup", subscription=OTHER)
    cloud.put("network:VirtualNetwork", subscription=OTHER)


def test_a_deleted_vault_keeps_its_name_until_it_is_purged_or_recovered(cloud):
    vault = cloud.put("keyvault:Vault")
    cloud.delete(vault)
    with cloud.refuses("ConflictError", status=409) as refusal:
        cloud.put("keyvault:Vault")
    assert "recover or purge" in refusal.value.message
    recovered = cloud.put("keyvault:Vault", properties__createMode="recover")
    cloud.delete(recovered)
    cloud.plane.purge("keyvault:Vault", "kv-one")
    cloud.put("keyvault:Vault")


def test_a_vault_with_purge_protection_cannot_be_purged(cloud):
    cloud.delete(cloud.put("keyvault:Vault", properties__enablePurgeProtection=True))
    with cloud.refuses("MethodNotAllowed"):
        cloud.plane.purge("keyvault:Vault", "kv-one")
    with cloud.refuses("DeletedResourceNotFound", status=404):
        cloud.plane.purge("keyvault:Vault", "kv-two")


def test_a_vault_that_goes_with_its_group_is_soft_deleted_too(cloud):
    cloud.put("keyvault:Vault")
    cloud.delete(cloud.group)
    cloud.put("resources:ResourceGroup")
    with cloud.refuses("ConflictError"):
        cloud.put("keyvault:Vault")


def test_quotas_count_per_subscription_and_region(cloud):
    cloud.azure.set("quota:storage:StorageAccount", "1")
    cloud.put("storage:StorageAccount")
    cloud.put("storage:StorageAccount")  # the same once more
    with cloud.refuses("QuotaExceeded"):
        cloud.put("storage:StorageAccount", accountName="second")
    cloud.put("storage:StorageAccount", accountName="third", location="northeurope")
    cloud.put("resources:ResourceGroup", subscription=OTHER)
    cloud.put("storage:StorageAccount", accountName="fourth", subscription=OTHER)


def test_a_resource_has_at_most_five_diagnostic_settings(cloud):
    network = cloud.put("network:VirtualNetwork").id
    for number in range(5):
        workspace = cloud.put("operationalinsights:Workspace", workspaceName=f"logs-{number}").id
        cloud.put("monitor:DiagnosticSetting", name=f"s{number}", resourceUri=network, workspaceId=workspace)
    more = cloud.put("operationalinsights:Workspace", workspaceName="logs-more").id
    with cloud.refuses("QuotaExceeded"):
        cloud.put("monitor:DiagnosticSetting", name="more", resourceUri=network, workspaceId=more)


def test_a_databricks_workspace_makes_its_own_group_and_takes_it_away(cloud):
    cloud.put("resources:ResourceGroup", resourceGroupName="rg-managed")
    with cloud.refuses("ManagedResourceGroupAlreadyExists"):
        cloud.put("databricks:Workspace")
    cloud.plane.delete("resources:ResourceGroup", cloud.group.id + "-managed")
    workspace = cloud.put("databricks:Workspace")
    cloud.put("databricks:Workspace")
    managed = cloud.plane.get(cloud.group.id + "-managed")
    assert managed.body["managedBy"] == workspace.id
    cloud.delete(workspace)
    assert cloud.plane.get(managed.id) is None
