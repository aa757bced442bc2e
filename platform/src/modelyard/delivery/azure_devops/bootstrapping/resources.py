"""Environments, service connections and variable groups: what a pipeline may reach once it is let.

Source: REST reference, "Environments", "Service Endpoints", "Variable Groups" 7.1; bodies as
terraform-provider-azuredevops sends them (resource_environment.go, resource_serviceendpoint_azurerm.go,
resource_serviceendpoint_incomingwebhook.go, resource_variable_group.go).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from modelyard.delivery.azure_devops.bootstrapping.comparing import merged
from modelyard.delivery.azure_devops.bootstrapping.desk import (
    CONNECTION,
    ENVIRONMENT,
    GROUP,
    IDENTITY,
    PROJECT,
    Desk,
    Json,
    named,
)
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing
from modelyard.delivery.azure_devops.bootstrapping.wishes import PROVISIONING, Target
from modelyard.delivery.azure_devops.rest.client import PREVIEW

FEDERATED = "WorkloadIdentityFederation"
NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands for an identity that Azure does not have yet."""
VAULT_GROUP = "AzureKeyVault"
SIGNATURE_HEADER = "X-Modelyard-Signature"
"""Carries the signature of what is posted to a webhook; the notifier sends it under the same name."""
KEY_VARIABLE = "MODELYARD_PIPELINE_KEY"


def environment_things(desk: Desk) -> Iterator[Thing]:
    """Every environment that a pipeline names."""
    for name in desk.wishes.environments:
        body = {"name": name, "description": _purpose(name)}
        yield Thing(
            kind=ENVIRONMENT,
            name=name,
            why=body["description"],
            find=partial(_environment, desk, name),
            wanted=partial(dict, name=name),
            make=partial(_make_environment, desk, body),
            keep=desk.keeps(ENVIRONMENT, name),
            needs=((PROJECT, desk.wishes.project),),
        )


def connection_things(desk: Desk) -> Iterator[Thing]:
    """For each environment in Azure two connections, each with an identity of its own; then the webhooks'."""
    for target in desk.wishes.targets:
        yield _provisioning(desk, target)
        yield _working(desk, target)
        yield _written_down(desk, target)
        yield _identity(desk, target)
    for name, webhook in sorted({hook for entry in desk.wishes.entries for hook in entry.webhooks}):
        yield _webhook(desk, name, webhook)


def group_name(target: Target) -> str:
    """What the variable group of an environment is called."""
    return f"modelyard-{target.name}"


def group_things(desk: Desk) -> Iterator[Thing]:
    """A group linked to the vault of each environment that has a secret for pipelines: values stay in the vault."""
    for target in desk.wishes.targets:
        if target.secrets:
            name = group_name(target)
            yield Thing(
                kind=GROUP,
                name=name,
                why=f"secrets of {target.name}, read from its vault when a job begins",
                find=partial(_group, desk, name),
                wanted=partial(_wanted_group, desk, target),
                make=lambda wanted: desk.service.write("POST", "/distributedtask/variablegroups", wanted),
                change=lambda found, wanted: desk.service.write(
                    "PUT", f"/distributedtask/variablegroups/{found['id']}", wanted
                ),
                keep=desk.keeps(GROUP, name),
                needs=((CONNECTION, target.connection), (IDENTITY, target.identity)),
            )


def _purpose(name: str) -> str:
    if name.endswith(PROVISIONING):
        return f"infrastructure of {name.removesuffix(PROVISIONING)}"
    return "a person decides about a model" if name == "promotion" else f"releases in {name}"


def _environment(desk: Desk, name: str) -> Json | None:
    return named(desk.service.every("distributedtask/environments", version=PREVIEW, name=name), name)


def _make_environment(desk: Desk, body: Json, _: Json) -> Json:
    return desk.service.write("POST", "distributedtask/environments", body, version=PREVIEW)


def _connection(desk: Desk, name: str) -> Json | None:
    return named(desk.service.every("serviceendpoint/endpoints", endpointNames=name), name)


def _provisioning(desk: Desk, target: Target) -> Thing:
    """The one that infrastructure goes through is made together with the identity that it signs in as."""
    return Thing(
        kind=CONNECTION,
        name=target.provisioning,
        why=f"changes infrastructure of {target.name}",
        find=partial(_connection, desk, target.provisioning),
        wanted=lambda: {
            "type": "azurerm",
            "data": {"subscriptionId": target.subscription},
            "authorization": {"scheme": FEDERATED},
            "isShared": False,
        },
        keep=desk.keeps(CONNECTION, target.provisioning),
        needs=((PROJECT, desk.wishes.project),),
        person=f"modelyard infra bootstrap {target.name} --run",
    )


