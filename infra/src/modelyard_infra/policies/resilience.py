"""Rules for what must survive the loss of a machine, a zone or a region."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.environment.azure_regions import REGIONS
from modelyard.environment.azure_storage import GEO_REDUNDANT, ZONE_REDUNDANT
from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.apps import is_tracking
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import IN_PRODUCTION, WITH_ZONES, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, at_least, expect, items, shown, text

LEAST_ZONES, LEAST_COPIES = 2, 2
ACCOUNT = "storage:StorageAccount"


def _lake_zones(account: Resource) -> Iterator[Finding]:
    yield from _redundancy(account, ZONE_REDUNDANT)


def _redundancy(account: Resource, allowed: frozenset[str]) -> Iterator[Finding]:
    if text(account, "sku.name").partition("_")[2] not in allowed:
        yield Finding(account.key, "sku.name", shown(at(account, "sku.name")), ", ".join(sorted(allowed)))


def _registry_zones(registry: Resource, facts: Facts) -> Iterator[Finding]:
    if REGIONS.get(text(registry, "location"), REGIONS[facts.azure.location]).zones:
        yield from expect(registry, "zoneRedundancy", "Enabled")


def _address_zones(address: Resource) -> Iterator[Finding]:
    zones = items(address, "zones")
    if len(zones) < LEAST_ZONES:
        yield Finding(address.key, "zones", shown(zones) if zones else "nothing", f"{LEAST_ZONES} zones or more")


def _copies(app: Resource, facts: Facts) -> Iterator[Finding]:
    # MLflow's own guide allows one copy only; that one must always run.
    wanted = max(LEAST_COPIES, facts.azure.container_apps.scale.min_replicas)
    least = 1 if is_tracking(app, facts) else wanted
    yield from at_least(app, "template.scale.minReplicas", least)


def _other_region(account: Resource, facts: Facts) -> Iterator[Finding]:
    if REGIONS[facts.azure.location].pair:
        yield from _redundancy(account, GEO_REDUNDANT)


RULES = (
    Rule(
        "zones-lake",
        "The lake is kept in several zones",
        Control("RE:05", "a zone can be lost"),
        each(ACCOUNT, judge=_lake_zones),
        "set azure.lake.redundancy to ZRS, GZRS or RAGZRS in the environment file",
        WITH_ZONES,
        alone=True,
    ),
    Rule(
        "zones-database",
        "PostgreSQL has a standby in another zone",
        Control("RE:05", "a zone can be lost"),
        settings("dbforpostgresql:Server", ("highAvailability.mode", "ZoneRedundant")),
        "set azure.postgres.high_availability to ZoneRedundant in the environment file",
        WITH_ZONES,
        alone=True,
    ),
    Rule(
        "zones-registry",
        "The registry and its copies are kept in several zones",
        Control("RE:05", "without images nothing starts anew"),
        each_in("containerregistry:Registry", "containerregistry:Replication", judge=_registry_zones),
        "set zoneRedundancy to Enabled",
        WITH_ZONES,
        alone=True,
    ),
    Rule(
        "zones-apps",
        "Container apps run in several zones",
        Control("RE:05", "a zone can be lost; it can be set at creation only"),
        settings("app:ManagedEnvironment", ("zoneRedundant", True)),
        "set zoneRedundant to true",
        WITH_ZONES,
        alone=True,
    ),
    Rule(
        "zones-address",
        "The network's own address is announced from several zones",
        Control("RE:05", "a zone can be lost"),
        each("network:PublicIPAddress", judge=_address_zones),
        "set zones",
        WITH_ZONES,
        alone=True,
    ),
    Rule(
        "copies-of-models",
        "Each model of prod always runs in several copies, and MLflow in one",
        Control("RE:05", "one copy is none while it is replaced"),
        each_in("app:ContainerApp", judge=_copies),
        "set azure.container_apps.scale.min_replicas in the environment file",
        IN_PRODUCTION,
        alone=True,
    ),
    Rule(
        "lake-other-region",
        "The lake of prod is copied to a second region",
        Control("BR-2", "a region can be lost"),
        each_in(ACCOUNT, judge=_other_region),
        "set azure.lake.redundancy to GZRS or RAGZRS in the environment file",
        IN_PRODUCTION,
        alone=True,
        level="advisory",
    ),
)
