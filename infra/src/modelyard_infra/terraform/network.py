"""The network in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.reading import ON, Said, texts

SECURITY_RULE = {
    "access": "access",
    "description": "description",
    "destination_address_prefix": "destinationAddressPrefix",
    "destination_address_prefixes": "destinationAddressPrefixes",
    "destination_application_security_group_ids": "",
    "destination_port_range": "destinationPortRange",
    "destination_port_ranges": "destinationPortRanges",
    "direction": "direction",
    "name": "name",
    "priority": "priority",
    "protocol": "protocol",
    "source_address_prefix": "sourceAddressPrefix",
    "source_address_prefixes": "sourceAddressPrefixes",
    "source_application_security_group_ids": "",
    "source_port_range": "sourcePortRange",
    "source_port_ranges": "sourcePortRanges",
}
"""azurerm's argument and Azure's property. Terraform takes a rule only whole: null for what has no value."""

SECURED = "securityGroupAssociation"
"""Output of a subnet: that its security group is in place. azurerm's Databricks workspace asks for it."""


def virtual_network(said: Said) -> Arguments:
    """azurerm_virtual_network."""
    return {
        **placed(said, "virtualNetworkName"),
        "address_space": said.into("addressSpace").need("addressPrefixes"),
        "private_endpoint_vnet_policies": said.take("privateEndpointVNetPolicies"),
    }


def subnet(said: Said) -> Arguments:
    """azurerm_subnet. Its security group and way out are associations of their own."""
    return {
        "name": said.need("subnetName"),
        "resource_group_name": said.need("resourceGroupName"),
        "virtual_network_name": said.need("virtualNetworkName"),
        "address_prefixes": [said.need("addressPrefix")],
        "default_outbound_access_enabled": said.take("defaultOutboundAccess"),
        "private_endpoint_network_policies": said.take("privateEndpointNetworkPolicies"),
        "private_link_service_network_policies_enabled": said.word("privateLinkServiceNetworkPolicies", ON),
        "delegation": [_delegation(delegated) for delegated in said.each("delegations")] or None,
        "service_endpoint": [{"service": reached.need("service")} for reached in said.each("serviceEndpoints")] or None,
    }


def _delegation(said: Said) -> Arguments:
    return {"name": said.need("name"), "service_delegation": [{"name": said.need("serviceName")}]}


def subnet_security(said: Said) -> Arguments:
    """azurerm_subnet_network_security_group_association, without the subnet."""
    return {"network_security_group_id": said.into("networkSecurityGroup").take("id")}


def subnet_way_out(said: Said) -> Arguments:
    """azurerm_subnet_nat_gateway_association, without the subnet."""
    return {"nat_gateway_id": said.into("natGateway").take("id")}


def security_group(said: Said) -> Arguments:
    """azurerm_network_security_group, with its rules inside: a rule that somebody adds is seen and taken away."""
    return {
        **placed(said, "networkSecurityGroupName"),
        "security_rule": [
            {argument: rule.take(name) if name else None for argument, name in SECURITY_RULE.items()}
            for rule in said.each("securityRules")
        ],
    }


def nat_gateway(said: Said) -> Arguments:
    """azurerm_nat_gateway. Its addresses are associations of their own."""
    return {
        **placed(said, "natGatewayName"),
        "sku_name": said.into("sku").need("name"),
        "idle_timeout_in_minutes": said.take("idleTimeoutInMinutes"),
        "zones": said.take("zones"),
    }


def nat_gateway_address(said: Said) -> Arguments:
    """azurerm_nat_gateway_public_ip_association, without the gateway. One gateway has one address."""
    addresses = texts(said.each("publicIpAddresses"), "id") or []
    return {"public_ip_address_id": addresses[0] if len(addresses) == 1 else None}


def public_address(said: Said) -> Arguments:
    """azurerm_public_ip."""
    sku = said.into("sku")
    return {
        **placed(said, "publicIpAddressName"),
        "allocation_method": said.need("publicIPAllocationMethod"),
        "ip_version": said.take("publicIPAddressVersion"),
        "sku": sku.need("name"),
        "sku_tier": sku.take("tier"),
        "idle_timeout_in_minutes": said.take("idleTimeoutInMinutes"),
        "zones": said.take("zones"),
    }


def private_endpoint(said: Said) -> Arguments:
    """azurerm_private_endpoint."""
    return {
        **placed(said, "privateEndpointName"),
        "subnet_id": said.into("subnet").need("id"),
        "custom_network_interface_name": said.take("customNetworkInterfaceName"),
        "private_service_connection": [
            {
                "name": connection.need("name"),
                "private_connection_resource_id": connection.need("privateLinkServiceId"),
                "subresource_names": connection.need("groupIds"),
                "is_manual_connection": False,
            }
            for connection in said.each("privateLinkServiceConnections")
        ],
    }


def endpoint_names(said: Said) -> Arguments:
    """private_dns_zone_group of azurerm_private_endpoint. azurerm takes the zones' ids and names the entries itself."""
    zones = said.each("privateDnsZoneConfigs")
    for zone in zones:
        zone.unsaid("name")
    group = {"name": said.need("privateDnsZoneGroupName"), "private_dns_zone_ids": texts(zones, "privateDnsZoneId")}
    return {"private_dns_zone_group": [group]}


def private_zone(said: Said) -> Arguments:
    """azurerm_private_dns_zone."""
    said.implied("location", "global")
    return {
        "name": said.need("privateZoneName"),
        "resource_group_name": said.need("resourceGroupName"),
        "tags": said.take("tags"),
    }


def zone_link(said: Said) -> Arguments:
    """azurerm_private_dns_zone_virtual_network_link."""
    said.implied("location", "global")
    said.unsaid("resourceGroupName")
    return {
        "name": said.need("virtualNetworkLinkName"),
        "private_dns_zone_id": said.owner("privateZoneName"),
        "virtual_network_id": said.into("virtualNetwork").need("id"),
        "registration_enabled": said.take("registrationEnabled"),
        "tags": said.take("tags"),
    }


def address_record(said: Said) -> Arguments:
    """azurerm_private_dns_a_record."""
    said.implied("recordType", "A")
    said.unsaid("resourceGroupName")
    return {
        "name": said.need("relativeRecordSetName"),
        "private_dns_zone_id": said.owner("privateZoneName"),
        "ttl": said.need("ttl"),
        "records": texts(said.each("aRecords"), "ipv4Address"),
    }


def placed(said: Said, name: str) -> Arguments:
    """What nearly every resource has: a name (the property is given), a group, a region, tags."""
    return {
        "name": said.need(name),
        "resource_group_name": said.need("resourceGroupName"),
        "location": said.need("location"),
        "tags": said.take("tags"),
    }
