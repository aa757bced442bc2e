"""Group, lock, roles and budget in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.reading import Said


def resource_group(said: Said) -> Arguments:
    """azurerm_resource_group."""
    return {"name": said.need("resourceGroupName"), "location": said.need("location"), "tags": said.take("tags")}


def management_lock(said: Said) -> Arguments:
    """azurerm_management_lock."""
    return {
        "name": said.need("lockName"),
        "scope": said.need("scope"),
        "lock_level": said.need("level"),
        "notes": said.take("notes"),
    }


def role_assignment(said: Said) -> Arguments:
    """azurerm_role_assignment."""
    return {
        "name": said.need("roleAssignmentName"),
        "scope": said.need("scope"),
        "role_definition_id": said.need("roleDefinitionId"),
        "principal_id": said.need("principalId"),
        "principal_type": said.need("principalType"),
        "description": said.take("description"),
        "condition": said.take("condition"),
        "condition_version": said.take("conditionVersion"),
    }


def budget(said: Said) -> Arguments:
    """azurerm_consumption_budget_resource_group. azurerm names the notifications itself."""
    said.implied("category", "Cost")
    period = said.into("timePeriod")
    notifications = said.into("notifications")
    return {
        "name": said.need("budgetName"),
        "resource_group_id": said.need("scope"),
        "amount": said.need("amount"),
        "time_grain": said.need("timeGrain"),
        "time_period": [{"start_date": period.need("startDate"), "end_date": period.take("endDate")}],
        "notification": [_notification(notifications.into(name)) for name in notifications.names()],
    }


def _notification(said: Said) -> Arguments:
    return {
        "enabled": said.take("enabled"),
        "operator": said.need("operator"),
        "threshold": said.need("threshold"),
        "threshold_type": said.take("thresholdType"),
        "contact_emails": said.take("contactEmails"),
        "contact_roles": said.take("contactRoles"),
        "contact_groups": said.take("contactGroups"),
    }
