"""Rules for container registries."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, WITH_ENDPOINTS, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.storage import unlisted_ranges
from modelyard_infra.policies.values import expect, text

REGISTRY = "containerregistry:Registry"
PREMIUM = "Premium"
"""The only size with private endpoints, a firewall, zones and retention."""


def _retention(registry: Resource, facts: Facts) -> Iterator[Finding]:
    wanted = facts.azure.registry.untagged_retention_days
    if text(registry, "sku.name") != PREMIUM or not wanted:
        return
    yield from expect(registry, "policies.retentionPolicy.status", "Enabled")
    yield from expect(registry, "policies.retentionPolicy.days", wanted)


def _no_export(registry: Resource) -> Iterator[Finding]:
    # Azure allows the export policy to be switched off only together with public access.
    if text(registry, "publicNetworkAccess") == "Disabled":
        yield from expect(registry, "policies.exportPolicy.status", "Disabled")


def _firewall(registry: Resource, facts: Facts) -> Iterator[Finding]:
    if text(registry, "sku.name") != PREMIUM or text(registry, "publicNetworkAccess") == "Disabled":
        return
    yield from expect(registry, "networkRuleSet.defaultAction", "Deny")
    yield from unlisted_ranges(registry, facts, "networkRuleSet.ipRules", "iPAddressOrRange")


RULES = (
    Rule(
        "registry-no-admin",
        "Registries have no admin user",
        Control("IM-1", "a shared password names nobody and never ends"),
        settings(REGISTRY, ("adminUserEnabled", False)),
        "set adminUserEnabled to false; give AcrPull or AcrPush to an identity",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "registry-no-anonymous-pull",
        "Nobody pulls images without a sign-in",
        Control("IM-1", "images hold code and models"),
        settings(REGISTRY, ("anonymousPullEnabled", False)),
        "set anonymousPullEnabled to false",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "registry-premium",
        "A registry that must be private is Premium",
        Control("NS-2", "smaller ones have no private endpoint"),
        settings(REGISTRY, ("sku.name", PREMIUM)),
        "set azure.registry.sku to Premium in the environment file",
        WITH_ENDPOINTS,
        alone=True,
    ),
    Rule(
        "registry-retention",
        "Images without a tag go after the days that the environment file says (Premium)",
        Control("PV-6", "old images carry known holes"),
        each_in(REGISTRY, judge=_retention),
        "set policies.retentionPolicy from azure.registry.untagged_retention_days",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "registry-no-export",
        "A closed registry does not export images to others",
        Control("DP-2", "export is a way out for code and models"),
        each(REGISTRY, judge=_no_export),
        "set policies.exportPolicy.status to Disabled",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "registry-firewall",
        "An open registry's firewall refuses everybody it does not name (Premium)",
        Control("NS-2", "only the ranges in the environment file get in"),
        each_in(REGISTRY, judge=_firewall),
        "set networkRuleSet.defaultAction to Deny; name ranges in azure.network.allowed_ranges only",
        EVERYWHERE,
        alone=True,
    ),
)
