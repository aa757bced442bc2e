"""What cannot change, what goes only with something else, what two cannot share."""

import pytest

from modelyard_infra.simulator.rules import names, network, services


def test_a_vault_keeps_its_protection_and_its_retention(cloud):
    cloud.put("keyvault:Vault", properties__enablePurgeProtection=True)
    with cloud.refuses("InvalidRequestContent", status=400):
        cloud.put("keyvault:Vault", properties__enablePurgeProtection=False)
    with cloud.refuses("BadRequest", status=400) as refusal:
        cloud.put("keyvault:Vault", properties__enableSoftDelete=False)
    assert "irreversible" in refusal.value.message
    kept = cloud.put("keyvault:Vault").body["properties"]
    assert kept["enablePurgeProtection"] is True
    with cloud.refuses("BadRequest"):
        cloud.put("keyvault:Vault", properties__softDeleteRetentionInDays=90)


@pytest.mark.parametrize(("old", "new"), [("LRS", "GRS"), ("GRS", "LRS"), ("ZRS", "GZRS"), ("GZRS", "RAGZRS")])
def test_redundancy_changes_in_place_within_a_region(cloud, old, new):
    cloud.put("storage:StorageAccount", sku={"name": f"Standard_{old}"})
    assert cloud.put("storage:StorageAccount", sku={"name": f"Standard_{new}"}).body["sku"]["name"] == f"Standard_{new}"


@pytest.mark.parametrize(("old", "new"), [("LRS", "ZRS"), ("ZRS", "LRS"), ("LRS", "GZRS"), ("GZRS", "GRS")])
def test_redundancy_over_zones_takes_a_conversion(cloud, old, new):
    cloud.put("storage:StorageAccount", sku={"name": f"Standard_{old}"})
    with cloud.refuses("StorageAccountTypeConversionNotAllowed", status=409):
        cloud.put("storage:StorageAccount", sku={"name": f"Standard_{new}"})


def test_a_hierarchical_namespace_is_for_ever(cloud):
    cloud.put("storage:StorageAccount")
    with cloud.refuses("AccountPropertyCannotBeUpdated"):
        cloud.put("storage:StorageAccount", isHnsEnabled=False)
    assert cloud.put("storage:StorageAccount", isHnsEnabled=None).body["isHnsEnabled"] is True


def test_storage_of_a_server_grows_and_never_shrinks(cloud):
    cloud.put("dbforpostgresql:Server")
    cloud.put("dbforpostgresql:Server", storage__storageSizeGB=128)
    with cloud.refuses("StorageSizeCannotBeDecreased"):
        cloud.put("dbforpostgresql:Server", storage__storageSizeGB=64)


def test_what_the_catalogue_says_cannot_change_is_refused(cloud):
    cloud.put("dbforpostgresql:Server", backup={"geoRedundantBackup": "Disabled"})
    with cloud.refuses("PropertyChangeNotAllowed") as refusal:
        cloud.put("dbforpostgresql:Server", backup={"geoRedundantBackup": "Enabled"})
    assert "backup.geoRedundantBackup" in refusal.value.message
    cloud.put("dbforpostgresql:Server", backup={"geoRedundantBackup": "Disabled", "backupRetentionDays": 35})


def test_a_new_network_of_an_apps_environment_is_ignored_without_a_word(cloud):
    cloud.put("network:VirtualNetwork")
    subnets = [
        cloud.put(
            "network:Subnet",
            subnetName=name,
            addressPrefix=addresses,
            delegations=[{"name": "d", "serviceName": "Microsoft.App/environments"}],
        ).id
        for name, addresses in (("one", "10.1.0.0/24"), ("two", "10.1.1.0/24"))
    ]
    for subnet in subnets:
        made = cloud.put("app:ManagedEnvironment", vnetConfiguration={"infrastructureSubnetId": subnet})
    assert made.body["vnetConfiguration"]["infrastructureSubnetId"] == subnets[0]


def test_versions_are_not_to_be_had_with_a_hierarchical_namespace(cloud):
    cloud.put("storage:StorageAccount")
    with cloud.refuses("FeatureNotSupportedForAccount", status=409):
        cloud.put("storage:BlobServiceProperties", isVersioningEnabled=True)
    cloud.put("storage:BlobServiceProperties", isVersioningEnabled=False)
    cloud.put("storage:StorageAccount", accountName="flat", isHnsEnabled=None)
    cloud.put("storage:BlobServiceProperties", accountName="flat", isVersioningEnabled=True)


