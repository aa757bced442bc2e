"""Rules for the network: who may speak to whom, and which subnet belongs to which service."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, each, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, items, text

SUBNET = "network:Subnet"
GROUP = "network:NetworkSecurityGroup"
SINGLE_RULE = "network:SecurityRule"
ANYBODY = frozenset({"*", "any", "internet", "0.0.0.0/0", "0.0.0.0", "::/0"})  # noqa: S104 - texts to compare with
MANAGEMENT_PORTS = {22: "SSH", 3389: "RDP", 5985: "WinRM", 5986: "WinRM", 5432: "PostgreSQL", 445: "SMB"}
"""Ports over which a machine or a database is taken over."""

SERVICES: dict[str, tuple[tuple[str, str], ...]] = {
    "app:ManagedEnvironment": (("vnetConfiguration.infrastructureSubnetId", "Microsoft.App/environments"),),
    "dbforpostgresql:Server": (("network.delegatedSubnetResourceId", "Microsoft.DBforPostgreSQL/flexibleServers"),),
    "databricks:Workspace": (
        ("parameters.customPublicSubnetName", "Microsoft.Databricks/workspaces"),
        ("parameters.customPrivateSubnetName", "Microsoft.Databricks/workspaces"),
    ),
}
"""Where a service says which subnet is its own, and what the subnet must be delegated to. Source: Microsoft Learn,
"Virtual network service injection" of each service."""


def _guarded(subnet: Resource) -> Iterator[Finding]:
    if not at(subnet, "networkSecurityGroup.id"):
        yield Finding(subnet.key, "networkSecurityGroup.id", "nothing", "a security group")


def _security_rules(facts: Facts) -> Iterator[tuple[Resource, str, Value]]:
    """(resource, path, rule) of every rule, in a group or on its own."""
    for group in facts.of(GROUP):
        for place, rule in enumerate(items(group, "securityRules")):
            yield group, f"securityRules.{place}", rule
    for resource in facts.of(SINGLE_RULE):
        yield resource, "", resource.properties


def _sources(rule: Value) -> list[str]:
    many = [value for value in items(rule, "sourceAddressPrefixes") if isinstance(value, str)]
    return [source.lower() for source in (text(rule, "sourceAddressPrefix"), *many) if source]


def _ports(rule: Value) -> Iterator[tuple[int, int]]:
    many = [value for value in items(rule, "destinationPortRanges") if isinstance(value, str)]
    for ports in (text(rule, "destinationPortRange"), *many):
        first, _, last = ports.partition("-")
        if ports == "*":
            yield 0, 65535
        elif first.isdigit():
            yield int(first), int(last or first)


def _open_to_anybody(facts: Facts) -> Iterator[tuple[Resource, str, Value]]:
    """Rules that let anybody in."""
    for resource, path, rule in _security_rules(facts):
        if (text(rule, "direction"), text(rule, "access")) == ("Inbound", "Allow") and ANYBODY & set(_sources(rule)):
            yield resource, path, rule


def _no_management(facts: Facts) -> Iterator[Finding]:
    for resource, path, rule in _open_to_anybody(facts):
        reached = [f"{port} ({name})" for port, name in MANAGEMENT_PORTS.items() if _reaches(rule, port)]
        if reached:
            found = f"{', '.join(_sources(rule))} on {', '.join(reached)}"
            yield Finding(resource.key, path, found, "named ranges of addresses")


def _reaches(rule: Value, port: int) -> bool:
    return any(first <= port <= last for first, last in _ports(rule))


def _not_from_internet(facts: Facts) -> Iterator[Finding]:
    for resource, path, rule in _open_to_anybody(facts):
        if not any(_reaches(rule, port) for port in MANAGEMENT_PORTS):
            found = f"inbound traffic from {', '.join(_sources(rule))}"
            yield Finding(resource.key, path, found, "named ranges of addresses, or a service tag of Azure")


def _delegations(facts: Facts) -> Iterator[Finding]:
    for kind, places in SERVICES.items():
        for resource in facts.of(kind):
            for path, service in places:
                for subnet in facts.pointed_at(at(resource, path), SUBNET):
                    yield from _delegated(subnet, (service,))
    for endpoint in facts.of("network:PrivateEndpoint"):
        for subnet in facts.pointed_at(at(endpoint, "subnet"), SUBNET):
            yield from _delegated(subnet, ())


def _delegated(subnet: Resource, wanted: tuple[str, ...]) -> Iterator[Finding]:
    found = tuple(text(one, "serviceName") for one in items(subnet, "delegations"))
    if found != wanted:
        allowed = ", ".join(wanted) or "none, because private endpoints stand in it"
        yield Finding(subnet.key, "delegations", ", ".join(found) or "nothing", allowed)


RULES = (
    Rule(
        "network-guarded",
        "Every subnet has a security group",
        Control("NS-1", "without one everything in the network speaks to everything"),
        each(SUBNET, judge=_guarded),
        "draw a NetworkSecurityGroup for the subnet",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "network-no-open-management",
        "Nobody gets in from the internet to ports for management",
        Control("NS-1", "they are tried day and night"),
        _no_management,
        "name the ranges of addresses that may",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "network-not-from-internet",
        "No security group lets the whole internet in",
        Control("NS-1", "clients are known: this network, and the ranges in the environment file"),
        _not_from_internet,
        "name the ranges of addresses that may",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "network-no-default-way-out",
        "No subnet has Azure's default way out to the internet",
        Control("NS-3", "traffic goes out at one known address, or not at all"),
        settings(SUBNET, ("defaultOutboundAccess", False)),
        "set defaultOutboundAccess to false, and give the subnet the NAT gateway if it needs one",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "network-delegations",
        "Each subnet belongs to the one service that stands in it, and endpoints' to none",
        Control("NS-1", "one segment, one service"),
        _delegations,
        "set the subnet's delegations",
        EVERYWHERE,
        alone=False,
    ),
)
