"""The real client: each fact is one or two questions to Azure's or Azure DevOps's REST interface.

Sources: Azure's REST reference, by resource provider; the versions below are the ones whose answers are read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from modelyard_infra.readiness.answers import (
    agent_pool,
    allowed_locations,
    connection,
    machine_sizes,
    permission,
    postgres_sizes,
    quotas,
)
from modelyard_infra.readiness.client import (
    AgentPool,
    Connection,
    MachineSize,
    Named,
    Permission,
    PostgresSize,
    Quota,
    Service,
    SignIn,
    Subscription,
)
from modelyard_infra.readiness.transport import DEVOPS_HOST, AbsentError, Json, Transport

ARM = "https://management.azure.com"
VERSIONS = {
    "subscriptions": "2022-12-01",
    "groups": "2021-04-01",
    "permissions": "2022-04-01",
    "policies": "2023-04-01",
    "skus": "2021-07-01",
    "devops": "7.1",
}
QUOTAS: Mapping[Service, tuple[str, str]] = {
    "machines": ("Microsoft.Compute/locations/{}/usages", "2024-07-01"),
    "container apps": ("Microsoft.App/locations/{}/usages", "2024-03-01"),
    "postgres": ("Microsoft.DBforPostgreSQL/locations/{}/resourceType/flexibleServers/usages", "2025-08-01"),
}
POSTGRES = ("Microsoft.DBforPostgreSQL/locations/{}/capabilities", "2025-08-01")
NAMES: Mapping[Named, tuple[str, str, str]] = {
    "storage account": ("Microsoft.Storage", "Microsoft.Storage/storageAccounts", "2023-05-01"),
    "key vault": ("Microsoft.KeyVault", "Microsoft.KeyVault/vaults", "2023-07-01"),
    "registry": ("Microsoft.ContainerRegistry", "Microsoft.ContainerRegistry/registries", "2023-07-01"),
    "postgres server": ("Microsoft.DBforPostgreSQL", "Microsoft.DBforPostgreSQL/flexibleServers", "2025-08-01"),
}
"""Namespace that checks the name, type, and version of the question."""
SINGLE = (("/blobservices/", "2023-05-01"), ("/keys/", "2023-07-01"))
"""Versions for single things, by a part of their ids."""


class RestAzure:
    """Asks through a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def cli_version(self) -> str:
        """From `az version`."""
        said = self._transport.command("version")
        return str(said["azure-cli"]) if said else ""

    def signed_in(self) -> SignIn | None:
        """From `az account show`."""
        said = self._transport.command("account", "show")
        return SignIn(said["user"]["name"], said["tenantId"]) if said else None

    def subscription(self, subscription: str) -> Subscription | None:
        """One question; a subscription that cannot be seen is not there."""
        try:
            said = self._get(f"/subscriptions/{subscription}", VERSIONS["subscriptions"])
        except AbsentError:
            return None
        return Subscription(said["displayName"], said["tenantId"], said["state"])

    def permissions(self, scope: str) -> tuple[Permission, ...]:
        """The caller's own permissions, with everything inherited."""
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        return tuple(permission(one) for one in self._all(path, VERSIONS["permissions"]))

    def registered(self, subscription: str) -> frozenset[str]:
        """All providers of the subscription."""
        found = self._all(f"/subscriptions/{subscription}/providers", VERSIONS["groups"])
        return frozenset(one["namespace"].lower() for one in found if one["registrationState"] == "Registered")

    def zones(self, subscription: str) -> Mapping[str, bool]:
        """Physical regions of the subscription."""
        found = self._all(f"/subscriptions/{subscription}/locations", VERSIONS["subscriptions"])
        return {one["name"]: bool(one.get("availabilityZoneMappings")) for one in found}

    def allowed_locations(self, subscription: str) -> frozenset[str] | None:
        """From assignments of Azure's own policy `Allowed locations`."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/policyAssignments"
        return allowed_locations(self._all(path, VERSIONS["policies"]))

    def machine_sizes(self, subscription: str, location: str) -> Mapping[str, MachineSize]:
        """All compute SKUs of one region."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/skus"
        chosen = quote(f"location eq '{location}'")
        return machine_sizes(self._all(path, VERSIONS["skus"], f"&$filter={chosen}"), location)

    def postgres_sizes(self, subscription: str, location: str) -> Mapping[str, PostgresSize]:
        """What PostgreSQL flexible server can do in one region for this subscription."""
        path, version = POSTGRES
        return postgres_sizes(self._all(f"/subscriptions/{subscription}/providers/{path.format(location)}", version))

    def quotas(self, subscription: str, location: str, service: Service) -> Mapping[str, Quota]:
        """What is used and what may be used."""
        path, version = QUOTAS[service]
        return quotas(self._all(f"/subscriptions/{subscription}/providers/{path.format(location)}", version))

    def why_not_free(self, subscription: str, kind: Named, name: str) -> str:
        """Azure's own check of the name."""
        namespace, resource_type, version = NAMES[kind]
        path = f"/subscriptions/{subscription}/providers/{namespace}/checkNameAvailability"
        address = f"{ARM}{path}?api-version={version}"
        said = self._transport.ask("POST", address, {"name": name, "type": resource_type})
        return "" if said["nameAvailable"] else str(said.get("message") or said.get("reason") or "it is taken")

    def deleted_vaults(self, subscription: str) -> frozenset[str]:
        """Vaults in soft deletion, in every region."""
        found = self._all(f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/deletedVaults", "2023-07-01")
        return frozenset(one["name"] for one in found)

    def resources(self, subscription: str, group: str) -> frozenset[str]:
        """The group's resources."""
        try:
            found = list(
                self._all(f"/subscriptions/{subscription}/resourceGroups/{group}/resources", VERSIONS["groups"])
            )
        except AbsentError:
            return frozenset()
        return frozenset(one["id"].lower() for one in found)

    def exists(self, resource_id: str) -> bool:
        """Ask for the thing itself."""
        version = next(version for part, version in SINGLE if part in resource_id.lower())
        try:
            self._get(resource_id, version)
        except AbsentError:
            return False
        return True

    def trusted(self, identity_id: str) -> frozenset[tuple[str, str]]:
        """The identity's federated credentials."""
        try:
            found = list(self._all(f"{identity_id}/federatedIdentityCredentials", "2023-01-31"))
        except AbsentError:
            return frozenset()
        return frozenset((one["properties"]["issuer"], one["properties"]["subject"]) for one in found)

    def organisation_id(self, organisation: str) -> str:
        """What the organisation says about itself."""
        return str(self._devops(f"{organisation}/_apis/connectionData", preview=True)["instanceId"])

    def agent_pool(self, organisation: str, name: str) -> AgentPool | None:
        """The pool, and whether its agents are online."""
        found = self._devops(f"{organisation}/_apis/distributedtask/pools", poolName=name)["value"]
        if not found:
            return None
        agents = self._devops(f"{organisation}/_apis/distributedtask/pools/{found[0]['id']}/agents")["value"]
        return agent_pool(found[0], agents)

    def connection(self, organisation: str, project: str, name: str) -> Connection | None:
        """The service connection of this name."""
        path = f"{organisation}/{quote(project)}/_apis/serviceendpoint/endpoints"
        found = self._devops(path, endpointNames=name)["value"]
        return connection(found[0]) if found else None

    def _get(self, path: str, version: str, more: str = "") -> Json:
        return self._transport.ask("GET", f"{ARM}{path}?api-version={version}{more}")

    def _all(self, path: str, version: str, more: str = "") -> Iterator[Json]:
        """Every item of a list, page after page."""
        page = self._get(path, version, more)
        yield from page["value"]
        while page.get("nextLink"):
            page = self._transport.ask("GET", page["nextLink"])
            yield from page["value"]

    def _devops(self, path: str, *, preview: bool = False, **query: str) -> Json:
        version = f"{VERSIONS['devops']}-preview" if preview else VERSIONS["devops"]
        asked = "&".join(f"{name}={quote(value)}" for name, value in {**query, "api-version": version}.items())
        return self._transport.ask("GET", f"{DEVOPS_HOST}{path}?{asked}")
