"""How an update signs in to Azure: what a pipeline offers, in the words of those who need it. There is no secret.

Three read their sign-in from variables, each its own:

- azure-native, Pulumi's provider, reads ARM_*. A client secret wins over a federated token there, so one is refused.
  It can ask GitHub for a token by itself, but not Azure Pipelines: that is another request, and another answer.
  Source: pulumi/pulumi-azure-native, provider/pkg/provider/auth_azidentity.go.
- Pulumi's state and the key of its secrets go through gocloud.dev, which takes azidentity's DefaultAzureCredential. On
  an agent that has a managed identity that would be somebody else. AZURE_TOKEN_CREDENTIALS names the one that is meant:
  the session of the Azure CLI, which AzureCLI@2 and azure/login open with the same token.
  Source: google/go-cloud, blob/azureblob and secrets/azurekeyvault; azidentity 1.14, default_azure_credential.go.
- Our own provider, which makes folders in the lake, reads the same as azure-native, or asks the Azure CLI.

Tokens go into the variables of the engine's process, and nowhere else: no error, no log and no state has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from modelyard.errors import ConfigurationError, ServiceUnavailableError
from modelyard_infra.lakefolders.fresh_tokens import ADDRESS, BEARER, CONNECTION, TokenRequest, ask, request_in

Variables: TypeAlias = Mapping[str, str]
Kind: TypeAlias = Literal["azure_pipelines", "github", "workload_identity", "variables", "azure_cli"]

SECRETS = (
    "servicePrincipalKey",
    "ARM_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_PASSWORD",
)
"""Variables that carry something lasting that signs in by itself."""
ACCOUNT_KEYS = frozenset(
    {
        "AZURE_STORAGE_ACCOUNT",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGEBLOB_CONNECTIONSTRING",
    }
)
"""Variables with which gocloud.dev would open another account than the state's, or with a key instead of a sign-in."""
TOKEN = "ARM_OIDC_TOKEN"  # noqa: S105 - the variable's name
READ = (
    *SECRETS,
    *("servicePrincipalId", "tenantId", "idToken"),
    *("AZURESUBSCRIPTION_CLIENT_ID", "AZURESUBSCRIPTION_TENANT_ID", CONNECTION, ADDRESS, BEARER),
    *("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    *("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"),
    *("ARM_CLIENT_ID", "ARM_TENANT_ID", TOKEN),
)
"""Every variable that is looked at."""
CREDENTIALS = "AZURE_TOKEN_CREDENTIALS"
FROM_CLI, FROM_FILE = "AzureCLICredential", "WorkloadIdentityCredential"
TOLD = {
    "azure_pipelines": "a federated connection of Azure Pipelines",
    "github": "a federated credential of GitHub Actions",
    "workload_identity": "a workload identity of this machine",
    "variables": "a federated token in ARM_OIDC_TOKEN",
    "azure_cli": "the Azure CLI",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one signs in."""

    kind: Kind
    client_id: str = ""
    """The application or identity; empty where the Azure CLI knows."""
    tenant_id: str = ""
    """Its tenant; empty where the Azure CLI knows."""
    state: Variables = field(default_factory=dict)
    """What the Pulumi CLI must have in its environment to read its state. No token is in it."""
    provider: Variables = field(default_factory=dict, repr=False)
    """What the providers must have beside it. A token may be in it."""
    request: TokenRequest | None = None
    """Where a token comes from that is fresher than the one in `provider`."""

    def __str__(self) -> str:
        who = f": client {self.client_id} in tenant {self.tenant_id}" if self.client_id else ""
        return f"{TOLD[self.kind]}{who}"


def sign_in(around: Variables, *, tenant_id: str, subscription_id: str) -> SignIn:
    """How to sign in with what is around. Pure.

    Args:
        around: the variables of this process.
        tenant_id: the environment's tenant.
        subscription_id: the environment's subscription.

    Raises:
        ConfigurationError: a secret is around, or the sign-in is one for another tenant.
    """
    refuse_secrets(around)
    found = _pipelines(around) or _github(around) or _machine(around) or _given(around) or SignIn("azure_cli")
    if found.tenant_id and found.tenant_id.lower() != tenant_id.lower():
        raise ConfigurationError(
            f"{found} is signed in to another tenant than the environment's, {tenant_id}",
            hint="use the environment's own service connection; modelyard infra bootstrap ENV makes its identity",
        )
    subscription = {"ARM_SUBSCRIPTION_ID": subscription_id} if found.provider else {}
    provider = {**found.provider, **subscription}
    return SignIn(found.kind, found.client_id, found.tenant_id, found.state, provider, found.request)


def with_fresh_token(found: SignIn) -> dict[str, str]:
    """What the providers must have in their environment, with the freshest token that can be had.

    Raises:
        ServiceUnavailableError: Azure Pipelines gives none, and the step began with none.
    """
    if found.request is None:
        return dict(found.provider)
    try:
        return {**found.provider, TOKEN: ask(found.request)}
    except ServiceUnavailableError:
        if found.provider.get(TOKEN):
            return dict(found.provider)
        raise


def refuse_secrets(around: Variables) -> None:
    """Lets surroundings pass in which nothing lasting signs in.

    Raises:
        ConfigurationError: some variable carries a secret. Its value is not told.
    """
    found = [name for name in SECRETS if around.get(name)]
    if found:
        raise ConfigurationError(
            f"{' and '.join(found)} is set: this connection carries a secret; make it federated",
            hint="in Azure DevOps convert the service connection to workload identity federation; in a shell: "
            f"unset {' '.join(found)}, then az login",
        )


def _pipelines(around: Variables) -> SignIn | None:
    """AzureCLI@2: with addSpnToEnvironment the first three; newer agents set the others in any case."""
    client = around.get("servicePrincipalId") or around.get("AZURESUBSCRIPTION_CLIENT_ID")
    tenant = around.get("tenantId") or around.get("AZURESUBSCRIPTION_TENANT_ID")
    if not (client and tenant):
        return None
    token, request = around.get("idToken", ""), request_in(around)
    state = {CREDENTIALS: FROM_CLI}
    if not token and request is None:
        # The session that AzureCLI@2 opened is the same connection's.
        return SignIn("azure_pipelines", client, tenant, state)
    return SignIn("azure_pipelines", client, tenant, state, _federated(client, tenant, token), request)


def _github(around: Variables) -> SignIn | None:
    """GitHub Actions with `id-token: write`; who one is stands in the variables that azure/login is told, too."""
    address, bearer = around.get("ACTIONS_ID_TOKEN_REQUEST_URL"), around.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    client, tenant = _identity(around)
    if not (address and bearer and client and tenant):
        return None
    asked = {"ACTIONS_ID_TOKEN_REQUEST_URL": address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}
    provider = {**_federated(client, tenant, ""), **asked}
    return SignIn("github", client, tenant, {CREDENTIALS: FROM_CLI}, provider)


def _machine(around: Variables) -> SignIn | None:
    """A token in a file, as Kubernetes and other machines keep it up to date."""
    file = around.get("AZURE_FEDERATED_TOKEN_FILE")
    client, tenant = _identity(around)
    if not (file and client and tenant):
        return None
    provider = {**_federated(client, tenant, ""), "ARM_OIDC_TOKEN_FILE_PATH": file}
    return SignIn("workload_identity", client, tenant, {CREDENTIALS: FROM_FILE}, provider)


def _given(around: Variables) -> SignIn | None:
    client, tenant = _identity(around)
    token = around.get(TOKEN, "")
    if not (token and client and tenant):
        return None
    return SignIn("variables", client, tenant, {CREDENTIALS: FROM_CLI}, _federated(client, tenant, token))


def _identity(around: Variables) -> tuple[str, str]:
    client = around.get("ARM_CLIENT_ID") or around.get("AZURE_CLIENT_ID") or ""
    return client, around.get("ARM_TENANT_ID") or around.get("AZURE_TENANT_ID") or ""


def _federated(client: str, tenant: str, token: str) -> dict[str, str]:
    found = {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": client, "ARM_TENANT_ID": tenant}
    return {**found, TOKEN: token} if token else found
