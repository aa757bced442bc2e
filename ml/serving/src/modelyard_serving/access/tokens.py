"""The steps that an access token of Microsoft Entra ID passes, each one a function that says what is wrong.

Head, key, signature, claims, in this order: nothing that a token says of itself is believed before its signature, and
nothing that its head says leads to a key but the key's id. The signature is PyJWT's to check; the pins are ours, and
exact: a list of audiences or a prefix of an issuer will not do.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import EntraSettings, is_moment

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHM = "RS256"
OWN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})
"""Fields of a head that bring a key, lead to one, or change what the rest means."""
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_KID = 256


@dataclass(frozen=True, slots=True)
class Pins:
    """What claims are held to."""

    settings: EntraSettings
    now: float
    """Seconds since 1970."""


HeadStep = Callable[[Mapping[str, Any]], str | None]
"""Says what is wrong with a head; nothing if the step lets it pass."""
ClaimStep = Callable[[Mapping[str, Any], Pins], str | None]
"""Says what is wrong with claims; nothing if the step lets them pass."""
Verify = Callable[[str, "RSAPublicKey"], bytes | None]
"""What a key has signed; nothing if it has not."""
Grant = Callable[[Mapping[str, Any], EntraSettings], frozenset[Role]]
"""The roles that claims amount to."""


def head_of(token: str) -> Mapping[str, Any] | None:
    """The head of a token; nothing if it is no token."""
    if _FORM.fullmatch(token) is None:
        return None
    head = token[: token.index(".")]
    try:
        return json_object(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return None


def json_object(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object in `content`, if that is what it is."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def is_rs256(head: Mapping[str, Any]) -> str | None:
    """Only RS256: no symmetric algorithm, that would take a public key for a secret, and not `none`."""
    return None if head.get("alg") == ALGORITHM else f"it is not signed with {ALGORITHM}"


def brings_no_key(head: Mapping[str, Any]) -> str | None:
    """The keys are those of the tenant's address, whatever a head offers."""
    return "it brings a key of its own" if OWN_KEYS & head.keys() else None


def names_a_key(head: Mapping[str, Any]) -> str | None:
    """The id of the key it was signed with."""
    name = head.get("kid")
    return None if isinstance(name, str) and 0 < len(name) <= _MAX_KID else "it names no key"


def signed_content(token: str, key: RSAPublicKey) -> bytes | None:
    """What was signed, if this key signed it."""
    from jwt import PyJWS
    from jwt.exceptions import PyJWTError

    try:
        found = PyJWS(algorithms=[ALGORITHM]).decode_complete(token, key, algorithms=[ALGORITHM])
    except (PyJWTError, ValueError, TypeError):
        return None
    content: bytes = found["payload"]
    return content


def is_of_issuer(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """Exactly the issuer, so also its version."""
    return None if claims.get("iss") == pins.settings.issuer else "it is of another issuer"


def is_of_tenant(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """Exactly the tenant: the keys sign for all tenants."""
    return None if claims.get("tid") == pins.settings.tenant else "it is of another tenant"


def is_for_us(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """Exactly the audience, and it alone."""
    return None if claims.get("aud") == pins.settings.audience else "it is for another audience"


def has_not_expired(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """Before its end."""
    ends = claims.get("exp")
    is_right = is_moment(ends) and pins.now < ends + pins.settings.leeway_seconds
    return None if is_right else "it has expired, or does not say when it does"


def has_begun(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """After its beginning."""
    begins = claims.get("nbf")
    is_right = is_moment(begins) and begins <= pins.now + pins.settings.leeway_seconds
    return None if is_right else "it is not valid yet, or does not say when it is"


def was_issued(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """Not issued in the future."""
    issued = claims.get("iat")
    is_right = is_moment(issued) and issued <= pins.now + pins.settings.leeway_seconds
    return None if is_right else "it was issued in the future, or does not say when it was"


def names_an_application(claims: Mapping[str, Any], pins: Pins) -> str | None:
    """It was issued to an application: an identity token, which is for showing who somebody is, says no such thing."""
    del pins
    return None if client_of(claims) is not None else "it names no application that it was issued to"


def client_of(claims: Mapping[str, Any]) -> str | None:
    """The id of the application that a token was issued to: `azp` in version 2, `appid` in version 1."""
    found = claims.get("azp", claims.get("appid"))
    return found if isinstance(found, str) and _GUID.fullmatch(found) else None


def roles_granted(claims: Mapping[str, Any], settings: EntraSettings) -> frozenset[Role]:
    """What its app roles and its scopes allow; what is not of the form that Entra gives allows nothing."""
    named, scopes = claims.get("roles"), claims.get("scp")
    roles: set[Role] = set()
    for name in named if isinstance(named, list) else ():
        roles |= settings.roles.get(name, frozenset()) if isinstance(name, str) else set()
    for name in scopes.split(" ") if isinstance(scopes, str) else ():
        roles |= settings.scopes.get(name, frozenset())
    return frozenset(roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All steps, in order."""

    head: tuple[HeadStep, ...] = (is_rs256, brings_no_key, names_a_key)
    verify: Verify = signed_content
    claims: tuple[ClaimStep, ...] = (
        is_of_issuer,
        is_of_tenant,
        is_for_us,
        has_not_expired,
        has_begun,
        was_issued,
        names_an_application,
    )
    grant: Grant = roles_granted
