"""What breaks each policy, and what breaks none: changes to the graphs that the environments are drawn as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Value
from modelyard_infra.testing.editing import GONE, Gone, changed, read, unprotected, with_more, without

Edit: TypeAlias = Callable[[Graph], Graph]

OTHER_SUBSCRIPTION = "/subscriptions/99999999-9999-9999-9999-999999999999"
SIGN_IN = "identityProviders.azureActiveDirectory.registration"
LOGS_OF_APPS = "appLogsConfiguration.logAnalyticsConfiguration"
CONTAINER = "template.containers.0"
SSH: Mapping[str, Value] = {
    "name": "ssh",
    "priority": 200,
    "direction": "Inbound",
    "access": "Allow",
    "protocol": "Tcp",
    "sourceAddressPrefix": "Internet",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}
STORE_WITH_PASSWORD = Joined(("postgresql://user:pa55word@", Ref("postgres", "name")))
FIREWALL_RULE = "dbforpostgresql:FirewallRule"
KEY = Joined(("https://", Ref("vault", "name"), ".vault.azure.net/keys/own/1"))


def to(key: str, path: str, value: Value | Gone) -> Edit:
    """Another value in one property."""
    return lambda graph: changed(graph, key, path, value)


def altered(key: str, path: str, alter: Callable[[str], str]) -> Edit:
    """Another text in one property, made of the one that stands there."""
    return lambda graph: changed(graph, key, path, alter(read(graph, key, path)))


def less(*keys: str) -> Edit:
    """Without some resources, and without all that refers to them."""
    return lambda graph: without(graph, *keys)


def more(kind: str, properties: Mapping[str, Value]) -> Edit:
    """One more resource."""
    return lambda graph: with_more(graph, "added", kind, properties)


def addresses(first: str, last: str) -> Mapping[str, Value]:
    """A range that a firewall of PostgreSQL lets in."""
    return {"startIpAddress": first, "endIpAddress": last}


def role(key: str, definition: str) -> Edit:
    """Another role, by its GUID."""
    return altered(key, "roleDefinitionId", lambda old: f"{old.rpartition('/')[0]}/{definition}")


def image(key: str, alter: Callable[[str], str]) -> Edit:
    """Another image in the first container."""
    return altered(key, f"{CONTAINER}.image", alter)


def twin(graph: Graph) -> Graph:
    """Names the account of another environment."""
    other = read(graph, "lake-account", "accountName").replace("prod", "test")
    return changed(graph, "lake-account", "tags.twin", f"abfss://lake@{other}.dfs.core.windows.net")


def security_rule(**settings: Value) -> Edit:
    """Another first rule of a security group: SSH from the internet, or what `settings` make of it."""
    return to("nsg-postgres", "securityRules.0", {**SSH, **settings})


def open_registry(action: str, *ranges: str) -> Edit:
    """A registry that has a firewall, in an environment that is open."""
    firewall: Value = {"defaultAction": action, "ipRules": [{"iPAddressOrRange": addresses} for addresses in ranges]}

    def edit(graph: Graph) -> Graph:
        return changed(changed(graph, "registry", "sku.name", "Premium"), "registry", "networkRuleSet", firewall)

    return edit


class Case(NamedTuple):
    """A change to an environment's graph that breaks one rule."""

    rule: str
    edit: Edit
    environment: str = "prod"


