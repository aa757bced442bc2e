"""Rules for storage accounts: who may read, over what, and how a mistake is undone.

Source of the settings: Microsoft Learn, "Azure security baseline for Storage" and "Security recommendations for Blob
storage".
"""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, at_least, expect, is_known, items, shown, targets, text

ACCOUNT = "storage:StorageAccount"
CONTAINER = "storage:BlobContainer"
BLOB_SERVICE = "storage:BlobServiceProperties"
LIFECYCLE = "storage:ManagementPolicy"
MODERN_TLS = ("TLS1_2", "TLS1_3")


def _no_local_users(account: Resource) -> Iterator[Finding]:
    for setting in ("isLocalUserEnabled", "isSftpEnabled"):
        yield from expect(account, setting, False)
    yield from expect(account, "enableNfsV3", False, None)


def _firewall(account: Resource, facts: Facts) -> Iterator[Finding]:
    yield from expect(account, "networkRuleSet.defaultAction", "Deny")
    yield from unlisted_ranges(account, facts, "networkRuleSet.ipRules", "iPAddressOrRange")


def unlisted_ranges(resource: Resource, facts: Facts, path: str, name: str) -> Iterator[Finding]:
    """Findings for addresses that a firewall lets in and the environment file does not name."""
    allowed = facts.azure.network.allowed_ranges if not facts.is_closed else ()
    for place, rule in enumerate(items(resource, path)):
        found = at(rule, name)
        if is_known(found) and found not in allowed:
            yield Finding(resource.key, f"{path}.{place}.{name}", shown(found), ", ".join(allowed) or "no address")


def _soft_delete(facts: Facts) -> Iterator[Finding]:
    lake = facts.azure.lake
    least = {"deleteRetentionPolicy": lake.soft_delete_days}
    least["containerDeleteRetentionPolicy"] = lake.container_soft_delete_days
    for account in facts.of(ACCOUNT):
        services = [service for service in facts.of(BLOB_SERVICE) if _belongs(service, account)]
        if not services:
            yield Finding(account.key, "", f"no {BLOB_SERVICE}", "one that keeps what was deleted")
        for service in services:
            for path, days in least.items():
                yield from expect(service, f"{path}.enabled", True)
                yield from at_least(service, f"{path}.days", days)


def _lifecycle(facts: Facts) -> Iterator[Finding]:
    for account in facts.of(ACCOUNT):
        policies = [policy for policy in facts.of(LIFECYCLE) if _belongs(policy, account)]
        rules = [rule for policy in policies for rule in items(policy, "policy.rules")]
        if not any(at(rule, "enabled") is True for rule in rules):
            yield Finding(account.key, "", "no lifecycle rule that is switched on", "one at least")


def _belongs(part: Resource, account: Resource) -> bool:
    """Whether a part is of this account, which it refers to or names."""
    owner: Value = part.properties.get("accountName")
    return account.key in targets(owner) or (bool(owner) and owner == text(account, "accountName"))


RULES = (
    Rule(
        "storage-no-public-account",
        "No storage account allows anonymous reading",
        Control("NS-2", "what holds data is not reachable without a sign-in"),
        settings(ACCOUNT, ("allowBlobPublicAccess", False)),
        "set allowBlobPublicAccess to false",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-no-public-container",
        "No blob container is public",
        Control("NS-2", "what holds data is not reachable without a sign-in"),
        settings(CONTAINER, ("publicAccess", "None")),
        "set publicAccess to None",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-https-only",
        "Storage accounts speak HTTPS only",
        Control("DP-3", "data in transit is encrypted"),
        settings(ACCOUNT, ("enableHttpsTrafficOnly", True)),
        "set enableHttpsTrafficOnly to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-modern-tls",
        "Storage accounts refuse TLS below 1.2",
        Control("DP-3", "old TLS can be broken"),
        settings(ACCOUNT, ("minimumTlsVersion", *MODERN_TLS)),
        "set minimumTlsVersion to TLS1_2",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-no-shared-keys",
        "Storage accounts know no keys, only identities",
        Control("IM-1", "one place of sign-in: a key has no owner and no end"),
        settings(ACCOUNT, ("allowSharedKeyAccess", False), ("defaultToOAuthAuthentication", True)),
        "set allowSharedKeyAccess to false and defaultToOAuthAuthentication to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-no-local-users",
        "Storage accounts have no users of their own, no SFTP and no NFS",
        Control("IM-1", "each of these signs in past Entra"),
        each(ACCOUNT, judge=_no_local_users),
        "set isLocalUserEnabled and isSftpEnabled to false",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-no-copies-outside",
        "Data is not copied to another tenant",
        Control("DP-2", "an account elsewhere is a way out for data"),
        settings(ACCOUNT, ("allowCrossTenantReplication", False), ("allowedCopyScope", "AAD", "PrivateLink")),
        "set allowCrossTenantReplication to false and allowedCopyScope to AAD",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-encrypted-twice",
        "Storage accounts encrypt a second time, in the infrastructure",
        Control("DP-4", "one broken algorithm or key is not enough; it can be set at creation only"),
        settings(ACCOUNT, ("encryption.requireInfrastructureEncryption", True)),
        "set encryption.requireInfrastructureEncryption to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-firewall",
        "A storage account's firewall refuses everybody it does not name",
        Control("NS-2", "only the ranges in the environment file get in"),
        each_in(ACCOUNT, judge=_firewall),
        "set networkRuleSet.defaultAction to Deny; name ranges in azure.network.allowed_ranges only",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "storage-soft-delete",
        "Deleted blobs and containers can be brought back as long as the environment file says",
        Control("BR-2", "a mistake or an attacker must not delete for good"),
        _soft_delete,
        "switch both retention policies on, with azure.lake.soft_delete_days and container_soft_delete_days",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "storage-lifecycle",
        "Every storage account has lifecycle rules",
        Control("AM-3", "data has an end, and old data a cheap place"),
        _lifecycle,
        "draw a ManagementPolicy with a rule that is switched on",
        EVERYWHERE,
        alone=False,
    ),
)
