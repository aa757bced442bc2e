"""The concern `network`: the virtual network, its subnets and firewalls, the way out, private names."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.network import NAT, NETWORK, subnet_key
from modelyard_infra.blueprint.graph import Ref


class Network(Concern):
    """Addresses, and who may reach whom."""

    network_id: pulumi.Output[str]
    """Id of the virtual network."""
    apps_subnet_id: pulumi.Output[str]
    """Id of the subnet that containers run in."""
    gateway_id: pulumi.Output[str]
    """Id of the gateway through which everything leaves."""

    gives: ClassVar[dict[str, Ref]] = {
        "network_id": Ref(NETWORK),
        "apps_subnet_id": Ref(subnet_key("container-apps")),
        "gateway_id": Ref(NAT),
    }
