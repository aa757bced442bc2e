"""Who may ask the model API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from modelyard.environment.settings import Problem, SecretName, Section
from modelyard.environment.workspace import Workspace

ROLES = ("predict", "explain", "read", "metrics")
"""What a caller may be allowed: predictions, explanations, metadata and documentation, metrics."""
DOCUMENT, LIST, PEPPER = "access.json", "keys.json", "pepper"
"""Files in the folder that the model API is given."""
AUTHORITY = "https://login.microsoftonline.com"

Names: TypeAlias = Annotated[tuple[Annotated[str, Field(pattern=r"^\S{1,120}$")], ...], Field(strict=False)]


class Grants(Section):
    """Which names in a token allow what. None includes another; a name may stand at several."""

    predict: Names
    """Ask for predictions."""
    explain: Names
    """Ask for explanations."""
    read: Names
    """See what is served: metadata, schema, documentation."""
    metrics: Names
    """Read the metrics."""


class KeyAccess(Section):
    """API keys. The model API holds hashes; a key itself is shown once, when it is issued."""

    list_secret: SecretName | None
    """Name of the Key Vault secret that holds the list of hashes; null in local, where it is a file."""
    pepper_secret: SecretName | None
    """Name of the Key Vault secret with which keys are hashed; null in local, where it is a file."""
    lifetime_days: int = Field(ge=1, le=730)
    """How long a new key is valid, unless told otherwise when it is issued."""


class TokenAccess(Section):
    """Tokens of Microsoft Entra ID, of this environment's tenant alone."""

    audience: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://\S{1,240}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    """Exactly what `aud` says in tokens for the model API: the application id of its registration, or its URI."""
    leeway_seconds: int = Field(ge=0, le=300)
    """How far clocks may be apart."""
    roles: Grants
    """App roles, which applications and people are assigned to."""
    scopes: Grants
    """Scopes, with which an application acts for somebody."""


class Access(Section):
    """Who may ask the model API. Health probes are open in any case."""

    mode: Literal["off", "keys", "entra"]
    """off: anybody, only in local. keys: who holds an API key. entra: who has a token with a role."""
    keys: KeyAccess
    """Read where mode is keys."""
    entra: TokenAccess | None
    """Read where mode is entra; null in local, where no tenant is."""


def access_problems(access: Access, *, kind: str) -> Iterator[Problem]:
    """What does not fit together, or where the environment runs: key, found, allowed."""
    yield from _mode_problems(access, kind)
    yield from _key_problems(access, kind)
    if access.entra is not None:
        yield from _token_problems(access.entra)


def _mode_problems(access: Access, kind: str) -> Iterator[Problem]:
    wrong_mode, allowed = {"local": ("entra", "off or keys"), "azure": ("off", "keys or entra")}[kind]
    if access.mode == wrong_mode:
        yield Problem("serving.access.mode", access.mode, f"{allowed}, because kind is {kind}")
    if kind == "local" and access.entra is not None:
        yield Problem("serving.access.entra", "a section", "null, because kind is local")
    if access.mode == "entra" and access.entra is None and kind != "local":
        yield Problem("serving.access.entra", "null", "a section, because mode is entra")


def _key_problems(access: Access, kind: str) -> Iterator[Problem]:
    for key in ("list_secret", "pepper_secret"):
        name = getattr(access.keys, key)
        if kind == "local" and name is not None:
            yield Problem(f"serving.access.keys.{key}", name, "null, because kind is local")
        if kind == "azure" and name is None and access.mode == "keys":
            yield Problem(f"serving.access.keys.{key}", "null", "the name of a Key Vault secret: letters, digits and -")
        if kind == "azure" and name is not None and "_" in name:
            yield Problem(f"serving.access.keys.{key}", name, "the name of a Key Vault secret: letters, digits and -")


def _token_problems(entra: TokenAccess) -> Iterator[Problem]:
    if entra.audience.endswith("/.default"):
        yield Problem("serving.access.entra.audience", entra.audience, "what tokens say in aud: without /.default")
    if not any([*entra.roles.model_dump().values(), *entra.scopes.model_dump().values()]):
        yield Problem("serving.access.entra.roles", "no name anywhere", "at least one role or scope")


def access_folder(workspace: Workspace, environment: str) -> Path:
    """Where the list of keys, what they are hashed with, and the access document lie on this machine."""
    return workspace.of(environment) / "access"


def access_document(access: Access, tenant: str | None) -> dict[str, Any]:
    """What the model API is told with `--access FILE`, as JSON values. Files are named relative to the document.

    Args:
        access: The settings.
        tenant: The tenant's id; needed where mode is entra.

    Raises:
        ValueError: mode is entra, and what it needs is not there. Never is that taken for `off`.
    """
    if access.mode == "keys":
        return {"mode": "keys", "keys": {"file": LIST, "pepper": {"variable": None, "file": PEPPER}}}
    if access.mode == "off":
        return {"mode": "off"}
    settings = access.entra
    if settings is None or tenant is None:
        raise ValueError("mode entra needs its section and a tenant")
    return {
        "mode": "entra",
        "entra": {
            "tenant": tenant,
            "issuer": f"{AUTHORITY}/{tenant}/v2.0",
            "audience": settings.audience,
            "signing_keys": {"url": f"{AUTHORITY}/{tenant}/discovery/v2.0/keys", "file": None},
            "leeway_seconds": settings.leeway_seconds,
            "roles": _names(settings.roles),
            "scopes": _names(settings.scopes),
        },
    }


def _names(grants: Grants) -> dict[str, list[str]]:
    return {role: list(getattr(grants, role)) for role in ROLES}
