"""Who may do what, where: every role assignment of the environment, none wider than its work needs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from modelyard_infra.blueprint.azure.callers import key_secrets, secret_grant
from modelyard_infra.blueprint.azure.compute import CONNECTOR
from modelyard_infra.blueprint.azure.identities import JOBS, MLFLOW, MODELS, PIPELINES, identity_key
from modelyard_infra.blueprint.azure.images import REGISTRY
from modelyard_infra.blueprint.azure.lake import ARTIFACTS, LAYERS, RELEASES
from modelyard_infra.blueprint.azure.observability import LOGS
from modelyard_infra.blueprint.azure.site import GROUP, Site
from modelyard_infra.blueprint.azure.vault import VAULT
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value

CONCERN = "access"

ROLES = {
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Container Registry Data Importer and Data Reader": "577a9874-89fd-4f24-9dbd-b5034d0ad23a",
    "Container Registry Tasks Contributor": "fb382eab-e894-4461-af04-94435c366c3f",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Container Apps Contributor": "358470bc-b998-42bd-ab17-a7e34c199c0f",
    "Container Apps Jobs Contributor": "4e3d2b60-56ae-4dc6-a233-09c8e5a82e68",
}
"""Built-in roles by name. Source: Microsoft Learn, "Azure built-in roles"."""

NAMESPACE = uuid.UUID("6f7b6c1e-2f0e-5d57-9d5d-3c7b8d7f4a11")
"""Makes the names of assignments: the same assignment has the same GUID each time it is drawn."""


class Grant(NamedTuple):
    """One role for one principal at one scope."""

    key: str
    """Key of the assignment, without `role-`."""
    role: str
    scope: str
    """Key of the resource that the role is about."""
    principal: Ref | str
    """An identity's principal id, or the object id of a group."""
    is_group: bool = False
    below: str = ""
    """What is meant below that resource, as its id goes on; nothing means all of it."""


def draw_access(site: Site) -> list[Resource]:
    """Every role assignment."""
    grants = [*_identities(), *_pipelines(site), *_callers(site), *_people(site)]
    if site.azure.databricks.enabled:
        connector = Ref(CONNECTOR, "identity.principalId")
        grants.append(Grant("databricks-layers", "Storage Blob Data Contributor", LAYERS, connector))
    return [_assignment(site, grant) for grant in grants]


def _identities() -> Iterator[Grant]:
    """MLflow writes artifacts; jobs write the layers and releases; models read nothing but their image, and the keys of
    those who ask them."""
    principals = {name: Ref(identity_key(name), "principalId") for name in (MLFLOW, JOBS, MODELS)}
    for name in (MLFLOW, JOBS, MODELS):
        yield Grant(f"{name}-images", "AcrPull", REGISTRY, principals[name])
    yield Grant("mlflow-artifacts", "Storage Blob Data Contributor", ARTIFACTS, principals[MLFLOW])
    yield Grant("jobs-layers", "Storage Blob Data Contributor", LAYERS, principals[JOBS])
    yield Grant("jobs-releases", "Storage Blob Data Contributor", RELEASES, principals[JOBS])
    yield Grant("jobs-secrets", "Key Vault Secrets User", VAULT, principals[JOBS])


def _pipelines(site: Site) -> Iterator[Grant]:
    """Pipelines bring images here, start jobs and deploy apps. Images are built in dev alone: whoever may start a build
    may do anything in the registry that it runs in."""
    principal = Ref(identity_key(PIPELINES), "principalId")
    yield Grant("pipelines-images", "AcrPush", REGISTRY, principal)
    if site.environment.name == "dev":
        yield Grant("pipelines-builds", "Container Registry Tasks Contributor", REGISTRY, principal)
    else:
        yield Grant("pipelines-imports", "Container Registry Data Importer and Data Reader", REGISTRY, principal)
    yield Grant("pipelines-layers", "Storage Blob Data Contributor", LAYERS, principal)
    yield Grant("pipelines-releases", "Storage Blob Data Contributor", RELEASES, principal)
    yield Grant("pipelines-apps", "Container Apps Contributor", GROUP, principal)
    yield Grant("pipelines-jobs", "Container Apps Jobs Contributor", GROUP, principal)


def _callers(site: Site) -> Iterator[Grant]:
    """Two secrets of the vault for the models, where callers have API keys, and as soon as there is a model: by then
    somebody has put them there."""
    principal = Ref(identity_key(MODELS), "principalId")
    for name, kept in key_secrets(site).items() if site.has_models else ():
        yield Grant(secret_grant(name), "Key Vault Secrets User", VAULT, principal, below=f"/secrets/{kept}")


def _people(site: Site) -> Iterator[Grant]:
    """People get roles through groups. Scientists write to the lake in dev only; auditors change nothing anywhere."""
    groups = site.azure.groups
    writes = "Storage Blob Data Contributor"
    reads = "Storage Blob Data Reader"
    scientists = writes if site.environment.name == "dev" else reads
    yield Grant("platform-team-group", "Contributor", GROUP, groups.platform_team, is_group=True)
    yield Grant("platform-team-layers", writes, LAYERS, groups.platform_team, is_group=True)
    yield Grant("platform-team-releases", writes, RELEASES, groups.platform_team, is_group=True)
    yield Grant("platform-team-secrets", "Key Vault Secrets Officer", VAULT, groups.platform_team, is_group=True)
    yield Grant("scientists-layers", scientists, LAYERS, groups.data_scientists, is_group=True)
    yield Grant("scientists-logs", "Log Analytics Reader", LOGS, groups.data_scientists, is_group=True)
    yield Grant("auditors-group", "Reader", GROUP, groups.auditors, is_group=True)
    yield Grant("auditors-layers", reads, LAYERS, groups.auditors, is_group=True)
    yield Grant("auditors-releases", reads, RELEASES, groups.auditors, is_group=True)
    yield Grant("auditors-logs", "Log Analytics Reader", LOGS, groups.auditors, is_group=True)


def _assignment(site: Site, grant: Grant) -> Resource:
    subscription = f"/subscriptions/{site.azure.subscription_id}"
    definitions = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions"
    identity = "/".join((site.azure.subscription_id, site.environment.name, grant.key, grant.role))
    properties: dict[str, Value] = {
        "roleAssignmentName": str(uuid.uuid5(NAMESPACE, identity)),
        "scope": Joined((Ref(grant.scope), grant.below)) if grant.below else Ref(grant.scope),
        "roleDefinitionId": f"{definitions}/{ROLES[grant.role]}",
        "principalId": grant.principal,
        # Without it Azure looks the principal up, and refuses one that it has not heard of yet.
        "principalType": "Group" if grant.is_group else "ServicePrincipal",
        "description": f"{grant.role} for {grant.key}",
    }
    return site.resource(CONCERN, f"role-{grant.key}", "authorization:RoleAssignment", properties)
