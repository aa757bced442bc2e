"""What the services demand: what cannot change, what goes only with something else, what they add."""

from __future__ import annotations

from modelyard_infra.simulator.rules.rows import (
    BAD_REQUEST,
    CONFLICT,
    NOT_FOUND,
    Fixed,
    Kept,
    Needs,
    Reference,
    Refusal,
    Sizes,
    Unique,
)

LEARN = "Microsoft Learn, "
_SUBNETS = "Microsoft.Network/virtualNetworks/subnets"

_NOT_FOUND = Refusal(
    NOT_FOUND,
    "ResourceNotFound",
    "The Resource '{short_reference}' under resource group '{reference_group}' was not found. For more details please "
    "go to https://aka.ms/ARMResourceNotFoundFix",
)
_LINKED = LEARN + '"Resolve errors for resource not found"'
_IDENTITY = Refusal(
    BAD_REQUEST,
    "FailedIdentityOperation",
    "Identity operation for resource '{id}' failed with error 'Failed to perform resource identity operation. Status: "
    "'BadRequest'. Response: The identity {reference} was not found.'",
)
_WITH_IDENTITIES = (
    "app:ContainerApp",
    "app:Job",
    "app:ManagedEnvironment",
    "containerregistry:Registry",
    "databricks:AccessConnector",
    "dbforpostgresql:Server",
    "storage:StorageAccount",
)

REFERENCES = (
    *(
        Reference(
            kind,
            "identity.userAssignedIdentities[]",
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            _IDENTITY,
            LEARN + '"Managed identities for Azure resources: known issues"',
        )
        for kind in _WITH_IDENTITIES
    ),
    *(
        Reference(kind, path, target, _NOT_FOUND, _LINKED)
        for kind, path, target in (
            ("app:ContainerApp", "environmentId", "Microsoft.App/managedEnvironments"),
            ("app:ContainerApp", "managedEnvironmentId", "Microsoft.App/managedEnvironments"),
            ("app:Job", "environmentId", "Microsoft.App/managedEnvironments"),
            ("databricks:Workspace", "accessConnector.id", "Microsoft.Databricks/accessConnectors"),
            ("monitor:DiagnosticSetting", "workspaceId", "Microsoft.OperationalInsights/workspaces"),
            ("monitor:DiagnosticSetting", "storageAccountId", "Microsoft.Storage/storageAccounts"),
            ("monitor:MetricAlert", "scopes[]", ""),
            ("monitor:MetricAlert", "actions[].actionGroupId", "Microsoft.Insights/actionGroups"),
            ("monitor:ScheduledQueryRule", "scopes[]", ""),
            ("monitor:ScheduledQueryRule", "actions.actionGroups[]", "Microsoft.Insights/actionGroups"),
            (
                "keyvault:Vault",
                "properties.networkAcls.virtualNetworkRules[].id",
                _SUBNETS,
            ),
            (
                "storage:StorageAccount",
                "networkRuleSet.virtualNetworkRules[].virtualNetworkResourceId",
                _SUBNETS,
            ),
        )
    ),
)

_ASSIGNMENT_REFUSED = Refusal(
    BAD_REQUEST,
    "RoleAssignmentUpdateNotPermitted",
    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
)
CHANGE_REFUSED = Refusal(
    CONFLICT, "PropertyChangeNotAllowed", "Changing property '{path}' of {id} is not allowed: it is {old}."
)
_IGNORED = "pulumi/pulumi-azure-native issue 2577"
_VAULT = LEARN + '"Vaults - Create Or Update"'

