"""What apps and jobs in containers have in common, and the environment that they run in."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.environment.azure_compute import ContainerSize
from modelyard_infra.blueprint.azure.firewalls import access
from modelyard_infra.blueprint.azure.identities import identity_key
from modelyard_infra.blueprint.azure.images import login_server
from modelyard_infra.blueprint.azure.network import draw_zone, subnet_key
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value

CONCERN = "hosting"
APPS = "apps-environment"
PROFILE = "Consumption"
QUIET: Mapping[str, Value] = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
"""No telemetry of third parties leaves a container."""


def draw_environment(site: Site) -> list[Resource]:
    """The Container Apps environment; where it is private, the names by which the network finds its apps."""
    properties: dict[str, Value] = {
        "environmentName": site.name("container environment"),
        "zoneRedundant": site.azure.zone_redundant,
        "publicNetworkAccess": access(site),
        "vnetConfiguration": {
            "infrastructureSubnetId": Ref(subnet_key("container-apps")),
            "internal": site.is_private,
        },
        # Logs go by diagnostic settings, which need no key of the log workspace.
        "appLogsConfiguration": {"destination": "azure-monitor"},
        "workloadProfiles": [{"name": PROFILE, "workloadProfileType": PROFILE}],
        "peerAuthentication": {"mtls": {"enabled": True}},
        "peerTrafficConfiguration": {"encryption": {"enabled": True}},
    }
    # The service ignores a change of the network (pulumi-azure-native, issue 2577), so it has to be a new environment.
    kind = "app:ManagedEnvironment"
    environment = site.resource(CONCERN, APPS, kind, properties, replace_on=("vnetConfiguration",))
    return [environment, *_names(site)]


def host_of(app_name: str) -> Joined:
    """The name under which an app is reached."""
    return Joined((app_name, ".", Ref(APPS, "defaultDomain")))


def address_of(app_name: str) -> Joined:
    """The https:// address of an app."""
    return Joined(("https://", *host_of(app_name).parts))


def container(
    name: str, image: str, size: ContainerSize, *, variables: Mapping[str, Value], more: Mapping[str, Value]
) -> Value:
    """One container.

    Args:
        name: its name in the app.
        image: registry, repository and digest.
        size: CPUs and memory.
        variables: its environment; never a secret.
        more: what else it has: command, probes.
    """
    return {
        "name": name,
        "image": image,
        "resources": {"cpu": size.cpu, "memory": f"{size.memory_gb:g}Gi"},
        "env": [{"name": key, "value": value} for key, value in {**QUIET, **variables}.items()],
        **more,
    }


def probe(kind: str, path: str, port: int, *, period: int, failures: int) -> Value:
    """A question to a container over HTTP.

    Args:
        kind: Startup, Liveness or Readiness.
        path: what is asked.
        port: where.
        period: seconds between questions.
        failures: how many wrong answers in a row count.
    """
    return {
        "type": kind,
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "timeoutSeconds": 5,
    }


def ingress(site: Site, port: int, *, traffic: list[Value]) -> Value:
    """How an app is reached: HTTPS only; from the internet only where the environment allows, and then only from
    the ranges it names."""
    ranges = () if site.is_private else site.azure.network.allowed_ranges
    restrictions: list[Value] = [
        {"name": f"allowed-range-{place}", "ipAddressRange": addresses, "action": "Allow"}
        for place, addresses in enumerate(ranges)
    ]
    return {
        "external": True,  # of a private environment: to the whole network, not to the internet
        "targetPort": port,
        "transport": "auto",
        "allowInsecure": False,
        "ipSecurityRestrictions": restrictions,
        "traffic": traffic,
    }


def pulls(site: Site, identity: str) -> list[Value]:
    """The registry that images come from, and who fetches them."""
    return [{"server": login_server(site), "identity": Ref(identity_key(identity))}]


def _names(site: Site) -> list[Resource]:
    if not site.is_private:
        return []
    everything: dict[str, Value] = {
        "privateZoneName": Ref("zone-apps", "name"),
        "relativeRecordSetName": "*",
        "recordType": "A",
        "ttl": 300,
        "aRecords": [{"ipv4Address": Ref(APPS, "staticIp")}],
    }
    return [
        *draw_zone(site, CONCERN, "apps", Ref(APPS, "defaultDomain")),
        site.resource(CONCERN, "zone-apps-names", "privatedns:PrivateRecordSet", everything),
    ]
