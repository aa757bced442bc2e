"""The steps of the bootstrap, in order: state, key, identity, trust in Azure Pipelines, roles.

Everything goes through Azure's control plane, the key too: making it needs no role in the vault, and no waiting
until such a role holds. The account's firewall stays open, because the agents' network may be made by this very
environment; nobody gets in without a sign-in and a role, and there is no shared key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from modelyard.environment.azure_settings import Azure
from modelyard.environment.models import Environment
from modelyard_infra.bootstrap.roles import role_steps
from modelyard_infra.bootstrap.state import StateHome, state_home
from modelyard_infra.bootstrap.steps import ARM, Step, az

KEY_VERSION = "2023-07-01"
DEVOPS = "https://dev.azure.com"
DEVOPS_APPLICATION = "499b84ac-1321-427f-aa17-267ca6975798"
"""Azure DevOps as Entra knows it; the same in every tenant."""
DEVOPS_VERSION = "7.1"
KEY_BITS = 3072
VAULT_DAYS = 90
STATE_DAYS = 30
TOKEN_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - the audience that Entra asks for, no secret
TRUST = "azure-pipelines"
LOCK = "keep-the-state"
LOCK_NOTES = "Pulumi's state of this environment. Without it nothing can be changed or taken down."
ACCOUNT_SECURITY = {
    "https_only": "true",
    "min_tls_version": "TLS1_2",
    "allow_blob_public_access": "false",
    "allow_shared_key_access": "false",
    "allow_cross_tenant_replication": "false",
}


def bootstrap_steps(environment: Environment, assignable: Iterable[str]) -> tuple[Step, ...]:
    """What has to be done once before an environment in Azure is provisioned.

    Args:
        environment: the environment.
        assignable: ids of the roles that its graph assigns.

    Raises:
        ConfigurationError: the environment is on this machine.
    """
    home = state_home(environment)
    azure = environment.azure
    if azure is None:
        return ()
    return (
        *_state(home, environment, azure),
        *_key(home),
        *_identity(home),
        *_trust(home, azure),
        *role_steps(home, environment, assignable),
    )


def infra_connection(azure: Azure) -> str:
    """The service connection that infrastructure is provisioned with. The one that the settings name is for data,
    models and releases, whose identity may do far less."""
    return f"{azure.pipelines.service_connection}-infra"


def devops_url(azure: Azure, path: str, **more: str) -> str:
    """An address of the Azure DevOps project."""
    query = "&".join(f"{name}={quote(value)}" for name, value in {**more, "api-version": DEVOPS_VERSION}.items())
    return f"{DEVOPS}/{azure.pipelines.organisation}/{path}?{query}"


def _state(home: StateHome, environment: Environment, azure: Azure) -> Iterator[Step]:
    subscription, group, days = home.subscription_id, home.resource_group, str(STATE_DAYS)
    yield Step(
        f"resource group {group}",
        az(
            "group create",
            subscription=subscription,
            name=group,
            location=home.location,
            tags=_tags(environment, azure),
        ),
        remedy="sign in as somebody who may create resource groups in the subscription",
    )
    sku = f"Standard_{azure.lake.redundancy}"
    account = az("storage account create", subscription=subscription, resource_group=group, name=home.account)
    yield Step(
        f"storage account {home.account}",
        (*account, *az("", location=home.location, kind="StorageV2", sku=sku, **ACCOUNT_SECURITY)),
        remedy="if the name is taken by somebody else, change azure.naming_prefix in the environment's file",
    )
    kept = az("storage account blob-service-properties update", subscription=subscription, resource_group=group)
    yield Step(
        f"earlier versions of the state are kept for {days} days",
        (
            *(*kept, *az("", account_name=home.account, enable_versioning="true")),
            *az("", enable_delete_retention="true", delete_retention_days=days),
            *az("", enable_container_delete_retention="true", container_delete_retention_days=days),
        ),
    )
    container = az("storage container-rm create", subscription=subscription, resource_group=group, name=home.container)
    yield Step(
        f"blob container {home.container}", (*container, *az("", storage_account=home.account, public_access="off"))
    )
    lock = az("lock create", subscription=subscription, resource_group=group, name=LOCK, lock_type="CanNotDelete")
    yield Step("lock on the resource group", (*lock, *az("", notes=LOCK_NOTES)), remedy="locks need the role Owner")


def _tags(environment: Environment, azure: Azure) -> list[str]:
    return [
        f"project={environment.project}",
        f"environment={environment.name}",
        f"owner={azure.tags.owner}",
        "managed-by=modelyard-bootstrap",
    ]


def _key(home: StateHome) -> Iterator[Step]:
    subscription, days = home.subscription_id, str(VAULT_DAYS)
    vault = az("keyvault create", subscription=subscription, resource_group=home.resource_group, name=home.vault)
    yield Step(
        f"key vault {home.vault}",
        (
            *(*vault, *az("", location=home.location, sku="standard", enable_rbac_authorization="true")),
            *az("", enable_purge_protection="true", retention_days=days),
        ),
        unless=az("keyvault show", subscription=subscription, name=home.vault, query="id", output="tsv"),
        remedy=f"if it was deleted before: az keyvault recover --name {home.vault}",
    )
    body = json.dumps({"properties": {"kty": "RSA", "keySize": KEY_BITS, "keyOps": ["encrypt", "decrypt"]}})
    url = f"{ARM}{home.key_id}?api-version={KEY_VERSION}"
    yield Step(f"key {home.key}", az("rest", method="put", url=url, body=body))


def _identity(home: StateHome) -> Iterator[Step]:
    named = az("", subscription=home.subscription_id, resource_group=home.resource_group, name=home.identity)
    yield Step(f"identity {home.identity}", ("identity", "create", *named, *az("", location=home.location)))
    for name, query in (("PRINCIPAL", "principalId"), ("CLIENT", "clientId")):
        shown = ("identity", "show", *named, *az("", query=query, output="tsv"))
        yield Step(f"{query} of the identity", shown, captures=name)


def _trust(home: StateHome, azure: Azure) -> Iterator[Step]:
    """The service connection, and the identity's trust in it. Issuer and subject are what Azure DevOps says they are:
    the subject holds the connection's own id, so nobody can write it down beforehand."""
    connection = infra_connection(azure)
    project = quote(azure.pipelines.project)
    remedy = f"the sign-in must be a member of {azure.pipelines.organisation} who may create service connections"
    listing = devops_url(azure, f"{project}/_apis/serviceendpoint/endpoints", endpointNames=connection)
    yield Step(
        f"project {azure.pipelines.project} in Azure DevOps",
        _devops("get", devops_url(azure, f"_apis/projects/{project}"), query="id", output="tsv"),
        captures="PROJECT",
        remedy=remedy,
    )
    body = json.dumps(_connection(home, azure, connection))
    yield Step(
        f"service connection {connection}",
        _devops("post", devops_url(azure, "_apis/serviceendpoint/endpoints"), body=body),
        unless=_devops("get", listing, query="value[0].id", output="tsv"),
        remedy=remedy,
    )
    for name in ("Issuer", "Subject"):
        query = f"value[0].authorization.parameters.workloadIdentityFederation{name}"
        shown = _devops("get", listing, query=query, output="tsv")
        yield Step(f"{name.lower()} of its tokens", shown, captures=name.upper())
    place = az("", subscription=home.subscription_id, resource_group=home.resource_group, identity_name=home.identity)
    trusted = az("", name=TRUST, issuer="$ISSUER", subject="$SUBJECT", audiences=TOKEN_AUDIENCE)
    command = ("identity", "federated-credential", "create", *place, *trusted)
    yield Step("the identity trusts the service connection", command)


def _devops(method: str, url: str, **more: str) -> tuple[str, ...]:
    return az("rest", method=method, resource=DEVOPS_APPLICATION, url=url, **more)


def _connection(home: StateHome, azure: Azure, name: str) -> dict[str, object]:
    """A service connection that signs in as the identity, by a token of Azure DevOps: there is no client secret."""
    return {
        "name": name,
        "type": "azurerm",
        "url": f"{ARM}/",
        "data": {
            "environment": "AzureCloud",
            "scopeLevel": "Subscription",
            "subscriptionId": home.subscription_id,
            "subscriptionName": home.subscription_id,
            "creationMode": "Manual",
        },
        "authorization": {
            "scheme": "WorkloadIdentityFederation",
            "parameters": {"tenantid": azure.tenant_id, "serviceprincipalid": "$CLIENT"},
        },
        "isShared": False,
        "serviceEndpointProjectReferences": [
            {"name": name, "projectReference": {"id": "$PROJECT", "name": azure.pipelines.project}}
        ],
    }
