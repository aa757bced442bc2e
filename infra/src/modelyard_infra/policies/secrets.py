"""Rules for key vaults, and for secrets wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from modelyard.environment.secret_shapes import looks_like_a_secret
from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, WITH_SENSITIVE_DATA, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.storage import unlisted_ranges
from modelyard_infra.policies.values import at, at_least, expect, items, texts

VAULT = "keyvault:Vault"
KEY_SOURCE = {
    "storage:StorageAccount": "encryption.keyVaultProperties",
    "dbforpostgresql:Server": "dataEncryption.primaryKeyURI",
    "containerregistry:Registry": "encryption.keyVaultProperties",
    "databricks:Workspace": "parameters.encryption.value.keyVaultUri",
}
"""Where each kind says which key of one's own encrypts it."""
SHORTEST_SECRET = 8
"""Below this nothing is long enough for any of the shapes."""


def _roles_only(vault: Resource) -> Iterator[Finding]:
    yield from expect(vault, "properties.enableRbacAuthorization", True)
    policies = items(vault, "properties.accessPolicies")
    if policies:
        yield Finding(vault.key, "properties.accessPolicies", f"{len(policies)} access policies", "none")


def _soft_delete(vault: Resource, facts: Facts) -> Iterator[Finding]:
    yield from expect(vault, "properties.enableSoftDelete", True)
    yield from at_least(vault, "properties.softDeleteRetentionInDays", facts.azure.key_vault.soft_delete_days)


def _firewall(vault: Resource, facts: Facts) -> Iterator[Finding]:
    yield from expect(vault, "properties.networkAcls.defaultAction", "Deny")
    yield from unlisted_ranges(vault, facts, "properties.networkAcls.ipRules", "value")


def _not_for_machines(vault: Resource) -> Iterator[Finding]:
    for setting in ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment"):
        yield from expect(vault, f"properties.{setting}", False, None)


def _own_key(resource: Resource) -> Iterator[Finding]:
    path = KEY_SOURCE[resource.kind]
    if not at(resource, path):
        yield Finding(resource.key, path, "nothing: Azure's own key", "a key of the environment's vault")


@lru_cache(maxsize=4096)
def _is_secret(text: str) -> bool:
    """The same texts come again in every graph of an environment."""
    return looks_like_a_secret(text)


def _no_secrets(facts: Facts) -> Iterator[Finding]:
    for resource in facts.graph:
        for path, text in texts(resource.properties):
            if len(text) >= SHORTEST_SECRET and _is_secret(text):
                # The text itself is not shown: messages go to logs.
                yield Finding(resource.key, path, f"a text of {len(text)} characters like a secret", "no secret")


RULES = (
    Rule(
        "vault-roles-only",
        "Key vaults are opened by role, not by access policies",
        Control("PA-7", "roles are narrow, seen in one place, and reviewed there"),
        each(VAULT, judge=_roles_only),
        "set enableRbacAuthorization to true and assign roles",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "vault-purge-protection",
        "Nobody can end the time early in which a deleted secret can be brought back",
        Control("DP-8", "secrets outlive a mistake, and an owner gone bad"),
        settings(VAULT, ("properties.enablePurgeProtection", True)),
        "set azure.key_vault.purge_protection to true in the environment file",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "vault-soft-delete",
        "Deleted secrets can be brought back as long as the environment file says",
        Control("DP-8", "a mistake must not delete for good"),
        each_in(VAULT, judge=_soft_delete),
        "set enableSoftDelete, and softDeleteRetentionInDays to azure.key_vault.soft_delete_days",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "vault-firewall",
        "A key vault's firewall refuses everybody it does not name",
        Control("NS-2", "only the ranges in the environment file get in"),
        each_in(VAULT, judge=_firewall),
        "set networkAcls.defaultAction to Deny; name ranges in azure.network.allowed_ranges only",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "vault-not-for-machines",
        "Azure's virtual machines, disks and templates have no way past a vault's roles",
        Control("PA-7", "nothing here needs them"),
        each(VAULT, judge=_not_for_machines),
        "set enabledForDeployment, enabledForDiskEncryption and enabledForTemplateDeployment to false",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "own-keys",
        "Sensitive data is encrypted with keys of one's own",
        Control("DP-5", "whoever holds the key can end all access at once"),
        each(*KEY_SOURCE, judge=_own_key),
        "name a key of the vault, or accept it with a reason",
        WITH_SENSITIVE_DATA,
        alone=True,
        level="advisory",
    ),
    Rule(
        "no-secrets",
        "No property of any resource holds a secret",
        Control("IM-8", "what stands in a property stands in state, previews and templates too"),
        _no_secrets,
        "put the secret into the key vault and refer to its name; then change the secret",
        EVERYWHERE,
        alone=True,
    ),
)
