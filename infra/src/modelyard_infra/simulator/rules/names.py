"""Names: which are unique in all of Azure, which outlive their resource, how many there may be."""

from __future__ import annotations

from modelyard_infra.simulator.rules.rows import (
    BAD_REQUEST,
    CONFLICT,
    MadeGroup,
    Quota,
    Refusal,
    Singleton,
    SoftDelete,
    WorldwideName,
)

LEARN = "Microsoft Learn, "
LIMITS = LEARN + '"Azure subscription and service limits, quotas, and constraints"'

WORLDWIDE = (
    WorldwideName(
        "storage:StorageAccount",
        Refusal(CONFLICT, "StorageAccountAlreadyTaken", "The storage account named {name} is already taken."),
        LEARN + '"Resolve errors for storage account names"',
    ),
    WorldwideName(
        "keyvault:Vault",
        Refusal(
            CONFLICT,
            "VaultAlreadyExists",
            "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the "
            "name is already taken. If you are sure that the vault name was not taken then it is possible that a "
            "vault with the same name was recently deleted but not purged after being placed in a recoverable state.",
        ),
        LEARN + '"Azure Key Vault recovery management with soft delete and purge protection"',
    ),
    WorldwideName(
        "containerregistry:Registry",
        Refusal(CONFLICT, "AlreadyInUse", "The registry DNS name {name}.azurecr.io is already in use."),
        LEARN + '"Registries - Check Name Availability"',
    ),
    WorldwideName(
        "dbforpostgresql:Server",
        Refusal(CONFLICT, "ServerNameAlreadyExists", "Specified server name is already used."),
        LEARN + '"Azure Database for PostgreSQL: error codes"',
    ),
)

SOFT_DELETES = (
    SoftDelete(
        "keyvault:Vault",
        days="properties.softDeleteRetentionInDays",
        protected="properties.enablePurgeProtection",
        recover=("properties.createMode", "recover"),
        answer=Refusal(
            CONFLICT,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge "
            "existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
            "information on soft delete.",
        ),
        source=LEARN + '"Azure Key Vault recovery management with soft delete and purge protection"; '
        "pulumi/pulumi-azure-native issue 1174",
    ),
)

SINGLETONS = (
    Singleton("storage:BlobServiceProperties", "default", 'Azure REST API, "Blob Services - Set Service Properties"'),
    Singleton(
        "dbforpostgresql:Configuration",
        "",
        "pulumi/pulumi-azure-native, provider/pkg/resources/customresources/custom_postgres_config.go",
    ),
)

DATA = frozenset({"microsoft.keyvault/vaults/secrets"})
"""Types of what people put into a resource, past Azure's control plane. Nothing of it is kept here, so it counts as
there as soon as the resource is."""

_PER_REGION = Refusal(
    BAD_REQUEST,
    "QuotaExceeded",
    "The quota of {limit} resources of type {type} in subscription {subscription} and region {location} is used up.",
)
_PER_PARENT = Refusal(
    BAD_REQUEST, "QuotaExceeded", "Too many resources of type {type} in {parent}. The maximum number is {limit}."
)

QUOTAS = (
    Quota("resources:ResourceGroup", 980, _PER_REGION, LIMITS),
    Quota("storage:StorageAccount", 250, _PER_REGION, LIMITS),
    Quota("network:VirtualNetwork", 1000, _PER_REGION, LIMITS),
    Quota("network:PublicIPAddress", 1000, _PER_REGION, LIMITS),
    Quota("network:Subnet", 3000, _PER_PARENT, LIMITS, below_parent=True),
    Quota("app:ManagedEnvironment", 15, _PER_REGION, LEARN + '"Quotas for Azure Container Apps"'),
    Quota("authorization:RoleAssignment", 4000, _PER_REGION, LIMITS),
    Quota(
        "monitor:DiagnosticSetting", 5, _PER_PARENT, LEARN + '"Diagnostic settings in Azure Monitor"', below_parent=True
    ),
    Quota(
        "managedidentity:FederatedIdentityCredential",
        20,
        _PER_PARENT,
        LEARN + '"Important considerations and restrictions for federated identity credentials"',
        below_parent=True,
    ),
    Quota("authorization:ManagementLockByScope", 20, _PER_PARENT, LIMITS, below_parent=True),
)
"""A setting `quota:KIND` of the simulated Azure replaces a limit."""

MADE_GROUPS = (
    MadeGroup(
        "databricks:Workspace",
        "managedResourceGroupId",
        Refusal(
            CONFLICT,
            "ManagedResourceGroupAlreadyExists",
            "The managed resource group '{reference}' of workspace {name} exists already.",
        ),
        LEARN + '"Azure Databricks workspaces: managed resource group"',
    ),
)
