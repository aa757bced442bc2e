"""Databricks in azurerm's words."""

from __future__ import annotations

from modelyard_infra.blueprint.graph import Ref
from modelyard_infra.terraform.blocks import Arguments, Json
from modelyard_infra.terraform.identities import identity
from modelyard_infra.terraform.network import SECURED, placed
from modelyard_infra.terraform.reading import ON, Said, UntranslatableError


def access_connector(said: Said) -> Arguments:
    """azurerm_databricks_access_connector."""
    return {**placed(said, "connectorName"), "identity": identity(said)}


def workspace(said: Said) -> Arguments:
    """azurerm_databricks_workspace, in a network of ours. azurerm looks up the connector's kind of identity itself."""
    said.implied("computeMode", "Hybrid")
    connector, parameters = said.into("accessConnector"), said.into("parameters")
    connector.unsaid("identityType")
    return {
        **placed(said, "workspaceName"),
        "sku": said.into("sku").need("name"),
        "managed_resource_group_name": said.convert("managedResourceGroupId", _name_of_group),
        "public_network_access_enabled": said.word("publicNetworkAccess", ON),
        "network_security_group_rules_required": said.take("requiredNsgRules"),
        "default_storage_firewall_enabled": said.word("defaultStorageFirewall", ON),
        "access_connector_id": connector.take("id"),
        "infrastructure_encryption_enabled": _parameter(parameters, "requireInfrastructureEncryption"),
        "custom_parameters": [
            {
                "no_public_ip": _parameter(parameters, "enableNoPublicIp"),
                "virtual_network_id": _parameter(parameters, "customVirtualNetworkId"),
                "public_subnet_name": _parameter(parameters, "customPublicSubnetName"),
                "private_subnet_name": _parameter(parameters, "customPrivateSubnetName"),
                "public_subnet_network_security_group_association_id": _secured(parameters, "customPublicSubnetName"),
                "private_subnet_network_security_group_association_id": _secured(parameters, "customPrivateSubnetName"),
                "storage_account_name": _parameter(parameters, "storageAccountName"),
            }
        ],
    }


def _parameter(said: Said, name: str) -> Json:
    return said.into(name).take("value")


def _secured(said: Said, name: str) -> Ref | None:
    """azurerm wants to see that a subnet of the workspace has its security group."""
    subnet = _parameter(said, name)
    return Ref(subnet.resource, SECURED) if isinstance(subnet, Ref) else None


def _name_of_group(group: object) -> str:
    if not isinstance(group, str):
        raise UntranslatableError(f"the managed resource group must be named by its id, not be {group!r}")
    return group.rpartition("/")[2]
