"""Rules for logs and alerts.

Source of what has logs: Microsoft Learn, "Supported resource logs for Azure Monitor".
"""

from __future__ import annotations

from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, IN_PRODUCTION, WHERE_CLOSED, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, at_least, expect, is_known, items, shown, targets, text

WORKSPACE = "operationalinsights:Workspace"
SETTING = "monitor:DiagnosticSetting"
METRIC_ALERT, QUERY_ALERT = "monitor:MetricAlert", "monitor:ScheduledQueryRule"
ACTIONS = "monitor:ActionGroup"

WITH_LOGS = (
    "network:VirtualNetwork",
    "network:NetworkSecurityGroup",
    "network:PublicIPAddress",
    "keyvault:Vault",
    "storage:BlobServiceProperties",
    "containerregistry:Registry",
    "dbforpostgresql:Server",
    "app:ManagedEnvironment",
    "databricks:Workspace",
    WORKSPACE,
)
"""Kinds that write logs. A storage account's stand under its blob service; a container app's under its environment."""
WATCHED = ("storage:StorageAccount", "keyvault:Vault", "dbforpostgresql:Server", "app:ContainerApp")
"""Kinds whose failure must wake somebody up."""
LEAST_DAYS_IN_PRODUCTION = 90
ELSEWHERE = ("storageAccountId", "eventHubAuthorizationRuleId", "serviceBusRuleId", "marketplacePartnerId")
RECEIVERS = ("emailReceivers", "smsReceivers", "webhookReceivers", "armRoleReceivers", "azureFunctionReceivers")


def _settings_of(resource: Resource, facts: Facts) -> list[Resource]:
    return [one for one in facts.of(SETTING) if resource.key in targets(one.properties.get("resourceUri"))]


def _everywhere(facts: Facts) -> Iterator[Finding]:
    for resource in facts.of(*WITH_LOGS):
        if not _settings_of(resource, facts):
            yield Finding(resource.key, "", "no diagnostic setting", "one")


def _all_logs(facts: Facts) -> Iterator[Finding]:
    for resource in facts.of(*WITH_LOGS):
        settings = _settings_of(resource, facts)
        groups = {text(log, "categoryGroup") for one in settings for log in items(one, "logs") if _is_on(log)}
        if settings and "allLogs" not in groups:
            found = ", ".join(sorted(groups)) or "no group of logs"
            yield Finding(settings[0].key, "logs", found, "the group allLogs, switched on")


def _is_on(log: Value) -> bool:
    return at(log, "enabled") is True


def _home(setting: Resource, facts: Facts) -> Iterator[Finding]:
    workspace = at(setting, "workspaceId")
    if workspace is None or (is_known(workspace) and not _is_own(shown(workspace), facts)):
        yield Finding(setting.key, "workspaceId", shown(workspace), "the environment's own log workspace")
    for path in ELSEWHERE:
        if at(setting, path) is not None:
            yield Finding(setting.key, path, "a place elsewhere", "nothing")


def _is_own(workspace_id: str, facts: Facts) -> bool:
    return workspace_id.lower().endswith(f"/{facts.environment.azure_name('log workspace')}".lower())


def _kept(workspace: Resource, facts: Facts) -> Iterator[Finding]:
    least = facts.azure.observability.log_retention_days
    if facts.is_production:
        least = max(least, LEAST_DAYS_IN_PRODUCTION)
    yield from at_least(workspace, "retentionInDays", least)


def _watched(facts: Facts) -> Iterator[Finding]:
    watched = {key for alert in facts.of(METRIC_ALERT) for key in targets(alert.properties.get("scopes"))}
    for resource in facts.of(*WATCHED):
        if resource.key not in watched:
            yield Finding(resource.key, "", "no alert", "one at least")


def _alerts_reach(facts: Facts) -> Iterator[Finding]:
    for alert in facts.of(METRIC_ALERT, QUERY_ALERT):
        yield from expect(alert, "enabled", True, None)
        if not facts.pointed_at(alert.properties.get("actions"), ACTIONS):
            yield Finding(alert.key, "actions", "no action group", "the environment's action group")


def _somebody(group: Resource) -> Iterator[Finding]:
    yield from expect(group, "enabled", True)
    if not any(items(group, path) for path in RECEIVERS):
        yield Finding(group.key, "emailReceivers", "nobody", "azure.observability.alert_contacts")


RULES = (
    Rule(
        "logs-everywhere",
        "Everything that writes logs has a diagnostic setting",
        Control("LT-3", "without one Azure throws the logs away"),
        _everywhere,
        "draw a DiagnosticSetting for it",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "logs-complete",
        "Diagnostic settings take all logs",
        Control("LT-3", "a list of categories misses the ones that Azure adds later"),
        _all_logs,
        "set logs to the category group allLogs, enabled",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "logs-at-home",
        "Logs go to the environment's own workspace, and nowhere else",
        Control("LT-5", "one place to look, and none that others own"),
        each_in(SETTING, judge=_home),
        "set workspaceId to the environment's log workspace",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "logs-kept",
        "Logs are kept as long as the environment file says, in prod 90 days at least",
        Control("LT-6", "an intruder is often found after months"),
        each_in(WORKSPACE, judge=_kept),
        "set retentionInDays from azure.observability.log_retention_days",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "logs-uncapped",
        "The log workspace of prod takes logs without a daily cap",
        Control("LT-6", "an attacker could silence the logs by filling them"),
        settings(WORKSPACE, ("workspaceCapping.dailyQuotaGb", -1, None)),
        "set azure.observability.daily_cap_gb to null in the environment file",
        IN_PRODUCTION,
        alone=True,
    ),
    Rule(
        "logs-no-keys",
        "The log workspace takes no keys, only identities",
        Control("IM-1", "with a key anybody writes into the logs"),
        settings(WORKSPACE, ("features.disableLocalAuth", True)),
        "set features.disableLocalAuth to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "logs-closed",
        "The logs of a closed environment are written and read from inside only",
        Control("NS-2", "logs tell how the environment is built"),
        settings(
            WORKSPACE,
            ("publicNetworkAccessForIngestion", "Disabled"),
            ("publicNetworkAccessForQuery", "Disabled"),
        ),
        "join the workspace to an Azure Monitor Private Link Scope, or accept it with a reason",
        WHERE_CLOSED,
        alone=True,
        level="advisory",
    ),
    Rule(
        "alerts-present",
        "Lake, vault, database and apps have an alert",
        Control("IR-3", "a failure is heard of before its users complain"),
        _watched,
        "draw a MetricAlert for it",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "alerts-reach",
        "Alerts are switched on and go to an action group",
        Control("IR-2", "an alert that nobody gets is none"),
        _alerts_reach,
        "set actions to the environment's action group",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "alerts-somebody",
        "Action groups are switched on and tell somebody",
        Control("IR-2", "an alert that nobody gets is none"),
        each(ACTIONS, judge=_somebody),
        "set emailReceivers from azure.observability.alert_contacts",
        EVERYWHERE,
        alone=True,
    ),
)
