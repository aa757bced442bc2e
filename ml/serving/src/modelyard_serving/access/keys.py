"""API keys: `X-API-Key: ID.SECRET` or `Authorization: ApiKey ID.SECRET`."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping

from modelyard_bundle import BundleError
from modelyard_serving.access.caller import Caller, Headers, Tell, check_role
from modelyard_serving.access.credentials import check_head, of_scheme, single, unauthorized
from modelyard_serving.access.following import Followed
from modelyard_serving.access.key_list import KEY_FORM, ListedKey, hash_key, parse_key_list
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import AccessSettingsError, KeySettings

SCHEME = "ApiKey"
_NOBODYS = bytes(32)
"""A hash that no key has: an unknown id takes as long as a wrong secret."""
_REFUSED = "the API key is not known, was revoked or has expired; `modelyard serve keys add` issues another"


class KeyAccess:
    """Lets in who holds a key of the list.

    Raises:
        AccessSettingsError: The list or the pepper cannot be read now, at the start.
    """

    def __init__(
        self,
        settings: KeySettings,
        *,
        tell: Tell,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pepper = settings.pepper.read()
        self._wall = wall

        def parse(content: bytes) -> Mapping[str, ListedKey]:
            return parse_key_list(content, where=str(settings.file), now=wall())

        try:
            self._keys = Followed(settings.file, parse, tell=tell, clock=clock)
        except BundleError as error:
            raise AccessSettingsError(str(error)) from error

    def look(self) -> None:
        """Read the list again if it has changed."""
        self._keys.get()

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Nothing to get ready: the list is there already."""

    def close(self) -> None:
        """Nothing to stop."""

    def check(self, headers: Headers, query: bytes, *, need: Role) -> Caller:
        """Let a request in that carries a valid key with the role.

        Raises:
            RequestRefusedError: See `Access.check`.
        """
        check_head(headers, query, scheme=SCHEME)
        return check_role(self._caller(_key_in(headers)), need, scheme=SCHEME)

    def _caller(self, key: str) -> Caller:
        form = KEY_FORM.fullmatch(key)
        if form is None:
            message = "the API key does not have the form ID.SECRET; send it as it was issued"
            raise unauthorized("malformed_key", message, scheme=SCHEME, error="invalid_token")
        listed = self._keys.get().get(form[1])
        is_right = hmac.compare_digest(_NOBODYS if listed is None else listed.hash, hash_key(key, self._pepper))
        if listed is None or not is_right or listed.expires <= self._wall():
            raise unauthorized("key_refused", _REFUSED, scheme=SCHEME, error="invalid_token")
        return listed.caller


def _key_in(headers: Headers) -> str:
    """The one key in the headers."""
    plain = single(headers, b"x-api-key", scheme=SCHEME)
    authorization = single(headers, b"authorization", scheme=SCHEME)
    if plain is not None and authorization is not None:
        message = "both X-API-Key and Authorization are there; send one of them"
        raise unauthorized("ambiguous_credentials", message, scheme=SCHEME, error="invalid_request")
    if authorization is not None:
        return of_scheme(authorization, SCHEME)
    if plain is None:
        message = "no API key; send the header X-API-Key: ID.SECRET, or Authorization: ApiKey ID.SECRET"
        raise unauthorized("no_credentials", message, scheme=SCHEME)
    return plain.decode("latin-1").strip()
