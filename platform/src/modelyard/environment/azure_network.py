"""The network of an Azure environment: address plan and who gets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import combinations

from pydantic import Field, model_validator

from modelyard.environment.settings import Cidr, Problem, Section, refuse

SMALLEST_PREFIX = {
    "container_apps": 27,
    "private_endpoints": 28,
    "postgres": 28,
    "databricks_public": 26,
    "databricks_private": 26,
}
"""Longest prefix that Azure accepts for what lives in a subnet (Container Apps with workload profiles: /27;
PostgreSQL flexible server: /28; Databricks with VNet injection: /26)."""
WIDEST_SPACE, NARROWEST_SPACE = 16, 24
RESERVED_FOR_APPS = ("172.30.0.0/16", "172.31.0.0/16")
"""Private ranges that Container Apps keeps for itself (Microsoft Learn, "Virtual network configuration")."""
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918."""


class Subnets(Section):
    """One subnet per concern, because Azure delegates a whole subnet to one service."""

    container_apps: Cidr
    """Container Apps environment; /27 or larger."""
    private_endpoints: Cidr
    """Private endpoints of lake, vault, registry and Databricks; /28 or larger."""
    postgres: Cidr
    """PostgreSQL flexible server; /28 or larger."""
    databricks_public: Cidr
    """Databricks hosts; /26 or larger."""
    databricks_private: Cidr
    """Databricks containers; /26 or larger."""


class Network(Section):
    """Virtual network and firewalls."""

    address_space: Cidr
    """Addresses of the virtual network: a private range from /16 to /24 that no peered network uses."""
    subnets: Subnets
    """The address plan."""
    private_endpoints: bool
    """Whether lake, vault, registry and Databricks get addresses in this network."""
    public_access: bool
    """Whether they can be reached from the internet (still only with a sign-in)."""
    allowed_ranges: tuple[Cidr, ...] = Field(strict=False)
    """Internet addresses that firewalls let in while public_access is true."""

    @model_validator(mode="after")
    def _plan_holds(self) -> Network:
        refuse(address_problems(self))
        return self


def address_problems(network: Network) -> list[Problem]:
    """What is wrong with the address plan: not an address, outside the space, too small, overlapping."""
    texts = {
        "address_space": network.address_space,
        **{f"subnets.{name}": text for name, text in network.subnets},
        **{f"allowed_ranges.{place}": text for place, text in enumerate(network.allowed_ranges)},
    }
    parsed: dict[str, ipaddress.IPv4Network] = {}
    problems = []
    for key, text in texts.items():
        try:
            parsed[key] = ipaddress.IPv4Network(text)
        except ValueError:
            problems.append(Problem(key, text, "a network address in CIDR form without host bits, like 10.40.0.0/23"))
    return problems or [*_space_problems(parsed), *_subnet_problems(parsed), *_access_problems(network, parsed)]


def _is_private(network: ipaddress.IPv4Network) -> bool:
    return any(network.subnet_of(ipaddress.IPv4Network(private)) for private in PRIVATE_RANGES)


def _space_problems(parsed: dict[str, ipaddress.IPv4Network]) -> Iterator[Problem]:
    space = parsed["address_space"]
    if not _is_private(space) or not WIDEST_SPACE <= space.prefixlen <= NARROWEST_SPACE:
        yield Problem("address_space", str(space), f"a range inside {', '.join(PRIVATE_RANGES)}, from /16 to /24")


def _subnet_problems(parsed: dict[str, ipaddress.IPv4Network]) -> Iterator[Problem]:
    space = parsed["address_space"]
    subnets = {key: network for key, network in parsed.items() if key.startswith("subnets.")}
    for key, subnet in subnets.items():
        longest = SMALLEST_PREFIX[key.removeprefix("subnets.")]
        if not subnet.subnet_of(space):
            yield Problem(key, str(subnet), f"a range inside address_space {space}")
        if subnet.prefixlen > longest:
            yield Problem(key, str(subnet), f"/{longest} or larger")
    apps = subnets["subnets.container_apps"]
    for reserved in RESERVED_FOR_APPS:
        if apps.overlaps(ipaddress.IPv4Network(reserved)):
            yield Problem("subnets.container_apps", str(apps), f"a range outside {reserved}, which Azure keeps")
    for (first, one), (second, other) in combinations(subnets.items(), 2):
        if one.overlaps(other):
            yield Problem(second, str(other), f"a range that does not overlap {first} ({one})")


def _access_problems(network: Network, parsed: dict[str, ipaddress.IPv4Network]) -> Iterator[Problem]:
    if not network.public_access and not network.private_endpoints:
        yield Problem("private_endpoints", "false", "true while public_access is false, or nothing can be reached")
    if not network.public_access and network.allowed_ranges:
        yield Problem("allowed_ranges", ", ".join(network.allowed_ranges), "[] while public_access is false")
    if network.public_access and not network.allowed_ranges:
        yield Problem("allowed_ranges", "[]", "at least one range while public_access is true")
    for place in range(len(network.allowed_ranges)):
        key = f"allowed_ranges.{place}"
        if _is_private(parsed[key]) or parsed[key].prefixlen == 0:
            yield Problem(key, str(parsed[key]), "a range of internet addresses, and not the whole internet")
