"""The resource group, its lock and its budget."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.site import GROUP, Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

LOCK = "group-lock"
LEVELS = {"cannot_delete": "CanNotDelete", "read_only": "ReadOnly"}
FOR_EVER = "2099-12-31T00:00:00Z"


def draw_group(site: Site) -> list[Resource]:
    """What everything else stands in."""
    properties: dict[str, Value] = {"resourceGroupName": site.name("resource group")}
    return [site.resource("governance", GROUP, "resources:ResourceGroup", properties)]


def draw_lock(site: Site, everything: list[Resource]) -> list[Resource]:
    """The lock on the group. It comes last, and so goes first when the environment is taken down."""
    level = LEVELS.get(site.azure.lock)
    if level is None:
        return []
    properties: dict[str, Value] = {
        "lockName": site.name("lock"),
        "level": level,
        "scope": Ref(GROUP),
        "notes": "Modelyard put this here. Taking the environment down takes it away first.",
    }
    after = tuple(resource.key for resource in everything if resource.key != GROUP)
    return [site.resource("governance", LOCK, "authorization:ManagementLockByScope", properties, after=after)]


def draw_budget(site: Site) -> list[Resource]:
    """What a month may cost, and who is told. Azure warns, it stops nothing."""
    budget = site.azure.budget
    notifications: dict[str, Value] = {
        f"actual-{percent}-percent": {
            "enabled": True,
            "operator": "GreaterThanOrEqualTo",
            "threshold": percent,
            "thresholdType": "Actual",
            "contactEmails": list(budget.contacts),
        }
        for percent in budget.warn_at_percent
    }
    properties: dict[str, Value] = {
        "budgetName": site.name("budget"),
        "scope": Ref(GROUP),
        "amount": budget.monthly_amount,
        "category": "Cost",
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": f"{budget.starts.isoformat()}T00:00:00Z", "endDate": FOR_EVER},
        "notifications": notifications,
    }
    return [site.resource("governance", "budget", "consumption:Budget", properties)]
