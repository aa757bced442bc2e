"""What a resource lies in must exist, and takes it along when it goes."""


def test_nothing_exists_outside_of_a_resource_group(cloud):
    with cloud.refuses("ResourceGroupNotFound", status=404):
        cloud.put("storage:StorageAccount", resourceGroupName="nowhere")


def test_a_child_needs_its_parent(cloud):
    with cloud.refuses("ParentResourceNotFound", status=404):
        cloud.put("network:Subnet")
    with cloud.refuses("ParentResourceNotFound"):
        cloud.put("storage:BlobContainer")
    cloud.put("storage:StorageAccount")
    cloud.put("storage:BlobContainer")


def test_an_extension_needs_what_it_extends(cloud):
    workspace = cloud.put("operationalinsights:Workspace").id
    with cloud.refuses("ResourceNotFound", status=404):
        cloud.put("monitor:DiagnosticSetting", resourceUri=f"{workspace}-other", workspaceId=workspace)
    cloud.put("monitor:DiagnosticSetting", resourceUri=workspace, workspaceId=workspace)


def test_a_secret_counts_as_there_as_soon_as_its_vault_is(cloud):
    vault = cloud.put("keyvault:Vault").id
    with cloud.refuses("ResourceNotFound", status=404):
        cloud.put("authorization:RoleAssignment", scope=f"{vault}-other/secrets/pepper")
    with cloud.refuses("ResourceNotFound", status=404):
        cloud.put("authorization:RoleAssignment", scope=f"{vault}/drawers/pepper")
    cloud.put("authorization:RoleAssignment", scope=f"{vault}/secrets/pepper")


def test_the_blob_service_is_there_with_its_account_and_deleting_it_resets_it(cloud):
    account = cloud.put("storage:StorageAccount")
    service = f"{account.id}/blobServices/default"
    kind = "storage:BlobServiceProperties"
    assert cloud.plane.get(service, kind).body["deleteRetentionPolicy"]["enabled"] is False
    cloud.put("storage:BlobContainer")
    made = cloud.put(kind, deleteRetentionPolicy={"enabled": True, "days": 7})
    cloud.delete(made)
    assert cloud.plane.get(service, kind).body["deleteRetentionPolicy"]["enabled"] is False
    assert cloud.plane.get(f"{service}/containers/layers") is not None
    cloud.delete(account)
    assert cloud.plane.get(service, kind) is None


def test_a_group_takes_everything_along_and_nothing_of_others(cloud):
    other = cloud.put("resources:ResourceGroup", resourceGroupName="rg-other")
    cloud.put("network:VirtualNetwork")
    cloud.put("network:Subnet")
    kept = cloud.put("network:VirtualNetwork", resourceGroupName="rg-other")
    cloud.delete(cloud.group)
    assert [stored.id for stored in cloud.azure.resources()] == [other.id, kept.id]


def test_deleting_what_is_gone_is_fine(cloud):
    account = cloud.put("storage:StorageAccount")
    cloud.delete(account)
    cloud.delete(account)
    assert cloud.get(account) is None


def test_a_resource_cannot_move_to_another_region(cloud):
    cloud.put("storage:StorageAccount", location="West Europe")
    cloud.put("storage:StorageAccount", location="westeurope")
    with cloud.refuses("InvalidResourceLocation", status=409):
        cloud.put("storage:StorageAccount", location="northeurope")


def test_what_the_specification_refuses_is_refused_with_what_is_allowed(cloud):
    with cloud.refuses("InvalidRequestContent", status=400) as refusal:
        cloud.put("storage:StorageAccount", sku__name="Standard_XXL")
    assert "Standard_LRS" in refusal.value.message
    with cloud.refuses("InvalidRequestContent"):
        cloud.put("storage:StorageAccount", accountName="Not-A-Name")
    with cloud.refuses("InvalidRequestContent"):
        cloud.put("storage:StorageAccount", sku=None)
    with cloud.refuses("InvalidRequestContent"):
        cloud.put("storage:StorageAccount", noSuchProperty=True)
