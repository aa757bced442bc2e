"""Rules for what everything has in common: budget, tags, lock, names, place, and that data is protected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from modelyard.environment.azure_names import NAME_RULES
from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, IN_PRODUCTION, each, each_in
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, is_known, items, number, shown, targets, text, texts

GROUP, LOCK, BUDGET = "resources:ResourceGroup", "authorization:ManagementLockByScope", "consumption:Budget"
ENVIRONMENTS = ("dev", "test", "prod")
ANYWHERE = "global"
LOCK_LEVELS = {"cannot_delete": ("CanNotDelete", "ReadOnly"), "read_only": ("ReadOnly",)}
SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f-]{36})", re.IGNORECASE)

NAMES = {
    "resources:ResourceGroup": "resourceGroupName",
    "network:VirtualNetwork": "virtualNetworkName",
    "network:Subnet": "subnetName",
    "network:NetworkSecurityGroup": "networkSecurityGroupName",
    "network:NatGateway": "natGatewayName",
    "network:PublicIPAddress": "publicIpAddressName",
    "network:PrivateEndpoint": "privateEndpointName",
    "managedidentity:UserAssignedIdentity": "resourceName",
    "keyvault:Vault": "vaultName",
    "storage:StorageAccount": "accountName",
    "containerregistry:Registry": "registryName",
    "dbforpostgresql:Server": "serverName",
    "app:ManagedEnvironment": "environmentName",
    "app:ContainerApp": "containerAppName",
    "app:Job": "jobName",
    "databricks:Workspace": "workspaceName",
    "databricks:AccessConnector": "connectorName",
    "operationalinsights:Workspace": "workspaceName",
    "monitor:ActionGroup": "actionGroupName",
    "monitor:MetricAlert": "ruleName",
    "monitor:ScheduledQueryRule": "ruleName",
    "consumption:Budget": "budgetName",
    "authorization:ManagementLockByScope": "lockName",
}
"""Where each kind says its name, for the kinds whose name is ours to choose."""
TAGGED = frozenset(NAMES) - {"network:Subnet", BUDGET, LOCK} | {
    "containerregistry:Replication",
    "privatedns:PrivateZone",
    "privatedns:VirtualNetworkLink",
}
"""Kinds that carry tags."""
REGIONAL = frozenset(NAMES) - {"network:Subnet", BUDGET, LOCK}
"""Kinds that live in a region, or everywhere. Copies of a registry live elsewhere on purpose."""
DATA = frozenset(
    {
        "storage:StorageAccount",
        "storage:BlobContainer",
        "keyvault:Vault",
        "containerregistry:Registry",
        "dbforpostgresql:Server",
        "dbforpostgresql:Database",
        "databricks:Workspace",
        "operationalinsights:Workspace",
    }
)
"""Kinds whose loss loses data."""


def _budget(facts: Facts) -> Iterator[Finding]:
    settings = facts.azure.budget
    groups = [group.key for group in facts.of(GROUP)]
    budgets = list(facts.of(BUDGET))
    covered = {key for budget in budgets for key in targets(budget.properties.get("scope"))}
    for key in groups:
        if key not in covered:
            yield Finding(key, "", "no budget", f"one of {settings.monthly_amount} a month")
    for budget in budgets:
        if not 0 < number(budget, "amount") <= settings.monthly_amount:
            found = shown(at(budget, "amount"))
            yield Finding(budget.key, "amount", found, f"{settings.monthly_amount} at most")
        yield from _notifications(budget, facts)


def _notifications(budget: Resource, facts: Facts) -> Iterator[Finding]:
    settings = facts.azure.budget
    told: set[float] = set()
    notifications = at(budget, "notifications")
    for name in notifications if isinstance(notifications, Mapping) else ():
        people = set(items(budget, f"notifications.{name}.contactEmails"))
        if at(budget, f"notifications.{name}.enabled") is True and people >= set(settings.contacts):
            told.add(number(budget, f"notifications.{name}.threshold"))
    missing = [percent for percent in settings.warn_at_percent if percent not in told]
    if missing:
        found = f"nobody told at {', '.join(map(str, missing))} percent"
        yield Finding(budget.key, "notifications", found, "azure.budget.contacts told at each of warn_at_percent")


def _tags(resource: Resource, facts: Facts) -> Iterator[Finding]:
    tags = facts.azure.tags
    wanted = {
        **tags.more,
        "project": facts.environment.project,
        "environment": facts.environment.name,
        "owner": tags.owner,
        "cost-centre": tags.cost_centre,
        "data-classification": tags.data_classification,
        "managed-by": "modelyard",
    }
    found = at(resource, "tags")
    if not is_known(found):
        return
    has = found if isinstance(found, Mapping) else {}
    for name, value in wanted.items():
        if has.get(name) != value:
            yield Finding(resource.key, f"tags.{name}", shown(has.get(name)), value)


def _lock(facts: Facts) -> Iterator[Finding]:
    levels = LOCK_LEVELS.get(facts.azure.lock, ("CanNotDelete", "ReadOnly"))
    for group in facts.of(GROUP):
        locks = [lock for lock in facts.of(LOCK) if group.key in targets(lock.properties.get("scope"))]
        if not any(text(lock, "level") in levels for lock in locks):
            found = ", ".join(text(lock, "level") for lock in locks) or "no lock"
            yield Finding(group.key, "", found, " or ".join(levels))


def _names(resource: Resource, facts: Facts) -> Iterator[Finding]:
    path = NAMES[resource.kind]
    name = at(resource, path)
    parts = (facts.azure.naming_prefix, facts.environment.name)
    if is_known(name) and not all(part in text(resource, path) for part in parts):
        yield Finding(resource.key, path, shown(name), f"a name with {' and '.join(parts)} in it")


def _one_place(resource: Resource, facts: Facts) -> Iterator[Finding]:
    found = at(resource, "location")
    if is_known(found) and shown(found).lower().replace(" ", "") not in {facts.azure.location, ANYWHERE}:
        yield Finding(resource.key, "location", shown(found), facts.azure.location)


def _own_subscription(facts: Facts) -> Iterator[Finding]:
    own = facts.azure.subscription_id
    foreign = _names_of_others(facts)
    for resource in facts.graph:
        for path, value in texts(resource.properties):
            for subscription in SUBSCRIPTION.findall(value):
                if subscription.lower() != own:
                    yield Finding(resource.key, path, f"subscription {subscription}", own)
            if facts.azure.naming_prefix in value and foreign.search(value):
                yield Finding(
                    resource.key, path, value, f"nothing of another environment than {facts.environment.name}"
                )


def _names_of_others(facts: Facts) -> re.Pattern[str]:
    """What names of the other environments' resources look like."""
    starts = "|".join(sorted(rule.abbreviation for rule in NAME_RULES.values()))
    others = "|".join(name for name in ENVIRONMENTS if name != facts.environment.name)
    return re.compile(rf"\b({starts})-?{re.escape(facts.azure.naming_prefix)}(-[a-z0-9-]*?)?-?({others})-?[a-z]{{2}}")


