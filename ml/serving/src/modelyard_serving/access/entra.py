"""Access tokens of Microsoft Entra ID: `Authorization: Bearer TOKEN`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from modelyard_bundle import BundleError
from modelyard_serving.access.caller import Caller, Headers, Tell, check_role
from modelyard_serving.access.credentials import check_head, of_scheme, single, unauthorized
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import AccessSettingsError, EntraSettings
from modelyard_serving.access.signing_keys import FetchedKeys, FileKeys, Missing, SigningKeys
from modelyard_serving.access.tokens import Pins, Steps, client_of, head_of, json_object
from modelyard_serving.refusals import RequestRefusedError

SCHEME = "Bearer"
LIBRARIES = ("jwt.algorithms", "cryptography.hazmat.primitives.asymmetric.rsa")
MAX_VERIFIED = 4096
"""Verified tokens that are remembered."""
_HINT = "get one with: az account get-access-token --scope AUDIENCE/.default"


class EntraAccess:
    """Lets in who holds a valid token.

    Args:
        settings: What tokens are held to.
        keys: What they are signed with.
        steps: What they pass.
        wall: Seconds since 1970.
    """

    def __init__(
        self,
        settings: EntraSettings,
        keys: SigningKeys,
        *,
        steps: Steps | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._steps = steps or Steps()
        self._wall = wall
        self._verified: dict[bytes, tuple[float, Caller]] = {}
        self._generation = -1
        """Of the keys, when what is remembered was verified. Not asked for here: to ask may begin a thread."""

    def look(self) -> None:
        """Read a file of keys again if it has changed; an address is the worker's to ask."""
        self._keys.look()

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Begin to have keys."""
        self._keys.start(wait_seconds=wait_seconds)

    def close(self) -> None:
        """Stop asking for keys."""
        self._keys.close()

    def check(self, headers: Headers, query: bytes, *, need: Role) -> Caller:
        """Let a request in that carries a valid token with the role.

        Raises:
            RequestRefusedError: See `Access.check`.
        """
        check_head(headers, query, scheme=SCHEME)
        authorization = single(headers, b"authorization", scheme=SCHEME)
        if authorization is None:
            message = f"no token; send the header Authorization: Bearer TOKEN; {_HINT}"
            raise unauthorized("no_credentials", message, scheme=SCHEME)
        token = of_scheme(authorization, SCHEME)
        return check_role(self._remembered(token) or self._verify(token), need, scheme=SCHEME)

    def _remembered(self, token: str) -> Caller | None:
        if self._generation != self._keys.generation:
            # A key may have gone, and with it the trust in what it signed.
            self._verified.clear()
            self._generation = self._keys.generation
        digest = hashlib.sha256(token.encode()).digest()
        if (found := self._verified.get(digest)) is None:
            return None
        if found[0] <= self._wall():
            del self._verified[digest]
            return None
        return found[1]

    def _verify(self, token: str) -> Caller:
        head = head_of(token)
        if head is None:
            raise _refused("it is no token")
        for step in self._steps.head:
            if problem := step(head):
                raise _refused(problem)
        key = self._keys.find(head["kid"])
        if key is Missing.UNCERTAIN:
            message = "the keys that tokens are signed with are not here yet; come back in a second"
            raise RequestRefusedError("signing_keys_missing", message, status=503, headers={"retry-after": "1"})
        if isinstance(key, Missing):
            raise _refused("it is signed with a key that the tenant does not have")
        content = self._steps.verify(token, key)
        claims = None if content is None else json_object(content)
        if claims is None:
            raise _refused("its signature is wrong")
        return self._accept(token, claims)

    def _accept(self, token: str, claims: Any) -> Caller:  # noqa: ANN401 - what a token says
        pins = Pins(self._settings, self._wall())
        for step in self._steps.claims:
            if problem := step(claims, pins):
                raise _refused(problem)
        roles = self._steps.grant(claims, self._settings)
        caller = Caller(client=client_of(claims) or "unknown", credential="token", roles=roles)
        if len(self._verified) >= MAX_VERIFIED:
            del self._verified[next(iter(self._verified))]
        expires = claims.get("exp", 0) + self._settings.leeway_seconds
        self._verified[hashlib.sha256(token.encode()).digest()] = (expires, caller)
        return caller


def _refused(problem: str) -> RequestRefusedError:
    message = f"the token was refused: {problem}; {_HINT}"
    return unauthorized("token_refused", message, scheme=SCHEME, error="invalid_token")


def open_entra(settings: EntraSettings, *, tell: Tell) -> EntraAccess:
    """Access by tokens, with the keys that the settings name.

    Raises:
        AccessSettingsError: The file of keys cannot be read now, or the library for tokens is not installed.
    """
    try:
        # Here and now: what is loaded before a fork is in memory once, however many workers there are.
        for name in LIBRARIES:
            import_module(name)
    except ImportError as error:
        raise AccessSettingsError(f"mode entra needs {error.name}; install pyjwt[crypto]") from error
    if not isinstance(settings.signing_keys, Path):
        return EntraAccess(settings, FetchedKeys(settings.signing_keys, tell=tell))
    try:
        return EntraAccess(settings, FileKeys(settings.signing_keys, tell=tell))
    except BundleError as error:
        raise AccessSettingsError(str(error)) from error
