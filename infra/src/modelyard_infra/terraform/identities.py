"""Identities and the vault in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import ON, Said, texts


def user_assigned_identity(said: Said) -> Arguments:
    """azurerm_user_assigned_identity."""
    return placed(said, "resourceName")


def federated_credential(said: Said) -> Arguments:
    """azurerm_federated_identity_credential."""
    said.unsaid("resourceGroupName")
    return {
        "name": said.need("federatedIdentityCredentialResourceName"),
        "user_assigned_identity_id": said.owner("resourceName"),
        "issuer": said.need("issuer"),
        "subject": said.need("subject"),
        "audience": said.need("audiences"),
    }


def vault(said: Said) -> Arguments:
    """azurerm_key_vault."""
    inside = said.into("properties")
    inside.implied("enableSoftDelete", True)
    sku = inside.into("sku")
    sku.implied("family", "A")
    return {
        **placed(said, "vaultName"),
        "tenant_id": inside.need("tenantId"),
        "sku_name": sku.need("name"),
        "rbac_authorization_enabled": inside.need("enableRbacAuthorization"),
        "soft_delete_retention_days": inside.take("softDeleteRetentionInDays"),
        "purge_protection_enabled": inside.take("enablePurgeProtection"),
        "enabled_for_deployment": inside.take("enabledForDeployment"),
        "enabled_for_disk_encryption": inside.take("enabledForDiskEncryption"),
        "enabled_for_template_deployment": inside.take("enabledForTemplateDeployment"),
        "public_network_access_enabled": inside.word("publicNetworkAccess", ON),
        "network_acls": [_vault_firewall(inside.into("networkAcls"))],
    }


def _vault_firewall(said: Said) -> Arguments:
    return {
        "default_action": said.need("defaultAction"),
        "bypass": said.need("bypass"),
        "ip_rules": texts(said.each("ipRules"), "value"),
        "virtual_network_subnet_ids": texts(said.each("virtualNetworkRules"), "id"),
    }


def identity(said: Said) -> list[Arguments] | None:
    """The identity block that many resources have; None for a resource without an identity."""
    inside = said.into("identity")
    kind = inside.take("type")
    if kind is None:
        return None
    return [{"type": kind, "identity_ids": inside.take("userAssignedIdentities")}]
