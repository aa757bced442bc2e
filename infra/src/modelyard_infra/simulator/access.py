"""Roles and locks: who may be given what, and what is locked."""

from __future__ import annotations

from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import texts_at
from modelyard_infra.simulator.request import Request
from modelyard_infra.simulator.rules.roles import BUILT_IN_ROLES
from modelyard_infra.simulator.rules.rows import BAD_REQUEST, CONFLICT
from modelyard_infra.simulator.store import Tables

ASSIGNMENT, LOCK = "authorization:RoleAssignment", "authorization:ManagementLockByScope"
CANNOT_DELETE, READ_ONLY = "CanNotDelete", "ReadOnly"
PRINCIPALS = "principals"
"""The setting that names principals beyond the identities: groups and people, by object id, with commas."""


def require_principal(request: Request) -> None:
    """A role assignment is about a role that exists and, unless its kind is stated, about somebody who is known."""
    if request.kind != ASSIGNMENT:
        return
    role = arm_id.name_of(str(request.properties.get("roleDefinitionId", ""))).lower()
    if role not in BUILT_IN_ROLES:
        raise AzureError(
            BAD_REQUEST, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role}' does not exist."
        )
    principal = str(request.properties.get("principalId", "")).lower()
    stated, services = request.properties.get("principalType"), _service_principals(request.tables)
    people = request.tables.setting(PRINCIPALS).lower().split(",")
    if stated is None and principal not in services and principal not in people:
        raise AzureError(
            BAD_REQUEST,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {request.tenant}. Check that you "
            "have the correct principal ID. If you are creating this principal and then immediately assigning a role, "
            "this error might be related to a replication delay. In this case, set the role assignment principalType "
            "property to a value, such as ServicePrincipal, User, or Group.",
        )
    if stated not in (None, "ServicePrincipal") and principal in services:
        raise AzureError(
            BAD_REQUEST,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal.replace('-', '')}' has type 'ServicePrincipal' , which is different from "
            f"specified PrinciaplType '{stated}'.",
        )


def _service_principals(tables: Tables) -> set[str]:
    return {
        text.lower()
        for stored in tables.all()
        for text in (
            *texts_at(stored.body, "principalId")[: stored.kind == "managedidentity:UserAssignedIdentity"],
            *texts_at(stored.body, "identity.principalId"),
        )
    }


def require_unlocked(tables: Tables, identity: str, operation: str) -> None:
    """No lock above, on, or, for a deletion, below what is changed.

    Args:
        tables: the store's.
        identity: what is changed.
        operation: `write` or `delete`.
    """
    levels = (READ_ONLY,) if operation == "write" else (READ_ONLY, CANNOT_DELETE)
    own = arm_id.key(identity)
    if f"{arm_id.PROVIDERS}microsoft.authorization/locks/" in own:
        return  # a lock does not keep its owner from taking it off
    locked = []
    for lock in tables.of_kind(LOCK):
        scope = lock.key.rpartition(arm_id.PROVIDERS)[0]
        above = own == scope or own.startswith(scope + "/")
        below = operation == "delete" and scope.startswith(own + "/")
        if lock.body.get("level") in levels and (above or below):
            locked.append(scope)
    if locked:
        raise AzureError(
            CONFLICT,
            "ScopeLocked",
            f"The scope '{identity}' cannot perform {operation} operation because following scope(s) are locked: "
            f"'{', '.join(locked)}'. Please remove the lock and try again.",
        )
