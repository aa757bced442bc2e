"""The vault of the environment's secrets."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.firewalls import access, vault_firewall
from modelyard_infra.blueprint.azure.network import draw_endpoint
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Resource, Value

CONCERN = "vault"
VAULT = "vault"


def draw_vault(site: Site) -> list[Resource]:
    """The vault, open to roles only, and its private endpoint."""
    vault = site.azure.key_vault
    properties: dict[str, Value] = {
        "vaultName": site.name("key vault"),
        "properties": {
            "tenantId": site.azure.tenant_id,
            "sku": {"family": "A", "name": vault.sku},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": vault.soft_delete_days,
            # Azure knows no false: a vault is created without the word, and nobody can take it back later.
            **({"enablePurgeProtection": True} if vault.purge_protection else {}),
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            "publicNetworkAccess": access(site),
            "networkAcls": vault_firewall(site),
        },
    }
    return [
        site.resource(CONCERN, VAULT, "keyvault:Vault", properties, holds_data=True),
        *draw_endpoint(site, CONCERN, purpose="vault", target=VAULT, group_id="vault", zone="vault"),
    ]
