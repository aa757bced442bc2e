"""Logs, alerts and diagnostic settings in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import Said, texts

ONE_RESOURCE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


def log_workspace(said: Said) -> Arguments:
    """azurerm_log_analytics_workspace."""
    features = said.into("features")
    return {
        **placed(said, "workspaceName"),
        "sku": said.into("sku").need("name"),
        "retention_in_days": said.need("retentionInDays"),
        "daily_quota_gb": said.into("workspaceCapping").take("dailyQuotaGb"),
        "local_authentication_enabled": features.convert("disableLocalAuth", lambda disabled: not disabled),
        "allow_resource_only_permissions": features.take("enableLogAccessUsingOnlyResourcePermissions"),
        "internet_ingestion_access_type": said.take("publicNetworkAccessForIngestion"),
        "internet_query_access_type": said.take("publicNetworkAccessForQuery"),
    }


def diagnostic_setting(said: Said) -> Arguments:
    """azurerm_monitor_diagnostic_setting."""
    logs, metrics = said.each("logs"), said.each("metrics")
    for one in (*logs, *metrics):
        one.implied("enabled", True)
    return {
        "name": said.need("name"),
        "target_resource_id": said.need("resourceUri"),
        "log_analytics_workspace_id": said.need("workspaceId"),
        "log_analytics_destination_type": said.take("logAnalyticsDestinationType"),
        "enabled_log": [{"category": log.take("category"), "category_group": log.take("categoryGroup")} for log in logs]
        or None,
        "enabled_metric": [{"category": metric.need("category")} for metric in metrics] or None,
    }


def action_group(said: Said) -> Arguments:
    """azurerm_monitor_action_group."""
    return {
        **placed(said, "actionGroupName"),
        "short_name": said.need("groupShortName"),
        "enabled": said.take("enabled"),
        "email_receiver": [
            {
                "name": receiver.need("name"),
                "email_address": receiver.need("emailAddress"),
                "use_common_alert_schema": receiver.take("useCommonAlertSchema"),
            }
            for receiver in said.each("emailReceivers")
        ],
    }


def metric_alert(said: Said) -> Arguments:
    """azurerm_monitor_metric_alert over one resource. azurerm names the criteria itself."""
    said.implied("location", "global")
    criteria = said.into("criteria")
    criteria.implied("odataType", ONE_RESOURCE)
    return {
        "name": said.need("ruleName"),
        "resource_group_name": said.need("resourceGroupName"),
        "tags": said.take("tags"),
        "description": said.take("description"),
        "scopes": said.need("scopes"),
        "severity": said.need("severity"),
        "enabled": said.take("enabled"),
        "auto_mitigate": said.take("autoMitigate"),
        "frequency": said.need("evaluationFrequency"),
        "window_size": said.need("windowSize"),
        "criteria": [_criterion(one) for one in criteria.each("allOf")],
        "action": [{"action_group_id": group} for group in texts(said.each("actions"), "actionGroupId") or []],
    }


def _criterion(said: Said) -> Arguments:
    said.unsaid("name")
    said.implied("criterionType", "StaticThresholdCriterion")
    return {
        "metric_namespace": said.need("metricNamespace"),
        "metric_name": said.need("metricName"),
        "aggregation": said.need("timeAggregation"),
        "operator": said.need("operator"),
        "threshold": said.need("threshold"),
        "skip_metric_validation": said.take("skipMetricValidation"),
        "dimension": _dimensions(said),
    }


def _dimensions(said: Said) -> list[Arguments] | None:
    return [
        {"name": one.need("name"), "operator": one.need("operator"), "values": one.need("values")}
        for one in said.each("dimensions")
    ] or None


def query_alert(said: Said) -> Arguments:
    """azurerm_monitor_scheduled_query_rules_alert_v2."""
    said.implied("kind", "LogAlert")
    actions = said.into("actions")
    return {
        **placed(said, "ruleName"),
        "display_name": said.take("displayName"),
        "description": said.take("description"),
        "scopes": said.need("scopes"),
        "severity": said.need("severity"),
        "enabled": said.take("enabled"),
        "auto_mitigation_enabled": said.take("autoMitigate"),
        "evaluation_frequency": said.need("evaluationFrequency"),
        "window_duration": said.need("windowSize"),
        "skip_query_validation": said.take("skipQueryValidation"),
        "criteria": [_query(one) for one in said.into("criteria").each("allOf")],
        "action": [{"action_groups": actions.take("actionGroups")}],
    }


def _query(said: Said) -> Arguments:
    periods = said.into("failingPeriods")
    return {
        "query": said.need("query"),
        "time_aggregation_method": said.need("timeAggregation"),
        "metric_measure_column": said.take("metricMeasureColumn"),
        "resource_id_column": said.take("resourceIdColumn"),
        "operator": said.need("operator"),
        "threshold": said.need("threshold"),
        "dimension": _dimensions(said),
        "failing_periods": [
            {
                "minimum_failing_periods_to_trigger_alert": periods.need("minFailingPeriodsToAlert"),
                "number_of_evaluation_periods": periods.need("numberOfEvaluationPeriods"),
            }
        ],
    }
