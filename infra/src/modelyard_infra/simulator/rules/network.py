"""What hangs together in a network: references, subnets and their services, private endpoints, what is in use."""

from __future__ import annotations

from modelyard_infra.simulator.rules.rows import (
    BAD_REQUEST,
    CONFLICT,
    Busy,
    GroupIds,
    InUse,
    Reference,
    Refusal,
    Subnet,
    Unique,
)

LEARN = "Microsoft Learn, "
SPECIFICATION = "Azure/azure-rest-api-specs, specification/network"

_INVALID_REFERENCE = Refusal(
    BAD_REQUEST,
    "InvalidResourceReference",
    "Resource {reference} referenced by resource {id} was not found. Please make sure that the referenced resource "
    "exists, and that both resources are in the same region.",
)
_SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
_ZONES = "Microsoft.Network/privateDnsZones"

REFERENCES = (
    *(
        Reference(kind, path, target, _INVALID_REFERENCE, LEARN + '"Error: InvalidResourceReference"')
        for kind, path, target in (
            ("network:Subnet", "networkSecurityGroup.id", "Microsoft.Network/networkSecurityGroups"),
            ("network:Subnet", "natGateway.id", "Microsoft.Network/natGateways"),
            ("network:Subnet", "routeTable.id", "Microsoft.Network/routeTables"),
            ("network:NatGateway", "publicIpAddresses[].id", "Microsoft.Network/publicIPAddresses"),
            ("network:PrivateEndpoint", "subnet.id", _SUBNETS),
            ("network:PrivateEndpoint", "privateLinkServiceConnections[].privateLinkServiceId", ""),
            (
                "network:PrivateDnsZoneGroup",
                "privateDnsZoneConfigs[].privateDnsZoneId",
                "Microsoft.Network/privateDnsZones",
            ),
            ("privatedns:VirtualNetworkLink", "virtualNetwork.id", "Microsoft.Network/virtualNetworks"),
            ("dbforpostgresql:Server", "network.delegatedSubnetResourceId", _SUBNETS),
            ("dbforpostgresql:Server", "network.privateDnsZoneArmResourceId", _ZONES),
            ("databricks:Workspace", "parameters.customVirtualNetworkId.value", "Microsoft.Network/virtualNetworks"),
        )
    ),
    Reference(
        "app:ManagedEnvironment",
        "vnetConfiguration.infrastructureSubnetId",
        _SUBNETS,
        Refusal(
            BAD_REQUEST,
            "ManagedEnvironmentInvalidNetworkConfiguration",
            "The environment network configuration is invalid: The subnet and its addressPrefix could not be found.",
        ),
        "microsoft/azure-container-apps issue 1220",
    ),
)


def _too_small(prefix: int) -> Refusal:
    return Refusal(
        BAD_REQUEST,
        "InvalidSubnetSize",
        f"The subnet {{reference}} is too small for {{id}}: it must be at least a /{prefix}.",
    )


_UNDELEGATED = Refusal(
    BAD_REQUEST,
    "SubnetMissingRequiredDelegation",
    "Subnet {reference} requires the delegation '{service}' to reference resource {id}.",
)
SUBNETS = (
    Subnet(
        "app:ManagedEnvironment",
        "vnetConfiguration.infrastructureSubnetId",
        "Microsoft.App/environments",
        27,
        Refusal(
            BAD_REQUEST,
            "ManagedEnvironmentSubnetDelegationError",
            "The subnet of the environment must be delegated to the service 'Microsoft.App/environments'.",
        ),
        _too_small(27),
        LEARN + '"Configuring virtual networks in Azure Container Apps environments"',
    ),
    Subnet(
        "dbforpostgresql:Server",
        "network.delegatedSubnetResourceId",
        "Microsoft.DBforPostgreSQL/flexibleServers",
        28,
        _UNDELEGATED,
        _too_small(28),
        LEARN + '"Network with private access (VNet integration) in Azure Database for PostgreSQL"',
    ),
    *(
        Subnet(
            "databricks:Workspace",
            f"parameters.{name}.value",
            "Microsoft.Databricks/workspaces",
            26,
            _UNDELEGATED,
            _too_small(26),
            LEARN + '"Deploy Azure Databricks in your Azure virtual network (VNet injection)"',
        )
        for name in ("customPublicSubnetName", "customPrivateSubnetName")
    ),
    Subnet(
        "network:PrivateEndpoint",
        "subnet.id",
        "",
        29,
        Refusal(
            BAD_REQUEST,
            "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
            "Private endpoint {id} cannot be created as subnet {reference} is delegated to {service}.",
        ),
        _too_small(29),
        LEARN + '"Subnet delegation: constraints"',
    ),
)
"""A name instead of an id means a subnet of the network at `NETWORK_OF_NAMED_SUBNETS`."""
NETWORK_OF_NAMED_SUBNETS = "parameters.customVirtualNetworkId.value"