@pytest.mark.parametrize(("redundancy", "fits"), [("LRS", True), ("GRS", True), ("ZRS", False), ("GZRS", False)])
def test_the_archive_tier_needs_redundancy_without_zones(cloud, redundancy, fits):
    cloud.put("storage:StorageAccount", sku={"name": f"Standard_{redundancy}"})
    if fits:
        cloud.put("storage:ManagementPolicy")
    else:
        with cloud.refuses("InvalidRequestPropertyValue"):
            cloud.put("storage:ManagementPolicy")


def test_a_replica_needs_a_premium_registry(cloud):
    cloud.put("containerregistry:Registry", sku={"name": "Standard"})
    with cloud.refuses("FeatureNotSupportedInSku"):
        cloud.put("containerregistry:Replication")
    cloud.put("containerregistry:Registry")
    cloud.put("containerregistry:Replication")


def test_containers_add_up_to_a_size_that_there_is(cloud):
    environment = cloud.put("app:ManagedEnvironment").id

    def containers(*sizes):
        return [
            {"name": f"c{n}", "image": "images/one", "resources": {"cpu": cpu, "memory": memory}}
            for n, (cpu, memory) in enumerate(sizes)
        ]

    for sizes in ([(0.25, "0.5Gi")], [(1, "2Gi"), (0.5, "1Gi")], [(4, "8Gi")]):
        cloud.put("app:ContainerApp", managedEnvironmentId=environment, template__containers=containers(*sizes))
    for sizes in ([(0.5, "2Gi")], [(1, "2Gi"), (0.5, "2Gi")], [(0.3, "0.6Gi")]):
        with cloud.refuses("ContainerAppInvalidResourceTotal"):
            cloud.put("app:ContainerApp", managedEnvironmentId=environment, template__containers=containers(*sizes))


def test_an_app_needs_an_environment_and_identities_that_exist(cloud):
    with cloud.refuses("ResourceNotFound", status=404):
        cloud.put(
            "app:ContainerApp", managedEnvironmentId=f"{cloud.group.id}/providers/Microsoft.App/managedEnvironments/no"
        )
    environment = cloud.put("app:ManagedEnvironment").id
    identity = cloud.put("managedidentity:UserAssignedIdentity")
    both = {"type": "UserAssigned", "userAssignedIdentities": [identity.id, f"{identity.id}-no"]}
    with cloud.refuses("FailedIdentityOperation"):
        cloud.put("app:ContainerApp", managedEnvironmentId=environment, identity=both)
    one = {"type": "UserAssigned", "userAssignedIdentities": [identity.id]}
    app = cloud.put("app:ContainerApp", managedEnvironmentId=environment, identity=one)
    known = app.body["identity"]["userAssignedIdentities"][identity.id]
    assert known["principalId"] == identity.body["principalId"]


def test_one_sink_of_logs_is_used_once_per_resource(cloud):
    workspace = cloud.put("operationalinsights:Workspace").id
    cloud.put("monitor:DiagnosticSetting", resourceUri=workspace, workspaceId=workspace)
    with cloud.refuses("Conflict", status=409):
        cloud.put("monitor:DiagnosticSetting", name="second", resourceUri=workspace, workspaceId=workspace)
    network = cloud.put("network:VirtualNetwork").id
    cloud.put("monitor:DiagnosticSetting", resourceUri=network, workspaceId=workspace)


def test_a_trust_exists_once_and_is_written_alone(cloud):
    cloud.put("managedidentity:UserAssignedIdentity")
    first = cloud.put("managedidentity:FederatedIdentityCredential")
    again = {"federatedIdentityCredentialResourceName": "again"}
    with cloud.refuses("Conflict", status=409) as refusal:
        cloud.put("managedidentity:FederatedIdentityCredential", **again)
    assert first.id in refusal.value.message
    cloud.put("managedidentity:FederatedIdentityCredential", subject="sc://two", **again)


def test_every_row_says_where_it_comes_from_and_is_about_a_kind_of_the_catalogue(azure):
    tables = [names, network, services]
    rows = [row for room in tables for name in dir(room) if name.isupper() for row in _rows(getattr(room, name))]
    assert len(rows) > 100
    for row in rows:
        assert row.source
        for kind in (getattr(row, "kind", None), getattr(row, "user", None)):
            assert kind is None or azure.plane.type(kind)


def _rows(table):
    return [row for row in table if hasattr(row, "source")] if isinstance(table, tuple) else []
