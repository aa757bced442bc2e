"""Which keys of a pipeline hold lists that templates can add to."""

from __future__ import annotations

from collections.abc import Mapping

LISTS: Mapping[str, str] = {"stages": "stage", "jobs": "job", "steps": "step"}
"""What a list's items are."""
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "pipeline": {"stages": "stages", "jobs": "jobs", "steps": "steps", "strategy": "strategy"},
    "stage": {"jobs": "jobs"},
    "job": {"steps": "steps", "strategy": "strategy"},
    "strategy": {"runOnce": "rollout", "rolling": "rollout", "canary": "rollout"},
    "rollout": {
        "preDeploy": "hook",
        "deploy": "hook",
        "routeTraffic": "hook",
        "postRouteTraffic": "hook",
        "on": "outcome",
    },
    "outcome": {"failure": "hook", "success": "hook"},
    "hook": {"steps": "steps"},
}
"""By the kind of a mapping: what its keys hold."""
WITH_VARIABLES = ("pipeline", "stage", "job")
AS_WRITTEN = ("trigger", "pr", "schedules", "parameters")
"""Keys of a pipeline that the service reads before expressions mean anything."""
TEMPLATE_KEYS = ("template", "parameters")
BODIES = ("extends", "stages", "jobs", "steps")
"""A pipeline has one of them."""
EXTENDED_KEYS = ("parameters", "resources", "trigger", "variables", "extends", "stages", "jobs", "steps")
"""What a template may have that a pipeline extends."""
