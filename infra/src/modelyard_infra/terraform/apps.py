"""Container Apps in azurerm's words: environment, apps, jobs."""

from __future__ import annotations

from typing import Any

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.identities import identity
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import Said, UntranslatableError

PROBES = {"Startup": "startup_probe", "Liveness": "liveness_probe", "Readiness": "readiness_probe"}


def environment(said: Said) -> Arguments:
    """azurerm_container_app_environment. mutual_tls_enabled switches both: who is there, and encryption."""
    network = said.into("vnetConfiguration")
    mutual = said.into("peerAuthentication").into("mtls").take("enabled")
    encrypted = said.into("peerTrafficConfiguration").into("encryption").take("enabled")
    if mutual != encrypted:
        raise UntranslatableError("azurerm switches mutual TLS and encryption between apps on or off together")
    return {
        **placed(said, "environmentName"),
        "zone_redundancy_enabled": said.take("zoneRedundant"),
        "public_network_access": said.take("publicNetworkAccess"),
        "infrastructure_subnet_id": network.take("infrastructureSubnetId"),
        "internal_load_balancer_enabled": network.take("internal"),
        "logs_destination": said.into("appLogsConfiguration").take("destination"),
        "mutual_tls_enabled": mutual,
        "workload_profile": [
            {"name": profile.need("name"), "workload_profile_type": profile.need("workloadProfileType")}
            for profile in said.each("workloadProfiles")
        ],
    }


def app(said: Said) -> Arguments:
    """azurerm_container_app. It stands where its environment stands."""
    said.unsaid("location")
    configuration, template = said.into("configuration"), said.into("template")
    scale = template.into("scale")
    rules = scale.each("rules")
    return {
        "name": said.need("containerAppName"),
        "resource_group_name": said.need("resourceGroupName"),
        "container_app_environment_id": said.need("managedEnvironmentId"),
        "workload_profile_name": said.take("workloadProfileName"),
        "tags": said.take("tags"),
        "identity": identity(said),
        "revision_mode": configuration.need("activeRevisionsMode"),
        "max_inactive_revisions": configuration.take("maxInactiveRevisions"),
        "registry": _registries(configuration),
        "secret": [_secret(secret) for secret in configuration.each("secrets")] or None,
        "ingress": [_ingress(configuration.into("ingress"))],
        "template": [
            {
                "init_container": [_container(container) for container in template.each("initContainers")] or None,
                "container": [_container(container) for container in template.each("containers")],
                "volume": [_volume(volume) for volume in template.each("volumes")] or None,
                "min_replicas": scale.take("minReplicas"),
                "max_replicas": scale.take("maxReplicas"),
                "http_scale_rule": [_http_rule(rule) for rule in rules] or None,
                "revision_suffix": template.take("revisionSuffix"),
                "termination_grace_period_seconds": template.take("terminationGracePeriodSeconds"),
            }
        ],
    }


def job(said: Said) -> Arguments:
    """azurerm_container_app_job, started by hand or by a timetable."""
    configuration, template = said.into("configuration"), said.into("template")
    trigger = configuration.need("triggerType")
    by_hand, by_clock = configuration.into("manualTriggerConfig"), configuration.into("scheduleTriggerConfig")
    if trigger not in {"Manual", "Schedule"}:
        raise UntranslatableError(f"no words for a job that is started by {trigger}")
    return {
        **placed(said, "jobName"),
        "container_app_environment_id": said.need("environmentId"),
        "workload_profile_name": said.take("workloadProfileName"),
        "identity": identity(said),
        "registry": _registries(configuration),
        "replica_timeout_in_seconds": configuration.need("replicaTimeout"),
        "replica_retry_limit": configuration.take("replicaRetryLimit"),
        "manual_trigger_config": [_copies(by_hand)] if trigger == "Manual" else None,
        "schedule_trigger_config": [_timetable(by_clock)] if trigger == "Schedule" else None,
        "template": [{"container": [_container(container) for container in template.each("containers")]}],
    }


def _secret(said: Said) -> Arguments:
    return {
        "name": said.need("name"),
        "key_vault_secret_id": said.need("keyVaultUrl"),
        "identity": said.need("identity"),
    }


def _volume(said: Said) -> Arguments:
    """azurerm cannot say which secrets are mounted where: it means all of them, each under its name."""
    return {
        "name": said.need("name"),
        "storage_type": said.need("storageType"),
        "storage_name": said.take("storageName"),
        "mount_options": said.take("mountOptions"),
    }


def _mount(said: Said) -> Arguments:
    return {"name": said.need("volumeName"), "path": said.need("mountPath"), "sub_path": said.take("subPath")}


def _copies(said: Said) -> dict[str, Any]:
    return {"parallelism": said.take("parallelism"), "replica_completion_count": said.take("replicaCompletionCount")}


def _timetable(said: Said) -> Arguments:
    return {"cron_expression": said.need("cronExpression"), **_copies(said)}


def _registries(said: Said) -> list[Arguments]:
    return [{"server": one.need("server"), "identity": one.need("identity")} for one in said.each("registries")]


def _ingress(said: Said) -> Arguments:
    return {
        "external_enabled": said.take("external"),
        "target_port": said.need("targetPort"),
        "transport": said.convert("transport", str.lower),
        "allow_insecure_connections": said.take("allowInsecure"),
        "ip_security_restriction": [
            {"name": rule.need("name"), "action": rule.need("action"), "ip_address_range": rule.need("ipAddressRange")}
            for rule in said.each("ipSecurityRestrictions")
        ]
        or None,
        "traffic_weight": [_traffic(share) for share in said.each("traffic")],
    }


def _traffic(said: Said) -> Arguments:
    """azurerm names a revision by its suffix, without the app's name before it."""
    return {
        "percentage": said.need("weight"),
        "latest_revision": said.take("latestRevision"),
        "label": said.take("label"),
        "revision_suffix": said.convert("revisionName", lambda name: str(name).rpartition("--")[2]),
    }


def _container(said: Said) -> Arguments:
    size = said.into("resources")
    probes: dict[str, list[Arguments]] = {}
    for probe in said.each("probes"):
        probes.setdefault(str(probe.word("type", PROBES)), []).append(_probe(probe))
    return {
        "name": said.need("name"),
        "image": said.need("image"),
        "cpu": size.need("cpu"),
        "memory": size.need("memory"),
        "command": said.take("command"),
        "args": said.take("args"),
        "env": [
            {"name": one.need("name"), "value": one.take("value"), "secret_name": one.take("secretRef")}
            for one in said.each("env")
        ],
        "volume_mounts": [_mount(mount) for mount in said.each("volumeMounts")] or None,
        **probes,
    }


def _probe(said: Said) -> Arguments:
    request = said.into("httpGet")
    return {
        "transport": request.need("scheme"),
        "path": request.need("path"),
        "port": request.need("port"),
        "initial_delay": said.take("initialDelaySeconds"),
        "interval_seconds": said.take("periodSeconds"),
        "failure_count_threshold": said.take("failureThreshold"),
        "timeout": said.take("timeoutSeconds"),
    }


def _http_rule(said: Said) -> Arguments:
    requests = said.into("http").into("metadata").need("concurrentRequests")
    return {"name": said.need("name"), "concurrent_requests": requests}
