"""The container registry in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import ON, Said


def registry(said: Said) -> Arguments:
    """azurerm_container_registry. Copies in other regions are folded in by `replication`."""
    return {
        **placed(said, "registryName"),
        "sku": said.into("sku").need("name"),
        "admin_enabled": said.take("adminUserEnabled"),
        "anonymous_pull_enabled": said.take("anonymousPullEnabled"),
        "public_network_access_enabled": said.word("publicNetworkAccess", ON),
        "network_rule_bypass_option": said.take("networkRuleBypassOptions"),
        "data_endpoint_enabled": said.take("dataEndpointEnabled"),
        "zone_redundancy_enabled": said.word("zoneRedundancy", ON),
        "network_rule_set": _firewall(said.into("networkRuleSet")),
        **_policies(said.into("policies")),
    }


def _policies(said: Said) -> Arguments:
    """azurerm has no word for content trust, which Azure retires, and never switches it on."""
    trust = said.into("trustPolicy")
    trust.implied("status", "Disabled", "disabled")
    trust.implied("type", "Notary", "notary")
    sign_in = said.into("azureADAuthenticationAsArmPolicy")
    retention = said.into("retentionPolicy")
    keeps = retention.word("status", ON)
    return {
        "retention_policy_in_days": retention.take("days") if keeps else None,
        "export_policy_enabled": said.into("exportPolicy").word("status", ON),
        "quarantine_policy_enabled": said.into("quarantinePolicy").word("status", ON),
        "azuread_authentication_as_arm_policy_enabled": sign_in.word("status", ON),
    }


def _firewall(said: Said) -> list[Arguments] | None:
    default = said.take("defaultAction")
    rules = [
        {"action": rule.need("action"), "ip_range": rule.need("iPAddressOrRange")} for rule in said.each("ipRules")
    ]
    return None if default is None else [{"default_action": default, "ip_rule": rules}]


def replication(said: Said) -> Arguments:
    """georeplications of azurerm_container_registry."""
    said.unsaid("replicationName")
    copy = {
        "location": said.need("location"),
        "global_endpoint_routing_enabled": said.take("regionEndpointEnabled"),
        "zone_redundancy_enabled": said.word("zoneRedundancy", ON),
        "tags": said.take("tags"),
    }
    return {"georeplications": [copy]}
