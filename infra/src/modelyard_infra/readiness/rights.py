"""What the sign-in may do, and what the subscription is registered for."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.environment.readiness import Check
from modelyard_infra.readiness.client import Permission, allows, allows_data
from modelyard_infra.readiness.looking import Look, checked, listed

BY_ROLE_ADMINISTRATOR = "Microsoft.Authorization/roleAssignments"
LOCKS = "Microsoft.Authorization/locks"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
KEYS = "Microsoft.KeyVault/vaults/keys"
ALWAYS_REGISTERED = frozenset({"microsoft.authorization", "microsoft.resources", "microsoft.consumption"})
"""Providers that Azure registers by itself and lets nobody unregister."""
SHOWN = 3


def look_at_permissions(look: Look) -> Iterator[Check]:
    """Whether the sign-in may create what the graph holds. Where only the pipeline provisions, a no is no obstacle."""
    held = look.client.permissions(look.scope)
    refused = sorted(kind for kind in look.types if not allows(held, f"{kind}/write"))
    others = [kind for kind in refused if kind not in {BY_ROLE_ADMINISTRATOR, LOCKS}]
    why = "; the pipeline provisions here" if look.by_pipeline else ""
    yield checked(
        "may create resources",
        not others,
        found=_refused(others) + why if others else "yes",
        needed=f"write on {len(look.types)} types in the subscription",
        remedy=_role(look, "Contributor"),
        otherwise="note" if look.by_pipeline else "missing",
    )
    for name, kind, role in (
        ("may assign roles", BY_ROLE_ADMINISTRATOR, "Role Based Access Control Administrator"),
        ("may lock", LOCKS, "Locks Contributor"),
    ):
        if kind in look.types:
            yield checked(
                name,
                kind not in refused,
                found=f"no{why}" if kind in refused else "yes",
                needed=f"{kind}/write in the subscription",
                remedy=_role(look, role),
                otherwise="note" if look.by_pipeline else "missing",
            )


def look_at_providers(look: Look) -> Iterator[Check]:
    """Whether the subscription is registered for every service of the graph."""
    needed = {kind.partition("/")[0] for kind in look.types}
    registered = look.client.registered(look.subscription)
    lacking = {one for one in needed if one.lower() not in registered and one.lower() not in ALWAYS_REGISTERED}
    commands = (f"az provider register --namespace {one} --subscription {look.subscription}" for one in sorted(lacking))
    yield checked(
        "resource providers",
        not lacking,
        found=f"not registered: {listed(lacking)}" if lacking else "registered",
        needed=f"{len(needed)} registered",
        remedy=f"run: {' && '.join(commands)}",
    )


def look_at_state(look: Look) -> Iterator[Check]:
    """Whether state container and key are there, and the sign-in may use them."""
    home = look.home
    there = look.client.exists(home.container_id)
    remedy = f"run: modelyard infra bootstrap {home.environment} --run"
    yield checked("state", there, found=home.account if there else "nothing", needed=home.backend_url, remedy=remedy)
    key = look.client.exists(home.key_id)
    yield checked(
        "state's key", key, found=home.vault if key else "nothing", needed=home.secrets_provider, remedy=remedy
    )
    if there and key:
        yield _may_use(look)


def _may_use(look: Look) -> Check:
    """Reading is enough where the pipeline provisions: people preview."""
    needed = [f"{BLOBS}/read"] if look.by_pipeline else [f"{BLOBS}/read", f"{BLOBS}/write", f"{BLOBS}/delete"]
    container = look.client.permissions(look.home.container_id)
    key = look.client.permissions(look.home.key_id)
    lacking = [action for action in needed if not allows_data(container, action)]
    lacking += [f"{KEYS}/{verb}/action" for verb in ("encrypt", "decrypt") if not _with_key(key, verb)]
    return checked(
        "may use the state",
        not lacking,
        found=f"not {', '.join(lacking)}" if lacking else "yes",
        needed=f"{', '.join(action.rpartition('/')[2] for action in needed)}, and the key",
        remedy="become a member of the platform team's group (azure.groups.platform_team), then run: az login",
    )


def _with_key(held: tuple[Permission, ...], verb: str) -> bool:
    return allows_data(held, f"{KEYS}/{verb}/action")


def _refused(types: list[str]) -> str:
    more = f" and {len(types) - SHOWN} more" if len(types) > SHOWN else ""
    return f"not {', '.join(types[:SHOWN])}{more}"


def _role(look: Look, role: str) -> str:
    command = f'az role assignment create --role "{role}" --assignee YOU --scope {look.scope}'
    return f"ask an owner of the subscription for: {command}"
