"""Draws an environment in Azure: every resource, and what the platform connects to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelyard.environment.models import Environment
from modelyard.errors import ConfigurationError
from modelyard_infra.blueprint.azure import alerts, apps, compute, governance, lake, observability, serving
from modelyard_infra.blueprint.azure.access import draw_access
from modelyard_infra.blueprint.azure.identities import draw_identities
from modelyard_infra.blueprint.azure.images import draw_images, login_server
from modelyard_infra.blueprint.azure.network import draw_network
from modelyard_infra.blueprint.azure.released import Releases
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.azure.tracking import draw_tracking, tracking_address
from modelyard_infra.blueprint.azure.vault import draw_vault
from modelyard_infra.blueprint.graph import Graph, Resource, Value


@dataclass(frozen=True, slots=True)
class AzureBlueprint:
    """An environment in Azure."""

    environment: str
    """dev, test or prod."""
    subscription_id: str
    tenant_id: str
    location: str
    """The region."""
    graph: Graph
    """Every resource."""
    connections: Mapping[str, Value]
    """What the platform opens the environment with: the fields of `Connections`."""
    releases: Releases = field(default_factory=dict)
    """What was released without a commit, as it will be: kept in the stack."""


def draw_azure(environment: Environment, *, releases: Releases | None = None) -> AzureBlueprint:
    """The blueprint of an environment whose kind is azure. Pure: the same settings give the same blueprint.

    Args:
        environment: the settings.
        releases: what was released without a commit; a model that the settings name is left out.

    Raises:
        ConfigurationError: the environment is not one in Azure.
    """
    if environment.azure is None:
        raise ConfigurationError(
            f"environment {environment.name} is of kind {environment.kind}, and has nothing in Azure",
            hint="modelyard env list",
        )
    kept = serving.with_revisions(Site(environment), releases or {})
    site = Site(environment, kept)
    return AzureBlueprint(
        environment=environment.name,
        subscription_id=environment.azure.subscription_id,
        tenant_id=environment.azure.tenant_id,
        location=environment.azure.location,
        graph=Graph(tuple(_everything(site))),
        connections=_connections(site),
        releases=kept,
    )


def _everything(site: Site) -> list[Resource]:
    parts = [
        *draw_identities(site),
        *draw_network(site),
        *draw_vault(site),
        *lake.draw_lake(site),
        *draw_images(site),
        *apps.draw_environment(site),
        *draw_tracking(site),
        *serving.draw_models(site),
        *compute.draw_jobs(site),
        *compute.draw_databricks(site),
        *observability.draw_logs(site),
        *draw_access(site),
    ]
    watched = [*parts, *observability.draw_diagnostics(site, parts), *alerts.draw_alerts(site, parts)]
    everything = [*governance.draw_group(site), *governance.draw_budget(site), *watched]
    return [*everything, *governance.draw_lock(site, everything)]


def _connections(site: Site) -> dict[str, Value]:
    return {
        "environment": site.environment.name,
        "lake": lake.address(site, site.environment.lake.file_system),
        "tracking": tracking_address(site),
        "deployments": lake.address(site, lake.RELEASES_NAME, "deployments"),
        "bundles": lake.address(site, lake.RELEASES_NAME, "bundles"),
        "model_api": serving.address_pattern(site),
        "images": login_server(site),
        "teams_url_secret": site.environment.notification.teams_url_secret,
    }
