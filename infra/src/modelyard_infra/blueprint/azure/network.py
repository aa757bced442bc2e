"""The network: address plan, security groups, the way out, private names."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.firewalls import Rules, security_rules
from modelyard_infra.blueprint.azure.site import ZONES, Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "network"
NETWORK = "network"
NAT = "nat-gateway"
POSTGRES_ZONE = "zone-postgres"

DELEGATIONS = {
    "container-apps": "Microsoft.App/environments",
    "postgres": "Microsoft.DBforPostgreSQL/flexibleServers",
    "databricks-public": "Microsoft.Databricks/workspaces",
    "databricks-private": "Microsoft.Databricks/workspaces",
}
"""A delegated subnet belongs to one service. Private endpoints share one that belongs to none."""
WITH_WAY_OUT = frozenset({"container-apps", "databricks-public", "databricks-private"})
"""Subnets whose machines call out. PostgreSQL's subnet takes no NAT gateway, and endpoints call nobody."""

PRIVATE_ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "dfs": "privatelink.dfs.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "databricks": "privatelink.azuredatabricks.net",
}
"""Names under which Azure services are looked up inside the network. Source: Microsoft Learn, "Azure Private Endpoint
private DNS zone values"."""


def subnet_key(purpose: str) -> str:
    """Key of a subnet."""
    return f"subnet-{purpose}"


def draw_network(site: Site) -> list[Resource]:
    """Network, subnets, the way out, private zones."""
    ranges = _ranges(site)
    resources = [
        site.resource(
            CONCERN,
            NETWORK,
            "network:VirtualNetwork",
            {
                "virtualNetworkName": site.name("virtual network"),
                "addressSpace": {"addressPrefixes": [site.azure.network.address_space]},
                "privateEndpointVNetPolicies": "Disabled",
            },
        )
    ]
    resources += _way_out(site)
    previous: tuple[str, ...] = ()
    for purpose, addresses in ranges.items():
        resources.append(_security_group(site, purpose, security_rules(site, purpose, ranges)))
        resources.append(_subnet(site, purpose, addresses, after=previous))
        # Azure changes one subnet of a network at a time and refuses a second writer.
        previous = (subnet_key(purpose),)
    return [*resources, *_zones(site)]


def _ranges(site: Site) -> dict[str, str]:
    """Addresses of the subnets that the environment needs, by purpose."""
    subnets = site.azure.network.subnets
    ranges = {"container-apps": subnets.container_apps, "postgres": subnets.postgres}
    if site.azure.network.private_endpoints:
        ranges["private-endpoints"] = subnets.private_endpoints
    if site.azure.databricks.enabled:
        ranges["databricks-public"] = subnets.databricks_public
        ranges["databricks-private"] = subnets.databricks_private
    return ranges


def _way_out(site: Site) -> list[Resource]:
    """A NAT gateway: machines without public addresses reach the internet through one address that is known."""
    address: dict[str, Value] = {
        "publicIpAddressName": site.name("public address", "nat"),
        "publicIPAllocationMethod": "Static",
        "publicIPAddressVersion": "IPv4",
        "sku": {"name": "Standard", "tier": "Regional"},
        "idleTimeoutInMinutes": 4,
    }
    if site.azure.zone_redundant:
        address["zones"] = list(ZONES)
    gateway: dict[str, Value] = {
        "natGatewayName": site.name("nat gateway"),
        "sku": {"name": "Standard"},
        "publicIpAddresses": [{"id": Ref("nat-address")}],
        "idleTimeoutInMinutes": 10,
    }
    return [
        site.resource(CONCERN, "nat-address", "network:PublicIPAddress", address),
        site.resource(CONCERN, NAT, "network:NatGateway", gateway),
    ]


def _security_group(site: Site, purpose: str, rules: Rules) -> Resource:
    properties: dict[str, Value] = {
        "networkSecurityGroupName": site.name("security group", purpose),
        "securityRules": list(rules),
    }
    return site.resource(CONCERN, f"nsg-{purpose}", "network:NetworkSecurityGroup", properties)


