"""What Azure answers: the request as it writes it, with what it adds."""

import pytest


def test_defaults_of_the_service_appear(cloud):
    body = cloud.put("storage:StorageAccount").body
    assert body["accessTier"] == "Hot"
    assert body["networkRuleSet"]["defaultAction"] == "Allow"
    assert cloud.put("storage:StorageAccount", accessTier="Cool").body["accessTier"] == "Cool"


def test_the_address_is_no_part_of_the_answer_but_the_name_and_the_type_are(cloud):
    body = cloud.put("storage:StorageAccount", location="West Europe").body
    assert "accountName" not in body
    assert "resourceGroupName" not in body
    assert (body["name"], body["type"], body["location"]) == ("lake", "Microsoft.Storage/storageAccounts", "westeurope")


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("storage:StorageAccount", ["primaryEndpoints", "dfs"], "https://lake.dfs.core.windows.net/"),
        ("keyvault:Vault", ["properties", "vaultUri"], "https://kv-one.vault.azure.net/"),
        ("containerregistry:Registry", ["loginServer"], "images.azurecr.io"),
        ("dbforpostgresql:Server", ["fullyQualifiedDomainName"], "pg-one.postgres.database.azure.com"),
    ],
)
def test_addresses_follow_from_names(cloud, kind, path, value):
    found = cloud.put(kind).body
    for name in path:
        found = found[name]
    assert found == value


def test_what_azure_makes_up_stays_until_the_resource_is_made_anew(cloud):
    first = cloud.put("app:ManagedEnvironment").body
    assert first["defaultDomain"].endswith(".westeurope.azurecontainerapps.io")
    assert cloud.put("app:ManagedEnvironment", tags={"a": "b"}).body["defaultDomain"] == first["defaultDomain"]
    cloud.delete(cloud.azure.find("app:ManagedEnvironment"))
    assert cloud.put("app:ManagedEnvironment").body["defaultDomain"] != first["defaultDomain"]


def test_an_internal_environment_answers_inside_its_subnet(cloud):
    cloud.put("network:VirtualNetwork")
    delegation = [{"name": "d", "serviceName": "Microsoft.App/environments"}]
    subnet = cloud.put("network:Subnet", delegations=delegation).id
    environment = cloud.put(
        "app:ManagedEnvironment", vnetConfiguration={"infrastructureSubnetId": subnet, "internal": True}
    )
    assert environment.body["staticIp"].startswith("10.1.0.")


def test_an_app_is_found_under_its_environments_domain(cloud):
    environment = cloud.put("app:ManagedEnvironment")
    domain = environment.body["defaultDomain"]
    app = cloud.put("app:ContainerApp", managedEnvironmentId=environment.id)
    assert app.body["configuration"]["ingress"]["fqdn"] == f"mlflow.{domain}"
    assert app.body["environmentId"] == environment.id


def test_secrets_are_taken_and_never_shown(cloud):
    environment = cloud.put("app:ManagedEnvironment").id
    cloud.put(
        "app:ContainerApp",
        managedEnvironmentId=environment,
        configuration__secrets=[{"name": "token", "value": "canary-in-a-mine"}],
    )
    file = cloud.azure.store.file
    for written in (file, file.with_name(file.name + "-wal")):
        assert b"canary-in-a-mine" not in written.read_bytes()


def test_an_identity_of_ones_own_comes_with_its_ids(cloud):
    connector = cloud.plane.put(
        "databricks:AccessConnector",
        f"{cloud.group.id}/providers/Microsoft.Databricks/accessConnectors/connector",
        {
            "resourceGroupName": "rg",
            "connectorName": "connector",
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
        },
    )
    assert len(connector.body["identity"]["principalId"]) == 36
