"""Whether there is room: quotas, sizes that the region offers, names that nobody else has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelyard.environment.readiness import Check
from modelyard_infra.readiness.client import MachineSize, Named, Quota
from modelyard_infra.readiness.looking import Look, checked, listed

ENVIRONMENTS = "managedenvironmentcount"
SHOWN_SIZES = 3
REGION = "cores"
"""The quota of all machines together; Azure's name of it."""
NAMES: Mapping[Named, str] = {
    "storage account": "Microsoft.Storage/storageAccounts",
    "key vault": "Microsoft.KeyVault/vaults",
    "registry": "Microsoft.ContainerRegistry/registries",
    "postgres server": "Microsoft.DBforPostgreSQL/flexibleServers",
}
STATE_NAMES: Mapping[str, Named] = {"account": "storage account", "vault": "key vault"}
DATABRICKS, POSTGRES, APPS = (
    "Microsoft.Databricks/workspaces",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.App/managedEnvironments",
)
TWO = 2
"""Servers of a PostgreSQL with a standby; zones without which nothing is spread."""
CORES_OF_AN_ENVIRONMENT = 100
"""What a new Container Apps environment may use on the consumption profile (Microsoft Learn, "Quotas for Azure
Container Apps"). It can be raised only after the environment exists."""


def look_at_machines(look: Look) -> Iterator[Check]:
    """Whether Databricks gets its machines: offered, in zones, and within the quota of a whole cluster."""
    databricks = look.azure.databricks
    if DATABRICKS not in look.types:
        return
    sizes = look.client.machine_sizes(look.subscription, look.azure.location)
    size = sizes.get(databricks.node_size)
    yield _offered(look, databricks.node_size, size, sizes)
    if size is None or size.restricted:
        return
    cores = size.cpus * (databricks.max_workers + 1)
    quotas = look.client.quotas(look.subscription, look.azure.location, "machines")
    wanted = f"{cores} vCPUs: {databricks.max_workers} workers and a driver"
    for name in (size.family, REGION):
        yield _quota(look, f"quota {name}", quotas.get(name.lower()), cores, wanted)


def look_at_postgres(look: Look) -> Iterator[Check]:
    """Whether the region offers the database server's size, with a standby in another zone where one is wanted."""
    postgres = look.azure.postgres
    if POSTGRES not in look.types:
        return
    sizes = look.client.postgres_sizes(look.subscription, look.azure.location)
    size = sizes.get(postgres.size)
    redundant = postgres.high_availability == "ZoneRedundant"
    good = size is not None and (size.zone_redundant or not redundant)
    yield checked(
        f"PostgreSQL {postgres.size}",
        good,
        found="not offered" if size is None else "offered" if good else "offered without a standby in another zone",
        needed=f"offered in {look.azure.location}{', with a standby in another zone' if redundant else ''}",
        remedy="choose azure.postgres.size from: "
        f"az postgres flexible-server list-skus --location {look.azure.location}",
    )
    if size is None:
        return
    cores = size.cpus * (1 if postgres.high_availability == "Disabled" else TWO)
    family = _family(look, postgres.size)
    quotas = look.client.quotas(look.subscription, look.azure.location, "postgres")
    if family.lower() in quotas:
        yield _quota(look, f"PostgreSQL quota {family}", quotas[family.lower()], cores, f"{cores} vCores")


