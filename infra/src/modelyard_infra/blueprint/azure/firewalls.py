"""Who may reach what: rules of the subnets' security groups, and the firewalls of lake, vault and registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Value

Rules: TypeAlias = Sequence[Mapping[str, Value]]

HTTPS = "443"
POSTGRES = ("5432", "6432")
"""The server, and its connection pooler."""
NETWORK = "VirtualNetwork"
LAST = 4096


def security_rules(site: Site, purpose: str, ranges: Mapping[str, str]) -> Rules:
    """The rules of one subnet's security group.

    Args:
        site: the environment.
        purpose: whose subnet it is.
        ranges: addresses of all subnets, by purpose.
    """
    if purpose == "container-apps":
        return _apps(site)
    if purpose == "postgres":
        return _postgres(ranges)
    if purpose == "private-endpoints":
        return [_allow("https-from-network", 100, NETWORK, [HTTPS]), _deny_rest()]
    # Databricks' machines talk among themselves, which Azure's own first rule allows, and to nobody else inside.
    return [_allow("workers-among-themselves", 100, NETWORK, ["0-65535"]), _deny_rest()]


def _apps(site: Site) -> Rules:
    """Clients speak HTTPS; Azure's load balancer looks whether the apps live (Microsoft Learn, "Securing a virtual
    network in Azure Container Apps"). 31443 is where the ingress listens inside."""
    ports = [HTTPS, "31443"]
    probes = _allow("probes-of-load-balancer", 110, "AzureLoadBalancer", ["30000-32767"])
    among = _allow("apps-among-themselves", 120, site.azure.network.subnets.container_apps, ["0-65535"], protocol="*")
    if site.is_private:
        return [_allow("https-from-network", 100, NETWORK, ports), probes, among, _deny_rest()]
    clients = [
        _allow(f"https-from-allowed-range-{place}", 100 + place, addresses, ports)
        for place, addresses in enumerate(site.azure.network.allowed_ranges)
    ]
    return [*clients, probes, among, _deny_rest()]


def _postgres(ranges: Mapping[str, str]) -> Rules:
    clients = {name: addresses for name, addresses in ranges.items() if name in {"container-apps", "postgres"}}
    allowed = [
        _allow(f"postgres-from-{name}", 100 + place, addresses, list(POSTGRES))
        for place, (name, addresses) in enumerate(clients.items())
    ]
    return [*allowed, _deny_rest()]


def _allow(name: str, priority: int, source: str, ports: list[str], *, protocol: str = "Tcp") -> Mapping[str, Value]:
    return {
        "name": name,
        "priority": priority,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": protocol,
        "sourceAddressPrefix": source,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRanges": ports,
    }


def _deny_rest() -> Mapping[str, Value]:
    return {
        "name": "deny-the-rest",
        "priority": LAST,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }


def access(site: Site) -> str:
    """Azure's word for whether a service can be reached from the internet."""
    return "Disabled" if site.is_private else "Enabled"


def storage_firewall(site: Site) -> Mapping[str, Value]:
    """The lake's firewall: nobody but who is named, and Azure's own services that are trusted."""
    return {
        "defaultAction": "Deny",
        "bypass": "AzureServices",
        "ipRules": [{"iPAddressOrRange": addresses, "action": "Allow"} for addresses in _ranges(site)],
        "virtualNetworkRules": [{"virtualNetworkResourceId": subnet, "action": "Allow"} for subnet in _subnets(site)],
    }


def vault_firewall(site: Site) -> Mapping[str, Value]:
    """The vault's firewall."""
    return {
        "defaultAction": "Deny",
        "bypass": "AzureServices",
        "ipRules": [{"value": addresses} for addresses in _ranges(site)],
        "virtualNetworkRules": [{"id": subnet} for subnet in _subnets(site)],
    }


def _ranges(site: Site) -> tuple[str, ...]:
    return () if site.is_private else site.azure.network.allowed_ranges


def _subnets(site: Site) -> list[Ref]:
    return [] if site.azure.network.private_endpoints else [Ref("subnet-container-apps")]
