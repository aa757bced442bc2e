"""Reads Azure's answers: from their JSON to facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelyard_infra.readiness.client import AgentPool, Connection, MachineSize, Permission, PostgresSize, Quota
from modelyard_infra.readiness.transport import Json

ALLOWED_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
"""Azure's built-in policy `Allowed locations`; the same in every tenant."""
LOCATIONS_PARAMETER = "listOfAllowedLocations"


def permission(said: Json) -> Permission:
    """One role's part in what the caller may do."""
    names = ("actions", "notActions", "dataActions", "notDataActions")
    return Permission(*(tuple(said.get(name) or ()) for name in names))


def allowed_locations(assignments: Iterable[Json]) -> frozenset[str] | None:
    """The regions that all assignments of the policy allow together."""
    allowed: frozenset[str] | None = None
    for one in assignments:
        properties = one["properties"]
        listed = properties.get("parameters", {}).get(LOCATIONS_PARAMETER, {}).get("value")
        enforced = properties.get("enforcementMode", "Default") == "Default"
        if not properties["policyDefinitionId"].lower().endswith(ALLOWED_LOCATIONS) or listed is None or not enforced:
            continue
        named = frozenset(location.lower().replace(" ", "") for location in listed)
        allowed = named if allowed is None else allowed & named
    return allowed


def machine_sizes(skus: Iterable[Json], location: str) -> dict[str, MachineSize]:
    """Virtual machine sizes of one region; other SKUs are passed over."""
    return {sku["name"]: _machine_size(sku, location) for sku in skus if sku["resourceType"] == "virtualMachines"}


def _machine_size(sku: Json, location: str) -> MachineSize:
    able = {one["name"]: one["value"] for one in sku.get("capabilities", ())}
    zones = {
        zone for info in sku.get("locationInfo", ()) if info["location"].lower() == location for zone in info["zones"]
    }
    reason = ""
    for one in sku.get("restrictions", ()):
        if one["type"] == "Location":
            reason = one.get("reasonCode", "restricted")
        if one["type"] == "Zone":
            zones -= set(one.get("restrictionInfo", {}).get("zones", ()))
    return MachineSize(sku["family"], int(able.get("vCPUs", 0)), frozenset(zones), reason)


def postgres_sizes(capabilities: Iterable[Json]) -> dict[str, PostgresSize]:
    """Server sizes of one region. Where the service is restricted for the subscription, there are none."""
    return {
        sku["name"]: PostgresSize(int(sku["vCores"]), "ZoneRedundant" in (sku.get("supportedHaMode") or ()))
        for capability in capabilities
        if capability.get("restricted", "Disabled") != "Enabled"
        for edition in capability.get("supportedServerEditions", ())
        for sku in edition.get("supportedServerSkus", ())
    }


def quotas(usages: Iterable[Json]) -> Mapping[str, Quota]:
    """By Azure's names, in lower case: services spell the same family differently."""
    return {one["name"]["value"].lower(): Quota(int(one["currentValue"]), int(one["limit"])) for one in usages}


def agent_pool(pool: Json, agents: Iterable[Json]) -> AgentPool:
    """A pool; agents count that are switched on and online."""
    online = sum(one.get("status") == "online" and one.get("enabled", True) for one in agents)
    return AgentPool(bool(pool.get("isHosted")), online)


def connection(said: Json) -> Connection:
    """A service connection, of whatever scheme."""
    authorization = said["authorization"]
    given = authorization.get("parameters") or {}
    return Connection(
        scheme=authorization["scheme"],
        issuer=given.get("workloadIdentityFederationIssuer", ""),
        subject=given.get("workloadIdentityFederationSubject", ""),
        subscription_id=(said.get("data") or {}).get("subscriptionId", ""),
    )
