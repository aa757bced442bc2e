"""Alerts: what must wake somebody up."""

from __future__ import annotations

from typing import NamedTuple

from modelyard_infra.blueprint.azure.observability import ACTIONS, CONCERN, LOGS
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

SINGLE_RESOURCE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
CRITICAL, ERROR, WARNING = 0, 1, 2


class Threshold(NamedTuple):
    """When a number is no longer fine."""

    name: str
    namespace: str
    """Azure's type of the resource."""
    metric: str
    aggregation: str
    operator: str
    value: float
    severity: int
    says: str
    """What is the matter, for people."""
    dimensions: tuple[tuple[str, str], ...] = ()


STORAGE, VAULT = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
POSTGRES, APP = "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.App/containerApps"

THRESHOLDS: dict[str, tuple[Threshold, ...]] = {
    "storage:StorageAccount": (
        Threshold(
            "unavailable", STORAGE, "Availability", "Average", "LessThan", 99, ERROR, "the lake refuses requests"
        ),
    ),
    "keyvault:Vault": (
        Threshold("unavailable", VAULT, "Availability", "Average", "LessThan", 99, ERROR, "requests fail"),
    ),
    "dbforpostgresql:Server": (
        Threshold("full", POSTGRES, "storage_percent", "Maximum", "GreaterThan", 85, ERROR, "the disk is filling up"),
        Threshold("busy", POSTGRES, "cpu_percent", "Average", "GreaterThan", 90, WARNING, "the CPU is busy"),
        Threshold("dead", POSTGRES, "is_db_alive", "Maximum", "LessThan", 1, CRITICAL, "the database does not answer"),
    ),
    "app:ContainerApp": (
        Threshold(
            *("failing", APP, "Requests", "Total", "GreaterThan", 10, ERROR, "requests end with a server error"),
            dimensions=(("statusCodeCategory", "5xx"),),
        ),
        Threshold("restarting", APP, "RestartCount", "Total", "GreaterThan", 3, WARNING, "containers restart"),
    ),
}
"""By kind of resource. Metric names: Microsoft Learn, "Supported metrics with Azure Monitor"."""

FAILED_JOBS = """ContainerAppSystemLogs
| where Reason in ("BackoffLimitExceeded", "DeadlineExceeded", "ReplicaFailed")
| where isnotempty(JobName)
"""
STOPPED_LOGS = """_LogOperation
| where Category == "Ingestion" and Operation has "Data collection stopped"
"""


def draw_alerts(site: Site, everything: list[Resource]) -> list[Resource]:
    """An alert for each threshold of each resource, for failed jobs, and for logs that stop at their cap."""
    alerts = [
        _metric_alert(site, resource, threshold)
        for resource in everything
        for threshold in THRESHOLDS.get(resource.kind, ())
    ]
    alerts.append(_query_alert(site, "jobs-failed", "a job has failed", FAILED_JOBS, severity=ERROR))
    if site.azure.observability.daily_cap_gb is not None:
        says = "the day's cap is reached, and logs are being lost"
        alerts.append(_query_alert(site, "logs-capped", says, STOPPED_LOGS, severity=WARNING))
    return alerts


def _metric_alert(site: Site, resource: Resource, threshold: Threshold) -> Resource:
    purpose = f"{resource.key}-{threshold.name}"
    criterion: dict[str, Value] = {
        "name": threshold.name,
        "criterionType": "StaticThresholdCriterion",
        "metricNamespace": threshold.namespace,
        "metricName": threshold.metric,
        "timeAggregation": threshold.aggregation,
        "operator": threshold.operator,
        "threshold": threshold.value,
        "dimensions": [
            {"name": name, "operator": "Include", "values": [value]} for name, value in threshold.dimensions
        ],
    }
    properties: dict[str, Value] = {
        "ruleName": site.name("alert", purpose),
        "description": f"{resource.key}: {threshold.says}",
        "scopes": [Ref(resource.key)],
        "severity": threshold.severity,
        "enabled": True,
        "autoMitigate": True,
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {"odataType": SINGLE_RESOURCE, "allOf": [criterion]},
        "actions": [{"actionGroupId": Ref(ACTIONS)}],
    }
    return site.resource(CONCERN, f"alert-{purpose}", "monitor:MetricAlert", properties)


def _query_alert(site: Site, purpose: str, says: str, query: str, *, severity: int) -> Resource:
    condition: dict[str, Value] = {
        "query": query,
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    properties: dict[str, Value] = {
        "ruleName": site.name("alert", purpose),
        "kind": "LogAlert",
        "displayName": says,
        "description": says,
        "scopes": [Ref(LOGS)],
        "severity": severity,
        "enabled": True,
        "autoMitigate": False,
        "evaluationFrequency": "PT15M",
        "windowSize": "PT15M",
        "criteria": {"allOf": [condition]},
        "actions": {"actionGroups": [Ref(ACTIONS)]},
        # The tables appear with the first log line; until then the query would be refused.
        "skipQueryValidation": True,
    }
    return site.resource(CONCERN, f"alert-{purpose}", "monitor:ScheduledQueryRule", properties)