BREAKS: tuple[Case, ...] = (
    # network
    Case("network-guarded", to("subnet-postgres", "networkSecurityGroup", GONE)),
    Case("network-no-open-management", security_rule()),
    Case("network-no-open-management", security_rule(sourceAddressPrefix="*", destinationPortRange="*")),
    Case("network-no-open-management", security_rule(sourceAddressPrefix="::/0", destinationPortRange="3000-4000")),
    Case("network-no-open-management", security_rule(sourceAddressPrefix=None, sourceAddressPrefixes=["Any"])),
    Case("network-no-open-management", more("network:SecurityRule", SSH)),
    Case("network-not-from-internet", security_rule(destinationPortRange="443")),
    Case("network-not-from-internet", security_rule(destinationPortRange=None, destinationPortRanges=["80", "443"])),
    Case("network-no-default-way-out", to("subnet-container-apps", "defaultOutboundAccess", GONE)),
    Case("network-no-default-way-out", to("subnet-container-apps", "defaultOutboundAccess", True)),
    Case("network-delegations", to("subnet-container-apps", "delegations", GONE)),
    Case("network-delegations", to("subnet-postgres", "delegations.0.serviceName", "Microsoft.Web/serverFarms")),
    Case("network-delegations", to("endpoint-vault", "subnet", {"id": Ref("subnet-postgres")})),
    # private endpoints and public access
    Case("endpoints-for-data", less("endpoint-lake-dfs")),
    Case("endpoints-for-data", less("endpoint-databricks-sign-in")),
    Case("endpoints-names", less("endpoint-vault-names")),
    Case("endpoints-names", to("endpoint-vault-names", "privateDnsZoneConfigs.0.privateDnsZoneId", Ref("zone-blob"))),
    Case("endpoints-names", to("zone-vault", "privateZoneName", "privatelink.vault.azure.net")),
    Case("endpoints-zones-linked", less("zone-blob-link")),
    Case("no-public-access", to("lake-account", "publicNetworkAccess", "Enabled")),
    Case("no-public-access", to("vault", "properties.publicNetworkAccess", GONE)),
    Case("no-public-access", to("databricks", "publicNetworkAccess", "Enabled"), "test"),
    Case("no-public-access", to("apps-environment", "publicNetworkAccess", "Enabled")),
    # roles and sign-in
    Case("roles-not-broad", role("role-jobs-layers", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")),
    Case("roles-not-broad", role("role-jobs-layers", "B7E6DC6D-F1E8-4753-8033-0F276BB0955B")),
    Case("roles-not-broad", role("role-auditors-group", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9")),
    Case("roles-contributor", to("role-platform-team-group", "principalType", "ServicePrincipal")),
    Case("roles-not-for-people", to("role-auditors-group", "principalType", "User")),
    Case("roles-not-for-people", to("role-jobs-layers", "principalType", GONE)),
    Case("roles-named", to("role-jobs-layers", "roleAssignmentName", "jobs-layers")),
    Case("roles-narrow", to("role-jobs-layers", "scope", "/providers/Microsoft.Management/managementGroups/all")),
    Case("roles-narrow", to("role-jobs-layers", "scope", Ref("group"))),
    Case("roles-narrow", to("role-auditors-group", "scope", "/")),
    Case("trust-exact", altered("identity-pipelines-trust", "subject", lambda old: f"{old[:-1]}*")),
    Case("trust-exact", altered("identity-pipelines-trust", "subject", lambda old: old.replace("/sc/", "/*/sc/"))),
    Case("trust-exact", to("identity-pipelines-trust", "audiences", ["api://AzureADTokenExchange", "https://any"])),
    Case("trust-exact", to("identity-pipelines-trust", "issuer", "https://vstoken.dev.azure.com/another")),
    Case("no-client-secrets", to("mlflow-sign-in", f"{SIGN_IN}.clientSecretSettingName", "mlflow")),
    Case("no-client-secrets", to("apps-environment", f"{LOGS_OF_APPS}.sharedKey", Ref("logs", "key"))),
    Case("no-client-secrets", to("apps-environment", "workloadProfiles.0.connectionString", "x")),
    # secrets
    Case("vault-roles-only", to("vault", "properties.enableRbacAuthorization", False)),
    Case("vault-roles-only", to("vault", "properties.accessPolicies", [{"objectId": "somebody"}])),
    Case("vault-purge-protection", to("vault", "properties.enablePurgeProtection", GONE)),
    Case("vault-soft-delete", to("vault", "properties.enableSoftDelete", False)),
    Case("vault-soft-delete", to("vault", "properties.softDeleteRetentionInDays", 1)),
    Case("vault-firewall", to("vault", "properties.networkAcls.defaultAction", "Allow")),
    Case("vault-firewall", to("vault", "properties.networkAcls.ipRules", [{"value": "198.51.100.0/24"}])),
    Case("vault-not-for-machines", to("vault", "properties.enabledForTemplateDeployment", True)),
    Case("no-secrets", to("lake-account", "tags.note", "AccountKey=bm90IGEga2V5")),
    Case("no-secrets", to("mlflow", f"{CONTAINER}.env.0.value", STORE_WITH_PASSWORD)),
    # storage
    Case("storage-no-public-account", to("lake-account", "allowBlobPublicAccess", True)),
    Case("storage-no-public-account", to("lake-account", "allowBlobPublicAccess", GONE)),
    Case("storage-no-public-container", to("lake-layers", "publicAccess", "Blob")),
    Case("storage-https-only", to("lake-account", "enableHttpsTrafficOnly", False)),
    Case("storage-modern-tls", to("lake-account", "minimumTlsVersion", "TLS1_0")),
    Case("storage-no-shared-keys", to("lake-account", "allowSharedKeyAccess", True)),
    Case("storage-no-shared-keys", to("lake-account", "allowSharedKeyAccess", GONE)),
    Case("storage-no-shared-keys", to("lake-account", "defaultToOAuthAuthentication", False)),
    Case("storage-no-local-users", to("lake-account", "isLocalUserEnabled", True)),
    Case("storage-no-local-users", to("lake-account", "isSftpEnabled", True)),
    Case("storage-no-local-users", to("lake-account", "enableNfsV3", True)),
    Case("storage-no-copies-outside", to("lake-account", "allowCrossTenantReplication", True)),
    Case("storage-no-copies-outside", to("lake-account", "allowedCopyScope", GONE)),
    Case("storage-encrypted-twice", to("lake-account", "encryption.requireInfrastructureEncryption", GONE)),
    Case("storage-firewall", to("lake-account", "networkRuleSet.defaultAction", "Allow")),
    Case("storage-firewall", to("lake-account", "networkRuleSet.ipRules", [{"iPAddressOrRange": "198.51.100.7"}])),
    Case("storage-soft-delete", to("lake-blob-service", "deleteRetentionPolicy.enabled", False)),
    Case("storage-soft-delete", to("lake-blob-service", "containerDeleteRetentionPolicy.days", 0)),
    Case("storage-soft-delete", less("lake-blob-service")),
    Case("storage-lifecycle", less("lake-lifecycle")),
    # database
    Case("database-entra-only", to("postgres", "authConfig.passwordAuth", "Enabled")),
    Case("database-entra-only", to("postgres", "administratorLogin", "admin")),
    Case("database-entra-only", to("postgres", "authConfig.activeDirectoryAuth", "Disabled")),
    Case("database-administrators", to("postgres-administrator", "principalType", "User")),
    Case("database-tls", less("postgres-require-secure-transport")),
    Case("database-tls", to("postgres-ssl-min-protocol-version", "value", "TLSv1.1")),
    Case("database-private", to("postgres", "network.publicNetworkAccess", "Enabled")),
    Case("database-private", to("postgres", "network.privateDnsZoneArmResourceId", GONE)),
    Case("database-no-open-firewall", more(FIREWALL_RULE, addresses("0.0.0.0", "0.0.0.0"))),  # noqa: S104 - nothing listens
    Case("database-no-open-firewall", more(FIREWALL_RULE, addresses("1.0.0.0", "255.255.255.255"))),
    Case("database-backups", to("postgres", "backup.backupRetentionDays", 1)),
    Case("database-backups-elsewhere", to("postgres", "backup.geoRedundantBackup", "Disabled")),
    Case("database-logging", to("postgres-log-connections", "value", "off")),
    Case("database-logging", less("postgres-log-checkpoints")),
    # registry
    Case("registry-no-admin", to("registry", "adminUserEnabled", True)),
    Case("registry-no-anonymous-pull", to("registry", "anonymousPullEnabled", True)),
    Case("registry-premium", to("registry", "sku.name", "Standard"), "test"),
    Case("registry-retention", to("registry", "policies.retentionPolicy.status", "disabled")),
    Case("registry-retention", to("registry", "policies.retentionPolicy.days", 366)),
    Case("registry-no-export", to("registry", "policies.exportPolicy.status", "enabled")),
    Case("registry-firewall", open_registry("Allow"), "dev"),
    Case("registry-firewall", open_registry("Deny", "198.51.100.7"), "dev"),
    # apps
    Case("apps-https-only", to("mlflow", "configuration.ingress.allowInsecure", True)),
    Case("apps-encrypted-inside", to("apps-environment", "peerTrafficConfiguration.encryption.enabled", False)),
    Case("apps-in-network", to("apps-environment", "vnetConfiguration.infrastructureSubnetId", GONE)),
    Case("apps-internal", to("apps-environment", "vnetConfiguration.internal", False)),
    Case("apps-restricted", to("model-flight-delay", "configuration.ingress.ipSecurityRestrictions", []), "dev"),
    Case("apps-pull-by-identity", to("mlflow", "configuration.registries.0.identity", GONE)),
    Case("apps-pull-by-identity", to("job-nightly", "configuration.registries.0.username", "admin")),
    Case("apps-pinned-images", image("mlflow", lambda old: f"{old.partition('@')[0]}:3.17")),
    Case("apps-pinned-images", image("job-weekly", lambda old: old[:-1])),
    Case("apps-no-latest", image("mlflow", lambda old: old.replace("@", ":latest@"))),
    Case("apps-own-registry", image("mlflow", lambda old: f"docker.io/mlflow/{old.rpartition('/')[2]}")),
    Case("apps-probes", to("mlflow", f"{CONTAINER}.probes", GONE)),
    Case("apps-probes", to("model-flight-delay", f"{CONTAINER}.probes.1", GONE)),
    Case("apps-no-plain-secrets", to("mlflow", f"{CONTAINER}.env.0", {"name": "DB_PASSWORD", "value": "hunter2"})),
    Case("apps-no-plain-secrets", to("mlflow", "configuration.secrets", [{"name": "db", "value": "hunter2"}])),
    Case("apps-identity", to("job-nightly", "identity.type", "SystemAssigned")),
    Case("apps-identity", to("mlflow", "identity", GONE)),
    Case("apps-identity", to("mlflow", "identity.userAssignedIdentities", [])),
    Case("tracking-sign-in", less("mlflow-sign-in")),
    Case("tracking-sign-in", to("mlflow-sign-in", "platform.enabled", False)),
    Case("tracking-sign-in", to("mlflow-sign-in", "globalValidation.unauthenticatedClientAction", "AllowAnonymous")),
    Case("tracking-sign-in", to("mlflow-sign-in", "globalValidation.excludedPaths", ["/health", "/api"])),
    Case("tracking-sign-in", to("mlflow-sign-in", f"{SIGN_IN}.clientId", GONE)),
    # spark
    Case("spark-no-public-address", to("databricks", "parameters.enableNoPublicIp.value", False)),
    Case("spark-in-network", to("databricks", "parameters.customVirtualNetworkId", GONE)),
    Case("spark-premium", to("databricks", "sku.name", "standard")),
    Case("spark-connector", to("databricks", "accessConnector", GONE)),
    Case("spark-connector", to("databricks", "defaultStorageFirewall", "Disabled")),
    # observability
    Case("logs-everywhere", less("diagnostics-vault")),
    Case("logs-everywhere", less("diagnostics-lake-blob-service")),
    Case("logs-complete", to("diagnostics-vault", "logs", [{"category": "AuditEvent", "enabled": True}])),
    Case("logs-complete", to("diagnostics-vault", "logs.0.enabled", False)),
    Case("logs-at-home", to("diagnostics-vault", "workspaceId", "/x/elsewhere")),
    Case("logs-at-home", to("diagnostics-vault", "storageAccountId", Ref("lake-account"))),
    Case("logs-kept", to("logs", "retentionInDays", 7)),
    Case("logs-uncapped", to("logs", "workspaceCapping.dailyQuotaGb", 1)),
    Case("logs-no-keys", to("logs", "features.disableLocalAuth", False)),
    Case("alerts-present", less("alert-vault-unavailable")),
    Case("alerts-reach", to("alert-postgres-dead", "actions", [])),
    Case("alerts-reach", to("alert-jobs-failed", "enabled", False)),
    Case("alerts-somebody", to("alerts", "emailReceivers", [])),
    Case("alerts-somebody", to("alerts", "enabled", False)),
    # resilience
    Case("zones-lake", to("lake-account", "sku.name", "Standard_GRS")),
    Case("zones-database", to("postgres", "highAvailability.mode", "SameZone")),
    Case("zones-registry", to("registry", "zoneRedundancy", "Disabled")),
    Case("zones-registry", to("registry-northeurope", "zoneRedundancy", "Disabled")),
    Case("zones-apps", to("apps-environment", "zoneRedundant", False)),
    Case("zones-address", to("nat-address", "zones", GONE)),
    Case("copies-of-models", to("model-flight-delay", "template.scale.minReplicas", 1)),
    Case("copies-of-models", to("mlflow", "template.scale.minReplicas", 0)),
    Case("lake-other-region", to("lake-account", "sku.name", "Standard_ZRS")),
    # governance
    Case("budget", less("budget")),
    Case("budget", to("budget", "amount", 100_000_000)),
    Case("budget", to("budget", "notifications.actual-100-percent.contactEmails", ["nobody@example.com"])),
    Case("budget", to("budget", "notifications.actual-80-percent", GONE)),
    Case("tags", to("lake-account", "tags", GONE)),
    Case("tags", to("zone-blob", "tags.environment", "dev")),
    Case("lock", less("group-lock")),
    Case("names", to("postgres", "serverName", "psql-weu")),
    Case("one-place", to("lake-account", "location", "northeurope")),
    Case("own-subscription", twin),
    Case("own-subscription", to("endpoint-vault", "tags.twin", f"{OTHER_SUBSCRIPTION}/resourceGroups/x")),
    Case("data-protected", lambda graph: unprotected(graph, "lake-account")),
)
"""What each rule must report, by its own id and by no other's."""

ADVISORY: tuple[Case, ...] = (
    Case("public-access-known", to("lake-account", "accessTier", "Cool"), "dev"),
    Case("logs-closed", to("logs", "publicNetworkAccessForQuery", "Disabled"), "test"),
    Case("logs-closed", to("logs", "publicNetworkAccessForIngestion", "Disabled"), "test"),
    Case("own-keys", to("lake-account", "accessTier", "Cool")),
)
"""Rules that the blueprints break knowingly: nothing has to be broken."""

GOOD: tuple[Edit, ...] = (
    to("lake-account", "minimumTlsVersion", "TLS1_3"),
    to("lake-account", "location", "West Europe"),
    image("mlflow", lambda old: old.replace("@", ":3.17@")),
    to("mlflow", f"{CONTAINER}.env.0", {"name": "DB_PASSWORD", "secretRef": "db"}),
    to("mlflow", "configuration.secrets", [{"name": "db", "keyVaultUrl": KEY, "identity": Ref("identity-mlflow")}]),
    to("mlflow", "configuration.ingress", GONE),
    to("mlflow-sign-in", "globalValidation.unauthenticatedClientAction", "Return401"),
    to("databricks", "parameters.customPublicSubnetName", {"value": Ref("subnet-databricks-public", "name")}),
    to("diagnostics-vault", "metrics", GONE),
    to("budget", "amount", 1),
    more(FIREWALL_RULE, addresses("198.51.100.7", "198.51.100.7")),
    more("network:SecurityRule", {**SSH, "sourceAddressPrefix": "198.51.100.0/24"}),
    more("network:SecurityRule", {**SSH, "access": "Deny", "sourceAddressPrefix": "*"}),
    more("network:SecurityRule", {**SSH, "direction": "Outbound"}),
    security_rule(sourceAddressPrefix="AzureLoadBalancer"),
    less("job-nightly"),
    less("model-flight-delay"),
    less("databricks"),
)
"""Changes that no rule has anything against."""
