"""Rules for private endpoints, the names by which they are found, and public access.

Source of group ids and zones: Microsoft Learn, "Azure Private Endpoint private DNS zone values".
"""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, WHERE_CLOSED, WHERE_OPEN, WITH_ENDPOINTS, each
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, expect, items, shown, targets, text

ENDPOINT, ZONE_GROUP = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup"
ZONE, ZONE_LINK = "privatedns:PrivateZone", "privatedns:VirtualNetworkLink"
NETWORK = "network:VirtualNetwork"

GROUPS: dict[str, tuple[str, ...]] = {
    "storage:StorageAccount": ("blob", "dfs"),
    "keyvault:Vault": ("vault",),
    "containerregistry:Registry": ("registry",),
    "databricks:Workspace": ("databricks_ui_api", "browser_authentication"),
}
"""Parts of each service that need an endpoint. A lake needs both of a storage account's; PostgreSQL stands in the
network itself."""
ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "dfs": "privatelink.dfs.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "databricks_ui_api": "privatelink.azuredatabricks.net",
    "browser_authentication": "privatelink.azuredatabricks.net",
}
"""The zone in which each part's name is looked up."""
PUBLIC_ACCESS = {
    "storage:StorageAccount": "publicNetworkAccess",
    "keyvault:Vault": "properties.publicNetworkAccess",
    "containerregistry:Registry": "publicNetworkAccess",
    "databricks:Workspace": "publicNetworkAccess",
    "app:ManagedEnvironment": "publicNetworkAccess",
}
"""Where each kind says whether the internet may reach it."""


def _reached_parts(endpoint: Resource) -> Iterator[tuple[frozenset[str], str]]:
    """(keys of what is reached, group id) of each connection."""
    for connection in items(endpoint, "privateLinkServiceConnections"):
        for group in items(connection, "groupIds"):
            yield targets(at(connection, "privateLinkServiceId")), shown(group)


def _endpoints(facts: Facts) -> Iterator[Finding]:
    reached = [part for endpoint in facts.of(ENDPOINT) for part in _reached_parts(endpoint)]
    for kind, groups in GROUPS.items():
        for resource in facts.of(kind):
            for group in groups:
                if not any(resource.key in keys and group == found for keys, found in reached):
                    yield Finding(resource.key, "", f"no private endpoint for {group}", "one")


def _names(facts: Facts) -> Iterator[Finding]:
    for endpoint in facts.of(ENDPOINT):
        wanted = {ZONES.get(group, f"the zone of {group}") for _, group in _reached_parts(endpoint)}
        found = {text(zone, "privateZoneName") for zone in _zones_of(endpoint, facts)}
        if found != wanted:
            says = ", ".join(sorted(found)) or "no zone"
            yield Finding(endpoint.key, "", f"names in {says}", ", ".join(sorted(wanted)))


def _zones_of(endpoint: Resource, facts: Facts) -> Iterator[Resource]:
    for group in facts.of(ZONE_GROUP):
        owner = group.properties.get("privateEndpointName")
        if endpoint.key in targets(owner) or (owner and owner == text(endpoint, "privateEndpointName")):
            yield from facts.pointed_at(group.properties.get("privateDnsZoneConfigs"), ZONE)


def _linked(facts: Facts) -> Iterator[Finding]:
    networks = {network.key for network in facts.of(NETWORK)}
    for zone in facts.of(ZONE):
        linked = {
            key
            for link in facts.of(ZONE_LINK)
            if zone.key in targets(link.properties.get("privateZoneName"))
            or link.properties.get("privateZoneName") == text(zone, "privateZoneName") != ""
            for key in targets(link.properties.get("virtualNetwork"))
        }
        for network in sorted(networks - linked):
            yield Finding(zone.key, "", f"no link to {network}", f"a {ZONE_LINK}")


def _no_public_access(resource: Resource) -> Iterator[Finding]:
    yield from expect(resource, PUBLIC_ACCESS[resource.kind], "Disabled")


RULES = (
    Rule(
        "endpoints-for-data",
        "Lake, vault, registry and Databricks have private endpoints for each part that is used",
        Control("NS-2", "data is reached inside the network"),
        _endpoints,
        "draw a PrivateEndpoint with that group id",
        WITH_ENDPOINTS,
        alone=False,
    ),
    Rule(
        "endpoints-names",
        "Each private endpoint's name stands in the right private zone, and in no other",
        Control("NS-10", "otherwise clients find the public address"),
        _names,
        "draw a PrivateDnsZoneGroup with the zone of the endpoint's group id",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "endpoints-zones-linked",
        "Each private zone is linked to the environment's network",
        Control("NS-10", "otherwise nobody looks names up in it"),
        _linked,
        "draw a VirtualNetworkLink from the zone to the network",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "no-public-access",
        "Nothing of a closed environment can be reached from the internet",
        Control("NS-2", "a firewall can be misconfigured, no address cannot"),
        each(*PUBLIC_ACCESS, judge=_no_public_access),
        "set publicNetworkAccess to Disabled",
        WHERE_CLOSED,
        alone=True,
    ),
    Rule(
        "public-access-known",
        "What can be reached from the internet is known to be so",
        Control("NS-2", "outside prod an environment may be open, but somebody must have decided it"),
        each("storage:StorageAccount", "keyvault:Vault", "containerregistry:Registry", judge=_no_public_access),
        "set azure.network.public_access to false, or accept it with a reason",
        WHERE_OPEN,
        alone=True,
        level="advisory",
    ),
)