def _data_protected(resource: Resource) -> Iterator[Finding]:
    if not resource.holds_data:
        yield Finding(resource.key, "", "not protected", "protected: its loss loses data")


RULES = (
    Rule(
        "budget",
        "There is a budget as high as the environment file says, and somebody hears of it",
        Control("CO:04", "a mistake is cheap if it is seen early"),
        _budget,
        "draw a Budget on the resource group from azure.budget",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "tags",
        "Everything that takes tags says whose it is, who pays, and how sensitive it is",
        Control("AM-1", "an inventory that nobody has to ask for"),
        each_in(*sorted(TAGGED), judge=_tags),
        "set tags from azure.tags",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "lock",
        "The resource group of prod is locked",
        Control("AM-4", "nobody deletes it by accident"),
        _lock,
        "draw a ManagementLockByScope from azure.lock",
        IN_PRODUCTION,
        alone=False,
    ),
    Rule(
        "names",
        "Each name says the project and the environment",
        Control("AM-1", "who reads a name in a log knows what it is"),
        each_in(*NAMES, judge=_names),
        "take the name from the environment's naming",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "one-place",
        "Everything lives in the environment's region",
        Control("GS-3", "data stays where it was agreed to be"),
        each_in(*sorted(REGIONAL), judge=_one_place),
        "set location to azure.location",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "own-subscription",
        "Nothing refers to another subscription or another environment",
        Control("NS-1", "environments are apart: dev never touches prod"),
        _own_subscription,
        "refer to the environment's own resource",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "data-protected",
        "What holds data is protected from being deleted or replaced",
        Control("BR-2", "no change of a setting may cost the data"),
        each(*sorted(DATA), judge=_data_protected),
        "mark it as holding data",
        EVERYWHERE,
        alone=False,
    ),
)