def _working(desk: Desk, target: Target) -> Thing:
    name = target.connection
    return Thing(
        kind=CONNECTION,
        name=name,
        why=f"data, models and releases of {target.name}, without a secret",
        find=partial(_connection, desk, name),
        wanted=partial(_wanted_connection, desk, target),
        make=partial(_make_connection, desk),
        change=lambda found, wanted: desk.service.write(
            "PUT", f"/serviceendpoint/endpoints/{found['id']}", merged(found, wanted)
        ),
        keep=desk.keeps(CONNECTION, name),
        needs=((PROJECT, desk.wishes.project),),
    )


def _identity(desk: Desk, target: Target) -> Thing:
    """Who the connection signs in as: made with the environment, whose file already holds the connection's id."""

    def find() -> Json | None:
        connection = _connection(desk, target.connection) or {}
        own = ((connection.get("authorization") or {}).get("parameters") or {}).get("serviceprincipalid")
        client = desk.client_of(target) or (own if own != NOBODY else "")
        return {"id": client} if client else None

    return Thing(
        kind=IDENTITY,
        name=target.identity,
        why=f"who {target.connection} signs in as",
        find=find,
        wanted=dict,
        keep=desk.keeps(IDENTITY, target.identity),
        needs=((CONNECTION, target.connection),),
        person=f"modelyard infra up {target.name} makes it; sign in with az, then run this again",
    )


def _written_down(desk: Desk, target: Target) -> Thing:
    """The identity trusts one connection by its id, and gets that trust from the environment's file."""
    return Thing(
        kind="connection id",
        name=target.connection,
        why=f"{target.identity} trusts this connection only",
        find=lambda: {"service_connection_id": target.connection_id},
        wanted=lambda: {"service_connection_id": desk.id(CONNECTION, target.connection)},
        needs=((CONNECTION, target.connection),),
        person=f"write it into environments/{target.name}.yaml: azure.pipelines.service_connection_id",
    )


def _wanted_connection(desk: Desk, target: Target) -> Json:
    client = desk.client_of(target)
    known = {"serviceprincipalid": client} if client else {}
    return {
        "name": target.connection,
        "type": "azurerm",
        "url": "https://management.azure.com/",
        "data": {
            "environment": "AzureCloud",
            "scopeLevel": "Subscription",
            "subscriptionId": target.subscription,
            "subscriptionName": target.subscription,
            "creationMode": "Manual",
        },
        "authorization": {"scheme": FEDERATED, "parameters": {"tenantid": target.tenant, **known}},
        "isShared": False,
    }


def _make_connection(desk: Desk, wanted: Json) -> Json:
    parameters = {"serviceprincipalid": NOBODY, **wanted["authorization"].get("parameters", {})}
    if wanted["type"] != "azurerm":
        parameters = wanted["authorization"]["parameters"]
    project = {"id": desk.project_id, "name": desk.wishes.project}
    body = {
        **wanted,
        "authorization": {**wanted["authorization"], "parameters": parameters},
        "serviceEndpointProjectReferences": [{"name": wanted["name"], "projectReference": project}],
    }
    return desk.service.write("POST", "/serviceendpoint/endpoints", body)


def _webhook(desk: Desk, name: str, webhook: str) -> Thing:
    """An address that starts a pipeline. Who posts to it signs with a key: without one, nothing is made.

    The service never shows the key again, so a changed one cannot be found out.
    """
    wanted = {
        "name": name,
        "type": "incomingwebhook",
        "url": "https://dev.azure.com",
        "authorization": {"scheme": "None", "parameters": {"webhookname": webhook, "header": SIGNATURE_HEADER}},
        "isShared": False,
    }
    return Thing(
        kind=CONNECTION,
        name=name,
        why=f"webhook {webhook} starts a pipeline, if it is signed",
        find=partial(_connection, desk, name),
        wanted=lambda: wanted,
        make=(lambda body: _make_connection(desk, _signed(body, desk.webhook_key))) if desk.webhook_key else None,
        keep=desk.keeps(CONNECTION, name),
        needs=((PROJECT, desk.wishes.project),),
        person=f"set the variable {KEY_VARIABLE} to the key that notification.pipeline_key_secret names, "
        "then run this again; what differs on a connection that is there: correct it on its page",
    )


def _signed(body: Json, key: str) -> Json:
    authorization = body["authorization"]
    return {**body, "authorization": {**authorization, "parameters": {**authorization["parameters"], "secret": key}}}


def _group(desk: Desk, name: str) -> Json | None:
    return named(desk.service.every("distributedtask/variablegroups", groupName=name), name)


def _wanted_group(desk: Desk, target: Target) -> Json:
    name = group_name(target)
    project = {"id": desk.project_id, "name": desk.wishes.project}
    return {
        "name": name,
        "type": VAULT_GROUP,
        "providerData": {"serviceEndpointId": desk.id(CONNECTION, target.connection), "vault": target.vault},
        "variables": {secret: {"isSecret": True, "enabled": True} for secret in target.secrets},
        "variableGroupProjectReferences": [{"name": name, "projectReference": project}],
    }
