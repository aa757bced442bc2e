"""Logs of everything that has them, alerts, and who hears of them."""

from __future__ import annotations

from typing import NamedTuple

from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "observability"
LOGS, ACTIONS = "logs", "alerts"
SHORT_NAME_LENGTH = 12
UNCAPPED = -1


class Signals(NamedTuple):
    """What a kind of resource tells about itself."""

    logs: bool
    metrics: bool


SIGNALS = {
    "network:VirtualNetwork": Signals(logs=True, metrics=True),
    "network:NetworkSecurityGroup": Signals(logs=True, metrics=False),
    "network:PublicIPAddress": Signals(logs=True, metrics=True),
    "keyvault:Vault": Signals(logs=True, metrics=True),
    "storage:StorageAccount": Signals(logs=False, metrics=True),
    "storage:BlobServiceProperties": Signals(logs=True, metrics=True),
    "containerregistry:Registry": Signals(logs=True, metrics=True),
    "dbforpostgresql:Server": Signals(logs=True, metrics=True),
    "app:ManagedEnvironment": Signals(logs=True, metrics=True),
    "app:ContainerApp": Signals(logs=False, metrics=True),
    "databricks:Workspace": Signals(logs=True, metrics=False),
    "operationalinsights:Workspace": Signals(logs=True, metrics=True),
}
"""Kinds that have diagnostic settings. Source: Microsoft Learn, "Supported resource logs" and "Supported metrics"
of Azure Monitor. The logs of a storage account belong to its blob service."""


def draw_logs(site: Site) -> list[Resource]:
    """The workspace that takes all logs, and the group of people who get alerts."""
    settings = site.azure.observability
    cap = UNCAPPED if settings.daily_cap_gb is None else settings.daily_cap_gb
    workspace: dict[str, Value] = {
        "workspaceName": site.name("log workspace"),
        "sku": {"name": "PerGB2018"},
        "retentionInDays": settings.log_retention_days,
        "workspaceCapping": {"dailyQuotaGb": cap},
        "features": {"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
        # Azure's own services write over Azure's network; only people who read come from outside.
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    actions: dict[str, Value] = {
        "actionGroupName": site.name("action group"),
        "groupShortName": f"{site.azure.naming_prefix}-{site.environment.name}"[:SHORT_NAME_LENGTH],
        "enabled": True,
        "emailReceivers": [
            {"name": f"contact-{place}", "emailAddress": contact, "useCommonAlertSchema": True}
            for place, contact in enumerate(settings.alert_contacts)
        ],
    }
    return [
        site.resource(CONCERN, LOGS, "operationalinsights:Workspace", workspace, holds_data=True),
        site.resource(CONCERN, ACTIONS, "monitor:ActionGroup", actions),
    ]


def draw_diagnostics(site: Site, everything: list[Resource]) -> list[Resource]:
    """A diagnostic setting for each resource that tells anything."""
    return [_diagnostics(site, resource, SIGNALS[resource.kind]) for resource in everything if resource.kind in SIGNALS]


def _diagnostics(site: Site, resource: Resource, signals: Signals) -> Resource:
    properties: dict[str, Value] = {
        "name": "to-log-workspace",
        "resourceUri": Ref(resource.key),
        "workspaceId": Ref(LOGS),
    }
    if signals.logs:
        properties["logs"] = [{"categoryGroup": "allLogs", "enabled": True}]
    if signals.metrics:
        properties["metrics"] = [{"category": "AllMetrics", "enabled": True}]
    return site.resource(CONCERN, f"diagnostics-{resource.key}", "monitor:DiagnosticSetting", properties)
