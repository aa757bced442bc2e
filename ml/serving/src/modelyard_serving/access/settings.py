"""The access document: what `--access FILE` says about who may ask."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit

from modelyard_bundle import BundleError
from modelyard_bundle.documents import Fields, parse_document, shown
from modelyard_serving.access.roles import Role

MODES = ("off", "keys", "entra")
MIN_PEPPER_BYTES = 32
MAX_LEEWAY_SECONDS = 300.0
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}")
_MAX_BYTES = 1 << 20


class AccessSettingsError(ValueError):
    """The access document, or something that it names, is not what it has to be: file, key, found, allowed."""


@dataclass(frozen=True, slots=True)
class OffSettings:
    """Everybody may ask for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pepper:
    """Where the secret lies with which keys were hashed: an environment variable, or a file."""

    variable: str | None
    file: Path | None

    def read(self) -> bytes:
        """The secret.

        Raises:
            AccessSettingsError: It is not there, or too short to be one.
        """
        where = f"the variable {self.variable}" if self.file is None else str(self.file)
        if self.file is None:
            found = os.environ.get(self.variable or "", "").encode()
        else:
            try:
                found = self.file.read_bytes()
            except OSError as error:
                raise AccessSettingsError(f"{where}: the pepper cannot be read: {error.strerror}") from error
        found = found.strip()
        if len(found) < MIN_PEPPER_BYTES:
            raise AccessSettingsError(
                f"{where}: the pepper has {len(found)} bytes, allowed are at least {MIN_PEPPER_BYTES}; "
                "it is the one that `modelyard serve keys add` was run with"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """API keys."""

    file: Path
    """The list of keys. It is read again when it changes."""
    pepper: Pepper


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraSettings:
    """Tokens of Microsoft Entra ID."""

    tenant: str
    """The tenant's id: only its tokens are taken, although all tenants share the signing keys."""
    issuer: str
    """Exactly what `iss` has to be."""
    audience: str
    """Exactly what `aud` has to be: the application id of the model API's registration, or its URI."""
    signing_keys: str | Path
    """Where the public keys are: an address, or a file."""
    leeway_seconds: float
    """How far clocks may be apart."""
    roles: Mapping[str, frozenset[Role]]
    """What each app role in `roles` allows."""
    scopes: Mapping[str, frozenset[Role]]
    """What each scope in `scp` allows."""


AccessSettings = OffSettings | KeySettings | EntraSettings


def read_access_settings(path: Path) -> AccessSettings:
    """The access document at `path`. Paths in it are relative to its folder.

    Raises:
        AccessSettingsError: It cannot be read; a key is missing, unknown or wrong. Nothing is assumed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AccessSettingsError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise AccessSettingsError(f"{path}: {len(content)} bytes, allowed are {_MAX_BYTES}")
    try:
        fields = Fields(parse_document(content, where=str(path)), where=str(path))
        mode = fields.choice("mode", MODES)
        settings: AccessSettings = OffSettings()
        if mode == "keys":
            settings = _keys(Fields(fields.take("keys"), where=f"{path}: keys"), path)
        elif mode == "entra":
            settings = _entra(Fields(fields.take("entra"), where=f"{path}: entra"), path)
        fields.end()
    except BundleError as error:
        raise AccessSettingsError(str(error)) from error
    return settings


def refuse_open_door(settings: AccessSettings | None, host: str) -> None:
    """Refuse to let everybody in where other machines can reach the process, unless a document says `off` itself.

    Raises:
        AccessSettingsError: No document was given, and `host` is not this machine's own address.
    """
    if settings is None and not _is_loopback(host):
        raise AccessSettingsError(
            f"--host {host} can be reached by other machines and no --access FILE was given; name a document with "
            f"mode {', '.join(MODES)}, or listen on 127.0.0.1"
        )


def _keys(fields: Fields, path: Path) -> KeySettings:
    file = path.parent / fields.text("file", re.compile(r"[^\0]+"))
    pepper = _pepper(Fields(fields.take("pepper"), where=f"{path}: keys.pepper"), path)
    fields.end()
    return KeySettings(file=file, pepper=pepper)


def _pepper(fields: Fields, path: Path) -> Pepper:
    variable, file = fields.take("variable"), fields.take("file")
    fields.end()
    where = f"{path}: keys.pepper"
    if (variable is None) == (file is None):
        raise BundleError("exactly one of variable and file must be set, the other is null", where=where)
    if file is not None:
        return Pepper(variable=None, file=path.parent / Fields({"file": file}, where=where).text("file"))
    return Pepper(variable=Fields({"variable": variable}, where=where).text("variable", _VARIABLE), file=None)


def _entra(fields: Fields, path: Path) -> EntraSettings:
    where = f"{path}: entra"
    leeway = fields.number("leeway_seconds")
    if leeway is None or not 0 <= leeway <= MAX_LEEWAY_SECONDS:
        allowed = f"allowed is 0 to {MAX_LEEWAY_SECONDS:g}"
        raise BundleError(f"leeway_seconds is {shown(leeway)}, {allowed}", where=where)
    settings = EntraSettings(
        tenant=fields.text("tenant", _GUID),
        issuer=_address(fields.text("issuer"), "issuer", where=where),
        audience=_audience(fields.text("audience", re.compile(r"\S+")), where=where),
        signing_keys=_signing_keys(Fields(fields.take("signing_keys"), where=f"{where}.signing_keys"), path),
        leeway_seconds=float(leeway),
        roles=_granted(fields, "roles", where=where),
        scopes=_granted(fields, "scopes", where=where),
    )
    fields.end()
    if settings.tenant not in settings.issuer:
        raise BundleError(
            f"issuer is {shown(settings.issuer)}, allowed is one that names the tenant {settings.tenant}", where=where
        )
    if not settings.roles and not settings.scopes:
        raise BundleError("roles and scopes are both empty, so nobody could ever ask", where=where)
    return settings


def _audience(text: str, *, where: str) -> str:
    if text.endswith("/.default"):
        raise BundleError(
            f"audience is {shown(text)}, which is what clients ask for; allowed is what the token then says: the "
            "application id, or its URI without /.default",
            where=where,
        )
    return text


def _signing_keys(fields: Fields, path: Path) -> str | Path:
    url, file = fields.take("url"), fields.take("file")
    fields.end()
    where = f"{path}: entra.signing_keys"
    if (url is None) == (file is None):
        raise BundleError("exactly one of url and file must be set, the other is null", where=where)
    if file is not None:
        return path.parent / Fields({"file": file}, where=where).text("file")
    return _address(Fields({"url": url}, where=where).text("url"), "url", where=where)


def _address(text: str, key: str, *, where: str) -> str:
    try:
        parts = urlsplit(text)
        is_right = bool(parts.hostname) and parts.username is None and not parts.fragment
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    except ValueError:
        is_right = is_safe = False
    if not is_right or not is_safe:
        raise BundleError(f"{key} is {shown(text)}, allowed is an https:// address", where=where)
    return text


def _granted(fields: Fields, key: str, *, where: str) -> dict[str, frozenset[Role]]:
    """{name in the token: what it allows}, from {what it allows: [names]}."""
    by_role = Fields(fields.take(key), where=f"{where}.{key}")
    found: dict[str, frozenset[Role]] = {}
    for role in Role:
        for name in by_role.texts(role):
            if not name or any(character.isspace() for character in name):
                raise BundleError(f"{role} holds {shown(name)}, allowed are names without spaces", where=where)
            found[name] = found.get(name, frozenset()) | {role}
    by_role.end()
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_moment(value: object) -> TypeGuard[float]:
    """Whether a claim is a time in seconds since 1970: a number, finite, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
