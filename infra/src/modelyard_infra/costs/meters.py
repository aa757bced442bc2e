"""Which meters a resource turns, and how far in a month: one function for each kind that is billed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.costs.table import Assumptions

DAYS = 30
SECONDS = 3600
FREE_LOG_DAYS = 31
WITH_STANDBY = 2
"""A standby is a second server with a disk of its own."""
CPUS_OF_A_DBU = 4
"""A Dds_v5 machine counts one Databricks unit for each four vCPUs."""
QUERY_MINUTES = (1, 5, 10, 15)
"""Steps in which the frequency of a query is billed."""


class Reading(NamedTuple):
    """How far a meter turns in a month."""

    meter: str
    """Its name in the price table."""
    what: str
    """In words."""
    quantity: float
    """In the meter's unit."""
    always: bool = True
    """Whether it turns whatever is done; False where it depends on use."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it is assumed."""

    hours: float
    """Its length."""
    used: Assumptions
    """What is used in it."""
    node_size: str
    """Databricks's machine."""


Read = Callable[[Resource, Month], Iterator[Reading]]


def _storage(resource: Resource, month: Month) -> Iterator[Reading]:
    redundancy = _text(resource, "sku", "name").removeprefix("Standard_")
    yield Reading(f"storage.{redundancy}", f"files, {redundancy}", month.used.lake_gb, always=False)
    yield Reading("storage.writes", "writes", month.used.lake_writes_10k, always=False)
    yield Reading("storage.reads", "reads", month.used.lake_reads_10k, always=False)


def _registry(resource: Resource, month: Month) -> Iterator[Reading]:
    del month
    sku = _text(resource, "sku", "name")
    yield Reading(f"registry.{sku}", f"registry, {sku}", DAYS)


def _replica(resource: Resource, month: Month) -> Iterator[Reading]:
    del month
    yield Reading("registry.replica", f"copy in {_text(resource, 'location')}", DAYS)


def _postgres(resource: Resource, month: Month) -> Iterator[Reading]:
    size, tier = _text(resource, "sku", "name"), _text(resource, "sku", "tier")
    servers = 1 if _text(resource, "highAvailability", "mode") == "Disabled" else WITH_STANDBY
    standby = ", with a standby" if servers == WITH_STANDBY else ""
    yield Reading(f"postgres.{tier}", f"{size}{standby}", cpus(size) * servers * month.hours)
    disk = float(_at(resource, "storage", "storageSizeGB"))
    yield Reading("postgres.storage", f"disk of {disk:g} GB{standby}", disk * servers)
    copied = _text(resource, "backup", "geoRedundantBackup") == "Enabled"
    meter = "postgres.geo_backup" if copied else "postgres.backup"
    what = "backups beyond the free ones, kept in two regions" if copied else "backups beyond the free ones"
    yield Reading(meter, what, month.used.database_backup_gb, always=False)


def _app(resource: Resource, month: Month) -> Iterator[Reading]:
    always = int(_at(resource, "template", "scale", "minReplicas"))
    cpu, memory = _size(resource)
    replicas, hours = (always, month.hours) if always else (1, month.used.on_demand_hours)
    seconds = replicas * hours * SECONDS
    busy = seconds * month.used.busy_share if always else seconds
    words = f"{always} always running" if always else f"scaled to nothing, {hours:g} h on demand"
    if busy:
        yield Reading("apps.cpu_active", f"CPU at work, {words}", cpu * busy, always=False)
    if seconds - busy:
        yield Reading("apps.cpu_idle", f"CPU idle, {words}", cpu * (seconds - busy))
    yield Reading("apps.memory", f"memory, {words}", memory * seconds, always=bool(always))
    yield Reading("apps.requests", "requests", month.used.requests_million, always=False)


def _job(resource: Resource, month: Month) -> Iterator[Reading]:
    cpu, memory = _size(resource)
    seconds = month.used.job_hours * SECONDS
    yield Reading("apps.cpu_active", f"CPU, {month.used.job_hours:g} h", cpu * seconds, always=False)
    yield Reading("apps.memory", f"memory, {month.used.job_hours:g} h", memory * seconds, always=False)


def _apps_environment(resource: Resource, month: Month) -> Iterator[Reading]:
    """In a network of one's own the service makes a load balancer and addresses, which are billed."""
    internal = bool(_at(resource, "vnetConfiguration", "internal"))
    addresses = 1 if internal else 2
    yield Reading("apps.load_balancer", "load balancer", month.hours)
    yield Reading("network.address", "addresses" if addresses > 1 else "address", addresses * month.hours)


