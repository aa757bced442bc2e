"""Who acts in the environment: one identity per job, and Azure Pipelines signing in without a secret."""

from __future__ import annotations

import base64
import uuid

from modelyard.environment.azure_governance import Pipelines
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "identities"
MLFLOW, JOBS, MODELS, PIPELINES = "mlflow", "jobs", "models", "pipelines"
PURPOSES = (MLFLOW, JOBS, MODELS, PIPELINES)

DEVOPS = uuid.UUID("499b84ac-1321-427f-aa17-267ca6975798")
"""Azure DevOps as Entra knows it, the same in every tenant."""
TOKEN_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - the audience that Entra asks for, no secret


def identity_key(purpose: str) -> str:
    """Key of an identity."""
    return f"identity-{purpose}"


def draw_identities(site: Site) -> list[Resource]:
    """The identities, and the trust in Azure Pipelines' tokens for one service connection."""
    resources = [
        site.resource(
            CONCERN,
            identity_key(purpose),
            "managedidentity:UserAssignedIdentity",
            {"resourceName": site.name("identity", purpose)},
        )
        for purpose in PURPOSES
    ]
    trust: dict[str, Value] = {
        "resourceName": Ref(identity_key(PIPELINES), "name"),
        "federatedIdentityCredentialResourceName": "azure-pipelines",
        "issuer": f"https://login.microsoftonline.com/{site.azure.tenant_id}/v2.0",
        "subject": pipelines_subject(site.azure.tenant_id, site.azure.pipelines),
        "audiences": [TOKEN_AUDIENCE],
    }
    kind = "managedidentity:FederatedIdentityCredential"
    return [*resources, site.resource(CONCERN, "identity-pipelines-trust", kind, trust)]


def pipelines_subject(tenant_id: str, pipelines: Pipelines) -> str:
    """How Entra names one service connection: tenant and application as bytes in base64, organisation, connection.

    The form is that of connections made since Azure DevOps takes its tokens from Entra; the older one, with the
    connection's name, ends in 2027. Source: Microsoft Learn, "Set an Azure Resource Manager workload identity
    service connection"; the encoding was checked against published examples.
    """
    connection = f"{pipelines.organisation_id}/{pipelines.service_connection_id}"
    return f"/eid1/c/pub/t/{_encoded(uuid.UUID(tenant_id))}/a/{_encoded(DEVOPS)}/sc/{connection}"


def _encoded(identifier: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(identifier.bytes_le).decode().rstrip("=")


def assumed(*purposes: str) -> Value:
    """What an app or job carries to act as these identities."""
    return {
        "type": "UserAssigned",
        "userAssignedIdentities": [Ref(identity_key(purpose)) for purpose in purposes],
    }
