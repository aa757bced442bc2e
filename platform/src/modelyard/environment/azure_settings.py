"""Everything that an environment in Azure has and one on this machine has not."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, model_validator

from modelyard.environment.azure_compute import ContainerApps, Databricks, Mlflow, Registry
from modelyard.environment.azure_governance import (
    Approvals,
    Budget,
    Groups,
    Lock,
    Observability,
    Pipelines,
    Tags,
)
from modelyard.environment.azure_network import Network
from modelyard.environment.azure_regions import REGIONS
from modelyard.environment.azure_storage import GEO_REDUNDANT, ZONE_REDUNDANT, KeyVault, LakeAccount, Postgres
from modelyard.environment.settings import Guid, Problem, Section, refuse


class Azure(Section):
    """An environment's place in Azure. dev, test and prod differ in nothing but these values."""

    tenant_id: Guid
    """The Entra tenant."""
    subscription_id: Guid
    """The subscription that holds the environment."""
    location: str
    """The region, as `az account list-locations` names it."""
    naming_prefix: str = Field(pattern=r"^[a-z][a-z0-9]*$", max_length=12)
    """Starts every resource's name. Lower-case letters and digits."""
    zone_redundant: bool
    """Whether everything is spread over availability zones."""
    network: Network
    """Addresses and firewalls."""
    lake: LakeAccount
    """The data lake's account."""
    key_vault: KeyVault
    """Secrets."""
    postgres: Postgres
    """MLflow's database."""
    registry: Registry
    """Container images."""
    container_apps: ContainerApps
    """Model API and jobs."""
    mlflow: Mlflow
    """The tracking server."""
    databricks: Databricks
    """Spark."""
    observability: Observability
    """Logs and alerts."""
    budget: Budget
    """What a month may cost."""
    lock: Lock
    """Lock on the resource group."""
    approvals: Approvals
    """Who must agree before something changes."""
    groups: Groups
    """Who gets which role."""
    pipelines: Pipelines
    """Who deploys."""
    tags: Tags
    """Tags on every resource."""

    @model_validator(mode="after")
    def _agrees(self) -> Azure:
        refuse([*_region_problems(self), *_zone_problems(self), *_privacy_problems(self), *_approval_problems(self)])
        return self


def _region_problems(azure: Azure) -> Iterator[Problem]:
    region = REGIONS.get(azure.location)
    if region is None:
        yield Problem("location", azure.location, ", ".join(REGIONS))
        return
    if azure.zone_redundant and not region.zones:
        yield Problem("zone_redundant", "true", f"false, because {azure.location} has no availability zones")
    if not region.pair and azure.lake.redundancy in GEO_REDUNDANT:
        allowed = f"LRS or ZRS, because {azure.location} has no paired region"
        yield Problem("lake.redundancy", azure.lake.redundancy, allowed)
    if not region.pair and azure.postgres.geo_redundant_backup:
        allowed = f"false, because {azure.location} has no paired region"
        yield Problem("postgres.geo_redundant_backup", "true", allowed)
    for place, other in enumerate(azure.registry.replicate_to):
        if other not in REGIONS or other == azure.location:
            yield Problem(f"registry.replicate_to.{place}", other, f"another region than {azure.location}")


def _zone_problems(azure: Azure) -> Iterator[Problem]:
    if not azure.zone_redundant:
        return
    why = "while azure.zone_redundant is true"
    if azure.lake.redundancy not in ZONE_REDUNDANT:
        yield Problem("lake.redundancy", azure.lake.redundancy, f"{', '.join(sorted(ZONE_REDUNDANT))} {why}")
    if azure.postgres.high_availability != "ZoneRedundant":
        yield Problem("postgres.high_availability", azure.postgres.high_availability, f"ZoneRedundant {why}")
    if azure.registry.sku != "Premium":
        yield Problem("registry.sku", azure.registry.sku, f"Premium {why}")
    replicas = azure.container_apps.scale.min_replicas
    if replicas < 2:  # noqa: PLR2004  (one copy lives in one zone)
        yield Problem("container_apps.scale.min_replicas", str(replicas), f"2 or more {why}")


def _privacy_problems(azure: Azure) -> Iterator[Problem]:
    if azure.network.private_endpoints and azure.registry.sku != "Premium":
        allowed = "Premium while azure.network.private_endpoints is true"
        yield Problem("registry.sku", azure.registry.sku, allowed)


def _approval_problems(azure: Azure) -> Iterator[Problem]:
    approvals = azure.approvals
    if approvals.required_for and not 1 <= approvals.minimum <= len(approvals.approvers):
        allowed = f"1 to {len(approvals.approvers)} (the approvers) while required_for names something"
        yield Problem("approvals.minimum", str(approvals.minimum), allowed)
