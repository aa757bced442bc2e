"""Rules for Databricks.

Source: Microsoft Learn, "Azure security baseline for Azure Databricks".
"""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, each, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, expect, targets

WORKSPACE = "databricks:Workspace"
CONNECTOR = "databricks:AccessConnector"
IN_NETWORK = ("customVirtualNetworkId", "customPublicSubnetName", "customPrivateSubnetName")


def _in_network(workspace: Resource) -> Iterator[Finding]:
    for setting in IN_NETWORK:
        if not at(workspace, f"parameters.{setting}.value"):
            yield Finding(workspace.key, f"parameters.{setting}", "nothing", "one of the environment's own")


def _connected(facts: Facts) -> Iterator[Finding]:
    for workspace in facts.of(WORKSPACE):
        yield from expect(workspace, "defaultStorageFirewall", "Enabled")
        connector = at(workspace, "accessConnector")
        known = {one.key for one in facts.of(CONNECTOR)}
        if not targets(connector) & known and not isinstance(at(connector, "id"), str):
            yield Finding(workspace.key, "accessConnector", "no connector", "the environment's access connector")


RULES = (
    Rule(
        "spark-no-public-address",
        "Machines of Databricks have no address in the internet",
        Control("NS-2", "they hold data, and need nobody from outside"),
        settings(WORKSPACE, ("parameters.enableNoPublicIp.value", True)),
        "set parameters.enableNoPublicIp.value to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "spark-in-network",
        "Machines of Databricks stand in the environment's own network",
        Control("NS-1", "security groups hold only there; it can be set at creation only"),
        each(WORKSPACE, judge=_in_network),
        "set the virtual network and both subnets under parameters",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "spark-premium",
        "Databricks is premium",
        Control("PA-7", "smaller ones have no roles and no private endpoint"),
        settings(WORKSPACE, ("sku.name", "premium")),
        "set azure.databricks.sku to premium in the environment file",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "spark-connector",
        "Databricks reaches data through an access connector, and its own storage is closed",
        Control("IM-3", "the connector is an identity: there is no key on a cluster"),
        _connected,
        "draw an AccessConnector, refer to it, and set defaultStorageFirewall to Enabled",
        EVERYWHERE,
        alone=False,
    ),
)
