"""Declares an environment in Azure to Pulumi's engine: every resource of its graph, under the concern it belongs to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import pulumi

from modelyard.environment.connections import STACK_OUTPUT
from modelyard_infra.azure.access import Access
from modelyard_infra.azure.compute import Compute
from modelyard_infra.azure.concern import RESOURCES_OUTPUT, Concern, ConcernArgs
from modelyard_infra.azure.governance import Governance
from modelyard_infra.azure.hosting import Hosting
from modelyard_infra.azure.identities import Identities
from modelyard_infra.azure.images import Images
from modelyard_infra.azure.lake import Lake
from modelyard_infra.azure.network import Network
from modelyard_infra.azure.observability import Observability
from modelyard_infra.azure.registered import PACKAGE, VERSION, Registered
from modelyard_infra.azure.tracking import Tracking
from modelyard_infra.azure.vault import Vault
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.blueprint.azure.serving import model_key
from modelyard_infra.blueprint.graph import refs_in

RELEASES = "releases"
"""Names both the resource of the stack that remembers what was released without a commit, and the output."""
CONCERNS: dict[str, type[Concern]] = {
    "governance": Governance,
    "identities": Identities,
    "network": Network,
    "vault": Vault,
    "lake": Lake,
    "images": Images,
    "hosting": Hosting,
    "tracking": Tracking,
    "compute": Compute,
    "observability": Observability,
    "access": Access,
}


def declare_azure(
    blueprint: AzureBlueprint, *, acknowledged: Collection[str] = (), recovered: Collection[str] = ()
) -> None:
    """Registers everything, and exports `connections` and how many resources each concern has.

    Args:
        blueprint: the environment.
        acknowledged: keys of resources that hold data and may be replaced or removed all the same.
        recovered: keys of resources that were deleted, and that Azure keeps and is to bring back.
    """
    graph = blueprint.graph
    given = [ref for concern in CONCERNS.values() for ref in concern.gives.values()]
    registered = Registered(graph, [*refs_in(blueprint.connections), *given])
    kept = _kept(blueprint)
    args = ConcernArgs(graph, registered, _provider(blueprint), acknowledged, recovered, kept)
    concerns: dict[str, Concern] = {}
    for resource in graph.ordered:
        if resource.concern not in concerns:
            concerns[resource.concern] = CONCERNS[resource.concern](resource.concern, args)
        concerns[resource.concern].add(resource)
    for concern in concerns.values():
        concern.finish()
    pulumi.export(STACK_OUTPUT, registered.value(blueprint.connections))
    pulumi.export(RESOURCES_OUTPUT, {name: concern.count for name, concern in concerns.items()})
    if blueprint.releases:
        pulumi.export(RELEASES, {name: one.to_json() for name, one in blueprint.releases.items()})


def _kept(blueprint: AzureBlueprint) -> dict[str, pulumi.Resource]:
    """What must be in the state before an app is touched: whatever happens to the app then, the next update knows of
    the release, and can take it back. By key of the app."""
    if not blueprint.releases:
        return {}
    stash = pulumi.Stash(RELEASES, input={name: asdict(one) for name, one in blueprint.releases.items()})
    return dict.fromkeys(map(model_key, blueprint.releases), stash)


def _provider(blueprint: AzureBlueprint) -> pulumi.ProviderResource:
    """azure-native for this subscription and no other, whatever the shell or `az` is set to."""
    place = {"subscriptionId": blueprint.subscription_id, "tenantId": blueprint.tenant_id}
    return pulumi.ProviderResource(PACKAGE, "azure", place, pulumi.ResourceOptions(version=VERSION))