def look_at_apps(look: Look) -> Iterator[Check]:
    """Whether one more Container Apps environment may exist, and whether all apps together fit into it."""
    if APPS not in look.types:
        return
    ours = _id(look, APPS, look.environment.azure_name("container environment")) in _ours(look)
    quotas = look.client.quotas(look.subscription, look.azure.location, "container apps")
    if not ours:
        quota = quotas.get(ENVIRONMENTS)
        yield _quota(look, "quota ManagedEnvironmentCount", quota, 1, "one more Container Apps environment")
    apps = look.azure.container_apps
    cores = apps.model_api.cpu * apps.scale.max_replicas * max(1, len(apps.models)) + look.azure.mlflow.size.cpu
    cores += apps.jobs.size.cpu
    yield checked(
        "cores of Container Apps",
        cores <= CORES_OF_AN_ENVIRONMENT,
        found=f"{CORES_OF_AN_ENVIRONMENT} in a new environment",
        needed=f"{cores:g} when every app runs at its largest",
        remedy="ask for more on the environment's page `Quota` once it exists, or lower container_apps.scale",
        otherwise="note",
    )


def look_at_names(look: Look) -> Iterator[Check]:
    """Whether names that nobody else in the world may have are free, or ours already."""
    ours, deleted = _ours(look), look.client.deleted_vaults(look.subscription)
    for kind, arm in NAMES.items():
        name = look.environment.azure_name(kind)
        if arm in look.types:
            yield _name(look, kind, name, mine=_id(look, arm, name) in ours, deleted=name in deleted)
    kept = look.client.resources(look.subscription, look.home.resource_group)
    for attribute, kind in STATE_NAMES.items():
        name = getattr(look.home, attribute)
        mine = f"{look.home.group_id}/providers/{NAMES[kind]}/{name}".lower() in kept
        yield _name(look, kind, name, mine=mine, deleted=name in deleted)


def _name(look: Look, kind: Named, name: str, *, mine: bool, deleted: bool) -> Check:
    needed = "free, or ours"
    if mine:
        return Check(f"name {name}", "ok", "ours", needed)
    if deleted and kind == "key vault":
        remedy = f"run: az keyvault recover --name {name} --subscription {look.subscription}"
        return Check(f"name {name}", "missing", "a deleted vault of ours keeps the name", needed, remedy)
    why = look.client.why_not_free(look.subscription, kind, name)
    remedy = f"change azure.naming_prefix in {look.file}: {kind} names are unique in all of Azure"
    return checked(f"name {name}", not why, found=why or "free", needed=needed, remedy=remedy)


def _offered(look: Look, name: str, size: MachineSize | None, sizes: Mapping[str, MachineSize]) -> Check:
    zones = len(size.zones) if size else 0
    good = size is not None and not size.restricted and (zones >= TWO or not look.azure.zone_redundant)
    found = "not offered" if size is None else size.restricted or f"offered in {zones} zones"
    like = [other for other, one in sizes.items() if size is None and not one.restricted and one.cpus >= TWO]
    offers = f"; offered are, for example: {listed(like[:SHOWN_SIZES])}" if like else ""
    return checked(
        f"machine {name}",
        good,
        found=found,
        needed=f"offered in {look.azure.location}{', in two zones or more' if look.azure.zone_redundant else ''}",
        remedy=f"choose azure.databricks.node_size from: az vm list-skus --location {look.azure.location} "
        f"--resource-type virtualMachines --output table{offers}",
    )


def _quota(look: Look, name: str, quota: Quota | None, wanted: int, why: str) -> Check:
    left = quota.left if quota else 0
    return checked(
        name,
        quota is not None and left >= wanted,
        found=f"{left} left of {quota.limit}" if quota else "none",
        needed=why,
        remedy=f"ask for more in the portal: Quotas, {name.removeprefix('quota ')}, {look.azure.location}, "
        f"at least {wanted - left} more",
    )


def _family(look: Look, size: str) -> str:
    """Machines and servers of one size count against families of one name."""
    found = look.client.machine_sizes(look.subscription, look.azure.location).get(size)
    return found.family if found else ""


def _ours(look: Look) -> frozenset[str]:
    return look.client.resources(look.subscription, look.environment.azure_name("resource group"))


def _id(look: Look, arm: str, name: str) -> str:
    group = look.environment.azure_name("resource group")
    return f"{look.scope}/resourceGroups/{group}/providers/{arm}/{name}".lower()