FIXED = (
    Fixed(
        "keyvault:Vault",
        "properties.enableSoftDelete",
        Refusal(
            BAD_REQUEST,
            "BadRequest",
            'The property "enableSoftDelete" can be set to false only for creating new vault. Enabling the \'soft '
            "delete' functionality is an irreversible action.",
        ),
        _VAULT,
        only_from=(True,),
    ),
    Fixed(
        "keyvault:Vault",
        "properties.softDeleteRetentionInDays",
        Refusal(
            BAD_REQUEST,
            "BadRequest",
            'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
        ),
        _VAULT,
    ),
    Fixed(
        "storage:StorageAccount",
        "isHnsEnabled",
        Refusal(
            BAD_REQUEST,
            "AccountPropertyCannotBeUpdated",
            "The property 'isHnsEnabled' was specified in the input, but it cannot be updated.",
        ),
        LEARN + '"Azure Data Lake Storage: upgrade of an account"',
    ),
    Fixed(
        "storage:StorageAccount",
        "encryption.requireInfrastructureEncryption",
        Refusal(
            BAD_REQUEST,
            "AccountPropertyCannotBeUpdated",
            "The property 'requireInfrastructureEncryption' was specified in the input, but it cannot be updated.",
        ),
        LEARN + '"Enable infrastructure encryption for double encryption of data"',
    ),
    Fixed(
        "storage:StorageAccount",
        "sku.name",
        Refusal(
            CONFLICT,
            "StorageAccountTypeConversionNotAllowed",
            "Storage account type conversion from {old} to {new} is not allowed: it takes a conversion that the "
            "account's owner asks for.",
        ),
        LEARN + '"Change how a storage account is replicated"; hashicorp/terraform-provider-azurerm issue 6526',
        unless=(
            ("Standard_LRS", "Standard_GRS"),
            ("Standard_LRS", "Standard_RAGRS"),
            ("Standard_GRS", "Standard_LRS"),
            ("Standard_GRS", "Standard_RAGRS"),
            ("Standard_RAGRS", "Standard_LRS"),
            ("Standard_RAGRS", "Standard_GRS"),
            ("Standard_ZRS", "Standard_GZRS"),
            ("Standard_ZRS", "Standard_RAGZRS"),
            ("Standard_GZRS", "Standard_ZRS"),
            ("Standard_GZRS", "Standard_RAGZRS"),
            ("Standard_RAGZRS", "Standard_ZRS"),
            ("Standard_RAGZRS", "Standard_GZRS"),
        ),
    ),
    Fixed(
        "authorization:RoleAssignment",
        "principalId",
        _ASSIGNMENT_REFUSED,
        LEARN + '"Troubleshoot Azure RBAC"',
    ),
    Fixed(
        "authorization:RoleAssignment",
        "roleDefinitionId",
        _ASSIGNMENT_REFUSED,
        LEARN + '"Troubleshoot Azure RBAC"',
    ),
    Fixed(
        "dbforpostgresql:Server",
        "storage.storageSizeGB",
        Refusal(
            BAD_REQUEST, "StorageSizeCannotBeDecreased", "The storage of a server cannot shrink from {old} to {new} GB."
        ),
        LEARN + '"Limits in Azure Database for PostgreSQL": storage cannot be scaled down',
        may_grow=True,
    ),
    Fixed(
        "authorization:RoleAssignment",
        "principalType",
        _ASSIGNMENT_REFUSED,
        LEARN + '"Troubleshoot Azure RBAC"',
    ),
    Fixed(
        "network:PublicIPAddress",
        "publicIPAllocationMethod",
        CHANGE_REFUSED,
        LEARN + '"Public IP addresses"',
    ),
)
"""Those whose error is known. What else the catalogue says cannot change is answered with CHANGE_REFUSED."""

IGNORED = (
    Kept("app:ManagedEnvironment", "vnetConfiguration.infrastructureSubnetId", _IGNORED),
    Kept("app:ManagedEnvironment", "vnetConfiguration.internal", _IGNORED),
)
"""What Azure leaves as it was, whatever is asked for, and without a word."""

KEPT = (
    Kept("keyvault:Vault", "properties.enablePurgeProtection", _VAULT),
    Kept("keyvault:Vault", "properties.softDeleteRetentionInDays", _VAULT),
    Kept("keyvault:Vault", "properties.enableSoftDelete", _VAULT),
    Kept("storage:StorageAccount", "isHnsEnabled", LEARN + '"Storage Accounts - Create"'),
)

_PREMIUM_ONLY = Refusal(
    BAD_REQUEST,
    "FeatureNotSupportedInSku",
    "'{path}' needs a registry of SKU Premium; {other_id} has {other_value}.",
)
_ACR = LEARN + '"Azure Container Registry SKU features and limits"'
_BLOB_FEATURES = LEARN + '"Blob Storage feature support in Azure storage accounts"'
_HNS_REFUSAL = Refusal(
    CONFLICT,
    "FeatureNotSupportedForAccount",
    "{path} is not supported for the account: it has a hierarchical namespace.",
)
_NO_ARCHIVE = Refusal(
    BAD_REQUEST,
    "InvalidRequestPropertyValue",
    "The action tierToArchive is not supported by a storage account of type {other_value}: only LRS, GRS and RAGRS "
    "have the archive tier.",
)
_ARCHIVE_SOURCE = (
    LEARN + '"Access tiers for blob data: archive"; hashicorp/terraform-provider-azurerm issues 6031, 19814'
)
_ARCHIVES = ("Standard_LRS", "Standard_GRS", "Standard_RAGRS")

