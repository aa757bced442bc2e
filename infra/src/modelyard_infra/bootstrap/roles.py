"""Least roles: who may do what with the state, and what the pipeline's identity may do in the subscription."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator

from modelyard.environment.models import Environment
from modelyard_infra.bootstrap.state import StateHome
from modelyard_infra.bootstrap.steps import ARM, Step, az

BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
LOCKS_CONTRIBUTOR = "28bf596f-4eb7-45ce-b5bc-6cf482fec137"
ROLE_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
"""Built-in roles by their ids, which never change: Storage Blob Data Contributor and Reader, Key Vault Crypto User,
Contributor, Locks Contributor, Role Based Access Control Administrator."""
ROLES_VERSION = "2022-04-01"
REMEDY = "sign in as somebody who may assign roles in the subscription (Owner), or wait a minute"
WRITE, DELETE = "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
BLOB_ACTIONS = (f"{BLOBS}/read", f"{BLOBS}/write", f"{BLOBS}/add/action", f"{BLOBS}/delete")


def role_steps(home: StateHome, environment: Environment, assignable: Iterable[str]) -> Iterator[Step]:
    """The role assignments, each a step.

    Args:
        home: where the state lives.
        environment: whose state it is.
        assignable: ids of the roles that the environment's graph assigns: the pipeline may assign these and no other.
    """
    yield from _pipeline_roles(home, environment, sorted(set(assignable)))
    yield from _team_roles(home, environment)


def only_roles(assignable: Iterable[str]) -> str:
    """A condition: its bearer may assign and withdraw these roles, to identities and groups, and no others."""
    ids = ", ".join(assignable)
    return " AND ".join(
        f"((!(ActionMatches{{'{action}'}})) OR "
        f"(@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} "
        f"AND @{source}[Microsoft.Authorization/roleAssignments:PrincipalType] "
        "ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'}))"
        for action, source in ((WRITE, "Request"), (DELETE, "Resource"))
    )


def only_account(account: str) -> str:
    """A condition: its bearer's role on blobs holds in this storage account and in no other."""
    others = " AND ".join(f"!(ActionMatches{{'{action}'}})" for action in BLOB_ACTIONS)
    return f"(({others}) OR (@Resource[Microsoft.Storage/storageAccounts:name] StringEquals '{account}'))"


def _pipeline_roles(home: StateHome, environment: Environment, assignable: list[str]) -> Iterator[Step]:
    subscription = f"/subscriptions/{home.subscription_id}"
    lake = environment.azure_name("storage account")
    pipeline = ("$PRINCIPAL", "ServicePrincipal")
    yield _role("the pipeline writes the state", BLOB_CONTRIBUTOR, pipeline, home.container_id)
    yield _role("the pipeline uses the key", CRYPTO_USER, pipeline, home.key_id)
    yield _role("the pipeline makes and changes resources", CONTRIBUTOR, pipeline, subscription)
    if assignable:
        title = "the pipeline gives the roles that the environment needs, and no others"
        yield _role(title, ROLE_ADMINISTRATOR, pipeline, subscription, condition=only_roles(assignable))
    title = f"the pipeline makes the folders of the lake {lake}, and reads no other account"
    yield _role(title, BLOB_CONTRIBUTOR, pipeline, subscription, condition=only_account(lake))
    if environment.azure is not None and environment.azure.lock != "none":
        yield _role("the pipeline locks and unlocks", LOCKS_CONTRIBUTOR, pipeline, subscription)


def _team_roles(home: StateHome, environment: Environment) -> Iterator[Step]:
    """Where a change waits for approval, people only preview: they read the state, the pipeline writes it."""
    azure = environment.azure
    if azure is None:
        return
    team = (azure.groups.platform_team, "Group")
    approved = "infra" in azure.approvals.required_for
    title = "the platform team reads the state" if approved else "the platform team writes the state"
    yield _role(title, BLOB_READER if approved else BLOB_CONTRIBUTOR, team, home.container_id)
    yield _role("the platform team uses the key", CRYPTO_USER, team, home.key_id)


def _role(title: str, role: str, who: tuple[str, str], scope: str, *, condition: str = "") -> Step:
    """One assignment. A conditional one is put under a name that stays, so that a changed condition takes effect:
    `az role assignment create` leaves an assignment that exists as it is."""
    principal, kind = who
    if not condition:
        assignee = az("", assignee_object_id=principal, assignee_principal_type=kind)
        return Step(title, (*az("role assignment create", role=role, scope=scope), *assignee), remedy=REMEDY)
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{role}/{title}")
    properties = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": principal,
        "principalType": kind,
        "condition": condition,
        "conditionVersion": "2.0",
    }
    url = f"{ARM}{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version={ROLES_VERSION}"
    return Step(title, az("rest", method="put", url=url, body=json.dumps({"properties": properties})), remedy=REMEDY)