_SUBNET_IN_USE = Refusal(
    BAD_REQUEST,
    "InUseSubnetCannotBeDeleted",
    "Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the resources "
    "within the subnet. See aka.ms/deletesubnet.",
)
_NETWORK_IN_USE = Refusal(
    BAD_REQUEST,
    "InUseSubnetCannotBeDeleted",
    "A subnet of {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the "
    "resources within the subnet. See aka.ms/deletesubnet.",
)
_NESTED = Refusal(
    CONFLICT, "CannotDeleteResource", "Can not delete resource before nested resources are deleted: {user}."
)
_DELETING = LEARN + '"Add, change, or delete a virtual network subnet"; alan-turing-institute/data-safe-haven'

IN_USE = (
    InUse("network:Subnet", "network:PrivateEndpoint", "subnet.id", _SUBNET_IN_USE, _DELETING),
    InUse(
        "network:Subnet",
        "app:ManagedEnvironment",
        "vnetConfiguration.infrastructureSubnetId",
        _SUBNET_IN_USE,
        _DELETING,
    ),
    InUse("network:Subnet", "dbforpostgresql:Server", "network.delegatedSubnetResourceId", _SUBNET_IN_USE, _DELETING),
    InUse(
        "network:Subnet",
        "databricks:Workspace",
        "parameters.customVirtualNetworkId.value",
        _SUBNET_IN_USE,
        _DELETING,
    ),
    InUse(
        "network:VirtualNetwork",
        "databricks:Workspace",
        "parameters.customVirtualNetworkId.value",
        _NETWORK_IN_USE,
        _DELETING,
    ),
    InUse(
        "network:NetworkSecurityGroup",
        "network:Subnet",
        "networkSecurityGroup.id",
        Refusal(
            BAD_REQUEST,
            "InUseNetworkSecurityGroupCannotBeDeleted",
            "Network security group {id} cannot be deleted because it is in use by the following resources: {user}. In "
            "order to delete the Network security group, remove the association with the resource(s).",
        ),
        LEARN + '"Create, change, or delete an Azure network security group"',
    ),
    InUse(
        "network:NatGateway",
        "network:Subnet",
        "natGateway.id",
        Refusal(
            BAD_REQUEST,
            "InUseNatGatewayCannotBeDeleted",
            "NAT gateway {id} is in use by {user} and cannot be deleted.",
        ),
        LEARN + '"Manage NAT gateway": remove it from its subnets first',
    ),
    InUse(
        "network:PublicIPAddress",
        "network:NatGateway",
        "publicIpAddresses[].id",
        Refusal(
            BAD_REQUEST,
            "PublicIPAddressCannotBeDeleted",
            "Public IP address {id} can not be deleted since it is still allocated to resource {user}. In order to "
            "delete the public IP, disassociate/detach the Public IP address from the resource.",
        ),
        LEARN + '"Troubleshoot public IP address: cannot be deleted"',
    ),
    InUse(
        "privatedns:PrivateZone",
        "privatedns:VirtualNetworkLink",
        "",
        _NESTED,
        LEARN + '"What is an Azure private DNS zone": links must be removed first',
    ),
    InUse(
        "app:ManagedEnvironment",
        "app:ContainerApp",
        "managedEnvironmentId",
        Refusal(
            CONFLICT,
            "ManagedEnvironmentHasContainerApps",
            "The environment {id} still has container apps: {user}. Delete them first.",
        ),
        LEARN + '"Container Apps environments"; the code is not documented',
    ),
    InUse(
        "app:ManagedEnvironment",
        "app:Job",
        "environmentId",
        Refusal(
            CONFLICT,
            "ManagedEnvironmentHasJobs",
            "The environment {id} still has jobs: {user}. Delete them first.",
        ),
        LEARN + '"Jobs in Azure Container Apps"; the code is not documented',
    ),
)