def _address(resource: Resource, month: Month) -> Iterator[Reading]:
    del resource
    yield Reading("network.address", "address", month.hours)


def _nat(resource: Resource, month: Month) -> Iterator[Reading]:
    del resource
    yield Reading("network.nat", "gateway", month.hours)
    yield Reading("network.nat_data", "data to the internet", month.used.internet_gb, always=False)


def _endpoint(resource: Resource, month: Month) -> Iterator[Reading]:
    del resource
    yield Reading("network.endpoint", "endpoint", month.hours)
    yield Reading("network.endpoint_data", "data", month.used.private_gb, always=False)


def _zone(resource: Resource, month: Month) -> Iterator[Reading]:
    del resource, month
    yield Reading("network.zone", "zone", 1)


def _databricks(resource: Resource, month: Month) -> Iterator[Reading]:
    machines = 1 + month.used.databricks_workers
    each = cpus(month.node_size)
    hours = month.used.databricks_hours * machines * each
    words = f"{month.used.databricks_hours:g} h of {machines:g} {month.node_size}"
    yield Reading("databricks.machine", words, hours, always=False)
    sku = _text(resource, "sku", "name")
    yield Reading(f"databricks.{sku}", f"units, {words}", hours / CPUS_OF_A_DBU, always=False)


def _logs(resource: Resource, month: Month) -> Iterator[Reading]:
    yield Reading("logs.ingest", "logs taken in", month.used.log_gb, always=False)
    days = max(0, int(_at(resource, "retentionInDays")) - FREE_LOG_DAYS)
    if days:
        kept = month.used.log_gb * days / DAYS
        yield Reading("logs.keep", f"logs kept for {days + FREE_LOG_DAYS} days", kept, always=False)


def _metric_alert(resource: Resource, month: Month) -> Iterator[Reading]:
    del month
    criteria: Sequence[object] = _at(resource, "criteria", "allOf")
    scopes: Sequence[object] = _at(resource, "scopes")
    yield Reading("alerts.metric", "metrics watched", len(criteria) * len(scopes))


def _query_alert(resource: Resource, month: Month) -> Iterator[Reading]:
    del month
    given = re.fullmatch(r"P(?:T?)(\d+)([MHD])", _text(resource, "evaluationFrequency"))
    minutes = int(given[1]) * {"M": 1, "H": 60, "D": 1440}[given[2]] if given else QUERY_MINUTES[0]
    billed = max(step for step in QUERY_MINUTES if step <= minutes)
    yield Reading(f"alerts.query.{billed}", f"query every {minutes} minutes", 1)


def _vault(resource: Resource, month: Month) -> Iterator[Reading]:
    del resource
    yield Reading("vault.operations", "secrets read", month.used.vault_operations_10k, always=False)


BILLED: Mapping[str, Read] = {
    "storage:StorageAccount": _storage,
    "containerregistry:Registry": _registry,
    "containerregistry:Replication": _replica,
    "dbforpostgresql:Server": _postgres,
    "app:ContainerApp": _app,
    "app:Job": _job,
    "app:ManagedEnvironment": _apps_environment,
    "network:PublicIPAddress": _address,
    "network:NatGateway": _nat,
    "network:PrivateEndpoint": _endpoint,
    "privatedns:PrivateZone": _zone,
    "databricks:Workspace": _databricks,
    "operationalinsights:Workspace": _logs,
    "monitor:MetricAlert": _metric_alert,
    "monitor:ScheduledQueryRule": _query_alert,
    "keyvault:Vault": _vault,
}


def cpus(size: str) -> int:
    """vCPUs of a machine, from its name: Standard_D4ds_v5 has 4, Standard_B1ms has 1."""
    found = re.match(r"Standard_[A-Z]+(\d+)", size)
    if found is None:
        raise ValueError(f"{size} says no number of CPUs")
    return int(found[1])


def _size(resource: Resource) -> tuple[float, float]:
    """CPUs and GiB of an app's or job's containers together."""
    containers = _at(resource, "template", "containers")
    sizes = [container["resources"] for container in containers]
    return sum(float(one["cpu"]) for one in sizes), sum(float(one["memory"].removesuffix("Gi")) for one in sizes)


def _at(resource: Resource, *path: str) -> Any:  # noqa: ANN401 - values of a graph are data of any shape
    """A property of which the kind's function knows the type; a graph without it is a mistake of ours."""
    found: Any = resource.properties
    for name in path:
        found = found[name]
    return found


def _text(resource: Resource, *path: str) -> str:
    return str(_at(resource, *path))
