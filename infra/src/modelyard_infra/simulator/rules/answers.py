"""What Azure adds to an answer beyond what the catalogue knows, and how long it takes to answer."""

from __future__ import annotations

from modelyard_infra.simulator.rules.rows import Computed, Slow

_BICEP = "Azure/bicep-types-az, read-only properties of the type"


def _computed(kind: str, values: dict[str, object], *, needs: str = "") -> tuple[Computed, ...]:
    return tuple(Computed(kind, path, value, _BICEP, needs) for path, value in values.items())


COMPUTED = (
    *_computed("storage:StorageAccount", {"sku.tier": "Standard", "creationTime": "{created}"}),
    *_computed("storage:BlobContainer", {"hasLegalHold": False, "hasImmutabilityPolicy": False}),
    *_computed("containerregistry:Registry", {"loginServer": "{lower:name}.azurecr.io", "sku.tier": "{at:sku.name}"}),
    *_computed(
        "managedidentity:UserAssignedIdentity",
        {"principalId": "{guid:principal}", "clientId": "{guid:client}", "tenantId": "{tenant}"},
    ),
    *_computed("operationalinsights:Workspace", {"customerId": "{guid:customer}"}),
    *_computed("network:PublicIPAddress", {"ipAddress": "{public_ip}"}),
    *_computed("network:PrivateEndpoint", {"networkInterfaces": [{"id": "{id}.nic.{guid:nic}"}]}),
    *_computed(
        "app:ManagedEnvironment",
        {"defaultDomain": "{word}.{location}.azurecontainerapps.io", "staticIp": "{static_ip}"},
    ),
    *_computed(
        "app:ContainerApp",
        {"latestRevisionName": "{name}--{revision}", "latestReadyRevisionName": "{name}--{revision}"},
    ),
    *_computed("app:ContainerApp", {"managedEnvironmentId": "{at:environmentId}"}, needs="environmentId"),
    *_computed("app:ContainerApp", {"environmentId": "{at:managedEnvironmentId}"}, needs="managedEnvironmentId"),
    *_computed(
        "app:ContainerApp",
        {
            "configuration.ingress.fqdn": "{name}.{see:environmentId:defaultDomain}",
            "latestRevisionFqdn": "{name}--{revision}.{see:environmentId:defaultDomain}",
        },
        needs="configuration.ingress",
    ),
    *_computed(
        "databricks:Workspace",
        {"workspaceId": "{digits}", "workspaceUrl": "adb-{digits}.1.azuredatabricks.net"},
    ),
)
"""Beyond what the catalogue computes from addresses."""

_DURATION = "typical durations seen in deployments; not promised by Azure"
SLOW = tuple(
    Slow(kind, seconds, _DURATION)
    for kind, seconds in (
        ("network:VirtualNetwork", 5),
        ("network:Subnet", 5),
        ("network:NatGateway", 20),
        ("network:PublicIPAddress", 5),
        ("network:PrivateEndpoint", 60),
        ("privatedns:PrivateZone", 30),
        ("privatedns:VirtualNetworkLink", 30),
        ("storage:StorageAccount", 25),
        ("keyvault:Vault", 30),
        ("containerregistry:Registry", 15),
        ("containerregistry:Replication", 60),
        ("dbforpostgresql:Server", 420),
        ("dbforpostgresql:Database", 20),
        ("dbforpostgresql:Configuration", 30),
        ("dbforpostgresql:AdministratorsMicrosoftEntra", 30),
        ("app:ManagedEnvironment", 240),
        ("app:ContainerApp", 30),
        ("app:Job", 15),
        ("databricks:Workspace", 180),
        ("databricks:AccessConnector", 10),
        ("operationalinsights:Workspace", 30),
    )
)
