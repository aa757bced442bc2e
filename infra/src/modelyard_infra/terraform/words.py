"""Which Terraform resource says which kind of Azure resource, and by which function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from modelyard_infra.terraform import (
    apps,
    database,
    governance,
    identities,
    images,
    network,
    observability,
    spark,
    storage,
)
from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.reading import Said

Translator: TypeAlias = Callable[[Said], Arguments]


@dataclass(frozen=True, slots=True)
class Companion:
    """A second Terraform resource that says a part of the same Azure resource."""

    type: str
    say: Translator
    """Its arguments. One that has no value means that there is nothing to say."""
    subject: str
    """Argument with the id of the first."""


@dataclass(frozen=True, slots=True)
class Words:
    """How one kind is said."""

    type: str
    """Terraform's name of the resource."""
    say: Translator
    companions: tuple[Companion, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Terraform's attribute for an output of Azure, beyond id and name; TYPE.attribute for one of a companion."""
    replaces: frozenset[str] = frozenset()
    """Properties whose change replaces the resource in azurerm by itself."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A kind that azurerm says inside another resource."""

    property: str
    """Property that refers to the name of the resource around it."""
    say: Translator
    """What is added to its arguments; lists are joined."""
    id: str
    """Its id: what follows the id of the resource around it."""


WORDS: Mapping[str, Words] = {
    "resources:ResourceGroup": Words("azurerm_resource_group", governance.resource_group),
    "authorization:ManagementLockByScope": Words("azurerm_management_lock", governance.management_lock),
    "authorization:RoleAssignment": Words("azurerm_role_assignment", governance.role_assignment),
    "consumption:Budget": Words("azurerm_consumption_budget_resource_group", governance.budget),
    "network:VirtualNetwork": Words("azurerm_virtual_network", network.virtual_network),
    "network:Subnet": Words(
        "azurerm_subnet",
        network.subnet,
        companions=(
            Companion("azurerm_subnet_network_security_group_association", network.subnet_security, "subnet_id"),
            Companion("azurerm_subnet_nat_gateway_association", network.subnet_way_out, "subnet_id"),
        ),
        outputs={network.SECURED: "azurerm_subnet_network_security_group_association.id"},
    ),
    "network:NetworkSecurityGroup": Words("azurerm_network_security_group", network.security_group),
    "network:NatGateway": Words(
        "azurerm_nat_gateway",
        network.nat_gateway,
        companions=(
            Companion("azurerm_nat_gateway_public_ip_association", network.nat_gateway_address, "nat_gateway_id"),
        ),
    ),
    "network:PublicIPAddress": Words("azurerm_public_ip", network.public_address, outputs={"ipAddress": "ip_address"}),
    "network:PrivateEndpoint": Words("azurerm_private_endpoint", network.private_endpoint),
    "privatedns:PrivateZone": Words("azurerm_private_dns_zone", network.private_zone),
    "privatedns:VirtualNetworkLink": Words("azurerm_private_dns_zone_virtual_network_link", network.zone_link),
    "privatedns:PrivateRecordSet": Words("azurerm_private_dns_a_record", network.address_record),
    "managedidentity:UserAssignedIdentity": Words(
        "azurerm_user_assigned_identity",
        identities.user_assigned_identity,
        outputs={"principalId": "principal_id", "clientId": "client_id", "tenantId": "tenant_id"},
    ),
    "managedidentity:FederatedIdentityCredential": Words(
        "azurerm_federated_identity_credential", identities.federated_credential
    ),
    "keyvault:Vault": Words("azurerm_key_vault", identities.vault, outputs={"properties.vaultUri": "vault_uri"}),
    "storage:StorageAccount": Words(
        "azurerm_storage_account",
        storage.storage_account,
        outputs={"primaryEndpoints.dfs": "primary_dfs_endpoint", "primaryEndpoints.blob": "primary_blob_endpoint"},
    ),
    "storage:BlobContainer": Words("azurerm_storage_container", storage.container),
    "storage:ManagementPolicy": Words("azurerm_storage_management_policy", storage.lifecycle),
    "modelyard:azure:LakeFolder": Words("azurerm_storage_data_lake_gen2_path", storage.folder),
    "containerregistry:Registry": Words(
        "azurerm_container_registry", images.registry, outputs={"loginServer": "login_server"}
    ),
    "dbforpostgresql:Server": Words(
        "azurerm_postgresql_flexible_server", database.server, outputs={"fullyQualifiedDomainName": "fqdn"}
    ),
    "dbforpostgresql:Database": Words("azurerm_postgresql_flexible_server_database", database.database),
    "dbforpostgresql:Configuration": Words("azurerm_postgresql_flexible_server_configuration", database.setting),
    "dbforpostgresql:AdministratorsMicrosoftEntra": Words(
        "azurerm_postgresql_flexible_server_active_directory_administrator", database.administrator
    ),
    "app:ManagedEnvironment": Words(
        "azurerm_container_app_environment",
        apps.environment,
        outputs={"defaultDomain": "default_domain", "staticIp": "static_ip_address"},
        replaces=frozenset({"vnetConfiguration"}),
    ),
    "app:ContainerApp": Words(
        "azurerm_container_app",
        apps.app,
        outputs={
            "latestRevisionFqdn": "latest_revision_fqdn",
            "latestRevisionName": "latest_revision_name",
            "configuration.ingress.fqdn": "ingress[0].fqdn",
        },
    ),
    "app:Job": Words("azurerm_container_app_job", apps.job),
    "databricks:Workspace": Words(
        "azurerm_databricks_workspace", spark.workspace, outputs={"workspaceUrl": "workspace_url"}
    ),
    "databricks:AccessConnector": Words(
        "azurerm_databricks_access_connector",
        spark.access_connector,
        outputs={"identity.principalId": "identity[0].principal_id"},
    ),
    "operationalinsights:Workspace": Words(
        "azurerm_log_analytics_workspace", observability.log_workspace, outputs={"customerId": "workspace_id"}
    ),
    "monitor:DiagnosticSetting": Words("azurerm_monitor_diagnostic_setting", observability.diagnostic_setting),
    "monitor:ActionGroup": Words("azurerm_monitor_action_group", observability.action_group),
    "monitor:MetricAlert": Words("azurerm_monitor_metric_alert", observability.metric_alert),
    "monitor:ScheduledQueryRule": Words("azurerm_monitor_scheduled_query_rules_alert_v2", observability.query_alert),
}
"""Kinds with a Terraform resource of their own."""

FOLDS: Mapping[str, Fold] = {
    "storage:BlobServiceProperties": Fold("accountName", storage.blob_service, "/blobServices/default"),
    "network:PrivateDnsZoneGroup": Fold("privateEndpointName", network.endpoint_names, "/privateDnsZoneGroups/default"),
    "containerregistry:Replication": Fold("registryName", images.replication, "/replications/{location}"),
}
"""Kinds that azurerm says inside another resource."""

AZAPI: Mapping[str, str] = {"app:ContainerAppsAuthConfig": "containerAppName"}
"""Kinds that azurerm has no words for, and the property that refers to what they belong to: said through azapi."""
