"""The keys that Azure Pipelines knows, by where they stand (its YAML schema reference)."""

from __future__ import annotations

from collections.abc import Mapping

PIPELINE = (
    "name",
    "appendCommitMessageToRunName",
    "trigger",
    "pr",
    "schedules",
    "resources",
    "variables",
    "lockBehavior",
    "pool",
)
"""Of every pipeline."""
ONE_JOB = ("strategy", "container", "services", "workspace", "continueOnError", "timeoutInMinutes")
"""Of a pipeline that is only steps, besides those."""
STAGE = (
    "stage",
    "displayName",
    "dependsOn",
    "condition",
    "variables",
    "pool",
    "jobs",
    "lockBehavior",
    "trigger",
    "isSkippable",
    "templateContext",
)
_EVERY_JOB = (
    "displayName",
    "dependsOn",
    "condition",
    "continueOnError",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
    "variables",
    "pool",
    "strategy",
    "container",
    "services",
    "workspace",
    "uses",
    "templateContext",
)
JOB = ("job", "steps", *_EVERY_JOB)
DEPLOYMENT = ("deployment", "environment", *_EVERY_JOB)
_EVERY_STEP = (
    "name",
    "displayName",
    "condition",
    "continueOnError",
    "enabled",
    "env",
    "target",
    "timeoutInMinutes",
    "retryCountOnTaskFailure",
)
_SHELL = ("workingDirectory", "failOnStderr")
_POWERSHELL = (*_SHELL, "errorActionPreference", "ignoreLASTEXITCODE")
_CHECKOUT = (
    "clean",
    "fetchDepth",
    "fetchFilter",
    "fetchTags",
    "lfs",
    "path",
    "persistCredentials",
    "sparseCheckoutDirectories",
    "sparseCheckoutPatterns",
    "submodules",
    "workspaceRepo",
)
OWN_STEP_KEYS: Mapping[str, tuple[str, ...]] = {
    "script": _SHELL,
    "bash": _SHELL,
    "pwsh": _POWERSHELL,
    "powershell": _POWERSHELL,
    "task": ("inputs",),
    "checkout": _CHECKOUT,
    "download": ("artifact", "patterns"),
    "downloadBuild": ("artifact", "path", "patterns", "inputs"),
    "getPackage": ("path",),
    "publish": ("artifact",),
    "upload": ("artifact",),
    "reviewApp": (),
}
"""What a step does, and the keys that only it has."""
STEPS: Mapping[str, tuple[str, ...]] = {kind: (kind, *own, *_EVERY_STEP) for kind, own in OWN_STEP_KEYS.items()}
HOOK = ("steps", "pool")
ROLLOUT = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "on")
ROLLOUTS: Mapping[str, tuple[str, ...]] = {
    "runOnce": ROLLOUT,
    "rolling": ("maxParallel", *ROLLOUT),
    "canary": ("increments", *ROLLOUT),
}
RESOURCES: Mapping[str, str] = {
    "builds": "build",
    "containers": "container",
    "packages": "package",
    "pipelines": "pipeline",
    "repositories": "repository",
    "webhooks": "webhook",
}
"""Kinds of resources, and the key that names one."""
RESOURCE: Mapping[str, tuple[str, ...]] = {
    "builds": ("build", "type", "connection", "source", "version", "branch", "trigger"),
    "containers": (
        *("container", "type", "image", "endpoint", "trigger", "env", "mapDockerSocket", "options", "ports", "volumes"),
        *("mountReadOnly", "localImage", "azureSubscription", "resourceGroup", "registry", "repository"),
    ),
    "packages": ("package", "type", "connection", "name", "version", "tag", "trigger"),
    "pipelines": ("pipeline", "project", "source", "version", "branch", "tags", "trigger"),
    "repositories": ("repository", "type", "name", "ref", "endpoint", "trigger", "checkoutOptions"),
    "webhooks": ("webhook", "connection", "type", "filters"),
}
PIPELINE_TRIGGER = ("enabled", "branches", "stages", "tags")
WEBHOOK_FILTER = ("path", "value")
VARIABLE = ("name", "value", "readonly")
ENVIRONMENT = ("name", "resourceName", "resourceId", "resourceType", "tags")
FILTERS = ("include", "exclude")
TRIGGER: Mapping[str, tuple[str, ...]] = {
    "trigger": ("batch", "branches", "paths", "tags"),
    "pr": ("autoCancel", "branches", "paths", "drafts"),
}
SCHEDULE = ("cron", "displayName", "branches", "batch", "always")
BOOLEANS: Mapping[str, str] = {
    "true": "true", "y": "true", "yes": "true", "on": "true",
    "false": "false", "n": "false", "no": "false", "off": "false",
}  # fmt: skip
"""Words for true and false, without regard to case."""