_GROUP_TABLE = LEARN + '"What is a private endpoint: private-link resource"'
_UNKNOWN_GROUP = Refusal(
    BAD_REQUEST,
    "InvalidValuesForRequestParameters",
    "Call to {type} failed. Error message: Values for request parameters are invalid: GroupId: {value}. Known are: "
    "{allowed}.",
)

GROUP_IDS = tuple(
    GroupIds(target, allowed, _UNKNOWN_GROUP, f"{_GROUP_TABLE}; Azure/azure-cli issue 16750")
    for target, allowed in (
        (
            "Microsoft.Storage/storageAccounts",
            ("blob", "blob_secondary", "dfs", "dfs_secondary", "file", "queue", "table", "web", "web_secondary"),
        ),
        ("Microsoft.KeyVault/vaults", ("vault",)),
        ("Microsoft.ContainerRegistry/registries", ("registry",)),
        ("Microsoft.DBforPostgreSQL/flexibleServers", ("postgresqlServer",)),
        ("Microsoft.Databricks/workspaces", ("databricks_ui_api", "browser_authentication")),
        ("Microsoft.App/managedEnvironments", ("managedEnvironments",)),
    )
)
ONE_GROUP_ID = Refusal(
    BAD_REQUEST,
    "OnlyOneGroupIdPermitted",
    "Private link service connection of {id} has the following group Ids: {value}. Only one group Id is permitted when "
    "connecting to a first-party resource ({reference}).",
)
"""Source: DFE-Digital/terraform-azurerm-container-apps-hosting issue 352."""
NO_PRIVATE_LINK = Refusal(
    BAD_REQUEST,
    "PrivateLinkServiceCannotBeFound",
    "No private endpoint can be made for {reference}: {type} is no private link resource.",
)

UNIQUE = (
    Unique(
        "privatedns:VirtualNetworkLink",
        ("virtualNetwork.id",),
        Refusal(
            CONFLICT,
            "Conflict",
            "The virtual network {value} is already linked to the zone by {user}.",
        ),
        LEARN + '"What is a virtual network link"',
        below_parent=True,
    ),
    Unique(
        "network:PrivateDnsZoneGroup",
        (),
        Refusal(
            BAD_REQUEST,
            "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed",
            "A private endpoint can have one DNS zone group only; {user} is there already.",
        ),
        LEARN + '"Azure Private Endpoint private DNS zone values": one group per endpoint',
        below_parent=True,
    ),
)

_ANOTHER = Refusal(
    CONFLICT,
    "AnotherOperationInProgress",
    "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri of "
    "{user}.",
)

_ON_SERVERS = tuple(f"dbforpostgresql:{name}" for name in ("Configuration", "Database", "AdministratorsMicrosoftEntra"))

BUSY = (
    Busy(
        "network:Subnet",
        ("network:Subnet",),
        _ANOTHER,
        "pulumi/pulumi-azure-native, provider/pkg/azure/client_azcore.go (retried), test program "
        "parallel-subnet-creation",
    ),
    Busy("network:VirtualNetwork", (), _ANOTHER, SPECIFICATION),
    *(
        Busy(
            kind,
            _ON_SERVERS,
            Refusal(
                CONFLICT,
                "ServerIsBusy",
                "Cannot complete operation while server '{parent_name}' is busy processing another operation. Try "
                "again later.",
            ),
            "Azure/azure-postgresql issue 134; Altinn/dialogporten issue 3663",
        )
        for kind in _ON_SERVERS
    ),
    Busy(
        "managedidentity:FederatedIdentityCredential",
        ("managedidentity:FederatedIdentityCredential",),
        Refusal(
            CONFLICT,
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            "Too many writes have been performed concurrently under the managed identity {parent_name}.",
        ),
        LEARN + '"Important considerations and restrictions for federated identity credentials"',
    ),
)