NEEDS = (
    Needs("containerregistry:Replication", "name", (), "parent", "sku.name", ("Premium",), _PREMIUM_ONLY, _ACR),
    Needs(
        "network:PrivateEndpoint",
        "privateLinkServiceConnections[].privateLinkServiceId",
        (),
        "privateLinkServiceConnections[].privateLinkServiceId",
        "sku.name",
        ("Premium",),
        Refusal(
            BAD_REQUEST,
            "PrivateEndpointFeatureNotSupported",
            "Private endpoints need a registry of SKU Premium; {other_id} has {other_value}.",
        ),
        _ACR,
        of_type="Microsoft.ContainerRegistry/registries",
    ),
    Needs(
        "storage:BlobServiceProperties",
        "isVersioningEnabled",
        (True,),
        "parent",
        "isHnsEnabled",
        (False, None),
        _HNS_REFUSAL,
        _BLOB_FEATURES,
    ),
    Needs(
        "storage:BlobServiceProperties",
        "restorePolicy.enabled",
        (True,),
        "parent",
        "isHnsEnabled",
        (False, None),
        _HNS_REFUSAL,
        _BLOB_FEATURES,
    ),
    Needs(
        "storage:BlobServiceProperties",
        "deleteRetentionPolicy.allowPermanentDelete",
        (True,),
        "parent",
        "isHnsEnabled",
        (False, None),
        _HNS_REFUSAL,
        _BLOB_FEATURES,
    ),
    *(
        Needs(
            "storage:ManagementPolicy",
            f"policy.rules[].definition.actions.{blob}.tierToArchive",
            (),
            "parent",
            "sku.name",
            _ARCHIVES,
            _NO_ARCHIVE,
            _ARCHIVE_SOURCE,
        )
        for blob in ("baseBlob", "snapshot", "version")
    ),
    Needs(
        "network:NatGateway",
        "publicIpAddresses[].id",
        (),
        "publicIpAddresses[].id",
        "sku.name",
        ("Standard", "StandardV2"),
        Refusal(
            BAD_REQUEST,
            "NatGatewayRequiresStandardSkuPublicIp",
            "NAT gateway {id} needs public IP addresses of SKU Standard; {other_id} has {other_value}.",
        ),
        LEARN + '"What is Azure NAT Gateway"; the code is not documented',
    ),
)
"""`allowed` without a value means: anything that is not empty."""

UNIQUE = (
    Unique(
        "authorization:RoleAssignment",
        ("scope", "principalId", "roleDefinitionId"),
        Refusal(
            CONFLICT,
            "RoleAssignmentExists",
            "The role assignment already exists. The ID of the existing role assignment is {user}.",
        ),
        LEARN + '"Troubleshoot Azure RBAC"',
        below_parent=True,
    ),
    Unique(
        "monitor:DiagnosticSetting",
        ("workspaceId",),
        Refusal(
            CONFLICT,
            "Conflict",
            "Data sink '{value}' is already used in diagnostic setting '{user}' for the same category. Data sinks "
            "can't be reused in different settings on the same category for the same resource.",
        ),
        LEARN + '"Diagnostic settings in Azure Monitor"',
        below_parent=True,
    ),
    Unique(
        "managedidentity:FederatedIdentityCredential",
        ("issuer", "subject"),
        Refusal(
            CONFLICT,
            "Conflict",
            "Issuer and subject combination already exists for this Managed Identity: {user}.",
        ),
        LEARN + '"Important considerations and restrictions for federated identity credentials"',
        below_parent=True,
    ),
)

_QUARTERS = tuple((quarters / 4, quarters / 2) for quarters in range(1, 17))
SIZES = tuple(
    Sizes(
        kind,
        "template.containers[]",
        _QUARTERS,
        Refusal(
            BAD_REQUEST,
            "ContainerAppInvalidResourceTotal",
            "The total requested CPU and memory resources for this application (CPU: {cpu}, memory: {memory}) is "
            "invalid. Total CPU and memory for all containers defined in a Container App must add up to one of the "
            "following CPU - Memory combinations: {allowed}",
        ),
        LEARN + '"Containers in Azure Container Apps": sizes of the Consumption profile',
    )
    for kind in ("app:ContainerApp", "app:Job")
)
