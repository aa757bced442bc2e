"""Address ranges: a subnet lies in its network, and in nobody else's way."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TypeAlias

from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import Json, texts_at
from modelyard_infra.simulator.request import Request
from modelyard_infra.simulator.rules.rows import BAD_REQUEST

Range: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
NETWORK, SUBNET = "network:VirtualNetwork", "network:Subnet"


def require_ranges(request: Request) -> None:
    """Checks a network or a subnet; other kinds have no ranges."""
    if request.kind == SUBNET:
        _subnet(request)
    elif request.kind == NETWORK:
        _network(request)


def _ranges(properties: Mapping[str, Json], *paths: str) -> list[Range]:
    found = []
    for text in (text for path in paths for text in texts_at(properties, path)):
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise AzureError(
                BAD_REQUEST, "InvalidAddressPrefixFormat", f"Address prefix {text} is not formatted correctly."
            ) from None
    return found


def _of_subnet(properties: Mapping[str, Json]) -> list[Range]:
    return _ranges(properties, "addressPrefix", "addressPrefixes[]")


def _of_network(properties: Mapping[str, Json]) -> list[Range]:
    return _ranges(properties, "addressSpace.addressPrefixes[]")


def _subnet(request: Request) -> None:
    parent = request.parent
    home = arm_id.name_of(parent.id) if parent else ""
    space = _of_network(parent.body) if parent else []
    own = _of_subnet(request.properties)
    if not own or not all(_within(range_, space) for range_ in own):
        raise AzureError(
            BAD_REQUEST, "NetcfgInvalidSubnet", f"Subnet '{request.name}' is not valid in virtual network '{home}'."
        )
    for other in request.siblings():
        if any(mine.overlaps(theirs) for mine in own for theirs in _of_subnet(other.body)):
            raise AzureError(
                BAD_REQUEST,
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{request.name}' is not valid because its IP address range overlaps with that of an existing "
                f"subnet '{other.name}' in virtual network '{home}'.",
            )


def _network(request: Request) -> None:
    space = _of_network(request.properties)
    for subnet in request.tables.below(request.id):
        if subnet.kind == SUBNET and not all(_within(range_, space) for range_ in _of_subnet(subnet.body)):
            raise AzureError(
                BAD_REQUEST,
                "NetcfgInvalidSubnet",
                f"Subnet '{subnet.name}' is not valid in virtual network '{request.name}'.",
            )


def _within(range_: Range, space: list[Range]) -> bool:
    return any(
        range_.version == larger.version and range_.network_address in larger and range_.broadcast_address in larger
        for larger in space
    )