def _subnet(site: Site, purpose: str, addresses: str, *, after: tuple[str, ...]) -> Resource:
    properties: dict[str, Value] = {
        "subnetName": site.name("subnet", purpose),
        "virtualNetworkName": Ref(NETWORK, "name"),
        "addressPrefix": addresses,
        "networkSecurityGroup": {"id": Ref(f"nsg-{purpose}")},
        "privateEndpointNetworkPolicies": "Enabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        # Nothing gets a way out by default: Azure ended that, and an address that nobody knows is no way to work.
        "defaultOutboundAccess": False,
    }
    service = DELEGATIONS.get(purpose)
    if service is not None:
        properties["delegations"] = [{"name": service.replace("/", "."), "serviceName": service}]
    if purpose in WITH_WAY_OUT:
        properties["natGateway"] = {"id": Ref(NAT)}
    if purpose == "container-apps" and not site.azure.network.private_endpoints:
        # Without private endpoints the firewalls of lake and vault know the apps by their subnet.
        properties["serviceEndpoints"] = [{"service": "Microsoft.Storage"}, {"service": "Microsoft.KeyVault"}]
    return site.resource(CONCERN, subnet_key(purpose), "network:Subnet", properties, after=after)


def _zones(site: Site) -> list[Resource]:
    zones = {"postgres": f"{site.environment.azure_name('postgres server')}.private.postgres.database.azure.com"}
    if site.azure.network.private_endpoints:
        zones |= {name: zone for name, zone in PRIVATE_ZONES.items() if name != "databricks"}
        if site.azure.databricks.enabled:
            zones["databricks"] = PRIVATE_ZONES["databricks"]
    return [resource for name, zone in zones.items() for resource in draw_zone(site, CONCERN, name, zone)]


def draw_zone(site: Site, concern: str, name: str, zone: str | Ref) -> list[Resource]:
    """A private zone of names, and its link to the network."""
    link: dict[str, Value] = {
        "privateZoneName": Ref(f"zone-{name}", "name"),
        "virtualNetworkLinkName": site.name("zone link", name),
        "virtualNetwork": {"id": Ref(NETWORK)},
        "registrationEnabled": False,
    }
    return [
        site.resource(concern, f"zone-{name}", "privatedns:PrivateZone", {"privateZoneName": zone}),
        site.resource(concern, f"zone-{name}-link", "privatedns:VirtualNetworkLink", link),
    ]


def draw_endpoint(site: Site, concern: str, *, purpose: str, target: str, group_id: str, zone: str) -> list[Resource]:
    """A private endpoint for a service, and its name in a private zone; nothing where there are no endpoints.

    Args:
        site: the environment.
        concern: whom the endpoint belongs to.
        purpose: tells several endpoints apart.
        target: key of the resource that is reached.
        group_id: which part of it, in Azure's words.
        zone: which of PRIVATE_ZONES.
    """
    if not site.azure.network.private_endpoints:
        return []
    key = f"endpoint-{purpose}"
    endpoint: dict[str, Value] = {
        "privateEndpointName": site.name("private endpoint", purpose),
        "subnet": {"id": Ref(subnet_key("private-endpoints"))},
        "customNetworkInterfaceName": site.name("network interface", purpose),
        "privateLinkServiceConnections": [
            {"name": purpose, "privateLinkServiceId": Ref(target), "groupIds": [group_id]},
        ],
    }
    names: dict[str, Value] = {
        "privateEndpointName": Ref(key, "name"),
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [{"name": zone, "privateDnsZoneId": Ref(f"zone-{zone}")}],
    }
    link = f"zone-{zone}-link"
    return [
        site.resource(concern, key, "network:PrivateEndpoint", endpoint),
        site.resource(concern, f"{key}-names", "network:PrivateDnsZoneGroup", names, after=(link,)),
    ]
