"""The container registry."""

from __future__ import annotations

from modelyard.environment.azure_regions import REGIONS
from modelyard_infra.blueprint.azure.firewalls import access
from modelyard_infra.blueprint.azure.network import draw_endpoint
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "images"
REGISTRY = "registry"
PREMIUM = "Premium"


def draw_images(site: Site) -> list[Resource]:
    """The registry, its copies in other regions, its private endpoint."""
    return [
        _registry(site),
        *(_replica(site, region) for region in site.azure.registry.replicate_to),
        *draw_endpoint(site, CONCERN, purpose="registry", target=REGISTRY, group_id="registry", zone="registry"),
    ]


def login_server(site: Site) -> str:
    """Where images are pushed and pulled."""
    return f"{site.name('registry')}.azurecr.io"


def full_name(site: Site, image: str) -> str:
    """An image of the environment's own registry, as a container names it."""
    return f"{login_server(site)}/{image}"


def _registry(site: Site) -> Resource:
    settings = site.azure.registry
    properties: dict[str, Value] = {
        "registryName": site.name("registry"),
        "sku": {"name": settings.sku},
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "publicNetworkAccess": access(site),
        "networkRuleBypassOptions": "AzureServices",
    }
    if settings.sku == PREMIUM:
        properties["dataEndpointEnabled"] = True
        properties["zoneRedundancy"] = "Enabled" if site.azure.zone_redundant else "Disabled"
        properties["policies"] = _policies(settings.untagged_retention_days, is_private=site.is_private)
        if not site.is_private:
            ranges = site.azure.network.allowed_ranges
            allowed: list[Value] = [{"action": "Allow", "iPAddressOrRange": addresses} for addresses in ranges]
            properties["networkRuleSet"] = {"defaultAction": "Deny", "ipRules": allowed}
    return site.resource(CONCERN, REGISTRY, "containerregistry:Registry", properties, holds_data=True)


def _policies(retention_days: int, *, is_private: bool) -> Value:
    retention: dict[str, Value] = {"status": "enabled", "days": retention_days} if retention_days else {}
    return {
        "retentionPolicy": retention or {"status": "disabled"},
        # Images leave by being pulled, never by being exported to another registry.
        "exportPolicy": {"status": "disabled" if is_private else "enabled"},
        "quarantinePolicy": {"status": "disabled"},
        "trustPolicy": {"status": "disabled", "type": "Notary"},
        "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
    }


def _replica(site: Site, region: str) -> Resource:
    properties: dict[str, Value] = {
        "registryName": Ref(REGISTRY, "name"),
        "replicationName": region,
        "location": region,
        "regionEndpointEnabled": True,
        "zoneRedundancy": "Enabled" if site.azure.zone_redundant and REGIONS[region].zones else "Disabled",
    }
    return site.resource(CONCERN, f"registry-{region}", "containerregistry:Replication", properties)
