"""Who acts in the environment: one identity per job, and Azure Pipelines signing in without a secret."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "identities"
MLFLOW, JOBS, MODELS, PIPELINES = "mlflow", "jobs", "models", "pipelines"
PURPOSES = (MLFLOW, JOBS, MODELS, PIPELINES)

PIPELINES_ISSUER = "https://vstoken.dev.azure.com"
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
    pipelines = site.azure.pipelines
    subject = f"sc://{pipelines.organisation}/{pipelines.project}/{pipelines.service_connection}"
    trust: dict[str, Value] = {
        "resourceName": Ref(identity_key(PIPELINES), "name"),
        "federatedIdentityCredentialResourceName": "azure-pipelines",
        "issuer": f"{PIPELINES_ISSUER}/{pipelines.organisation_id}",
        "subject": subject,
        "audiences": [TOKEN_AUDIENCE],
    }
    kind = "managedidentity:FederatedIdentityCredential"
    return [*resources, site.resource(CONCERN, "identity-pipelines-trust", kind, trust)]


def assumed(*purposes: str) -> Value:
    """What an app or job carries to act as these identities."""
    return {
        "type": "UserAssigned",
        "userAssignedIdentities": [Ref(identity_key(purpose)) for purpose in purposes],
    }
