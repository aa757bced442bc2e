"""Takes the credentials out of a request's head, and refuses heads that could mean two things."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from modelyard_serving.access.caller import Headers
from modelyard_serving.refusals import RequestRefusedError

MAX_CREDENTIAL_BYTES = 8 * 1024
"""An authorization header that is longer is not looked at."""
MAX_HEAD_BYTES = 32 * 1024
"""All headers together."""
MAX_QUERY_BYTES = 8 * 1024
CREDENTIAL_NAMES = frozenset(
    {
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "authorization",
        "bearer",
        "id_token",
        "subscription-key",
        "token",
        "x-api-key",
    }
)
"""Names under which clients put credentials into a query."""
_CREDENTIAL_SHAPE = re.compile(r"[a-z0-9]{12}\.[A-Za-z0-9_-]{43}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
"""One of our keys, or a token, under whatever name."""


def unauthorized(code: str, message: str, *, scheme: str, error: str | None = None) -> RequestRefusedError:
    """The answer 401, with the challenge that HTTP wants.

    Args:
        code: A stable name of the reason.
        message: What is wrong, and what to send instead. Never holds what was sent.
        scheme: The scheme that would be taken.
        error: The error code of RFC 6750, where credentials were sent.
    """
    challenge = f'{scheme} realm="model-api"' + (f', error="{error}"' if error else "")
    return RequestRefusedError(code, message, status=401, headers={"www-authenticate": challenge})


def check_head(headers: Headers, query: bytes, *, scheme: str) -> None:
    """Refuse a head that is too long, and credentials in the query.

    Raises:
        RequestRefusedError: Too long (431 or 414), or credentials where logs would keep them (401).
    """
    if sum([len(name) + len(value) for name, value in headers]) > MAX_HEAD_BYTES:
        raise RequestRefusedError(
            "headers_too_large", f"the headers are longer than {MAX_HEAD_BYTES} bytes together", status=431
        )
    if query:
        _check_query(query, scheme=scheme)


def _check_query(query: bytes, *, scheme: str) -> None:
    if len(query) > MAX_QUERY_BYTES:
        raise RequestRefusedError("query_too_large", f"the query is longer than {MAX_QUERY_BYTES} bytes", status=414)
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.strip().lower() in CREDENTIAL_NAMES or _CREDENTIAL_SHAPE.search(value):
            message = (
                "credentials stand in the query, where logs on the way keep them; send them in a header, and have "
                "these replaced"
            )
            raise unauthorized("credentials_in_query", message, scheme=scheme, error="invalid_request")


def single(headers: Headers, name: bytes, *, scheme: str) -> bytes | None:
    """The value of a header that may be there once.

    Raises:
        RequestRefusedError: It is there twice, or longer than allowed (401).
    """
    found: bytes | None = None
    for key, value in headers:
        if key == name:
            if found is not None:
                message = f"the header {name.decode()} is there more than once; send one"
                raise unauthorized("ambiguous_credentials", message, scheme=scheme, error="invalid_request")
            found = value
    if found is not None and len(found) > MAX_CREDENTIAL_BYTES:
        message = f"the header {name.decode()} is longer than {MAX_CREDENTIAL_BYTES} bytes"
        raise unauthorized("credentials_too_large", message, scheme=scheme, error="invalid_request")
    return found


def of_scheme(authorization: bytes, scheme: str) -> str:
    """What stands behind the scheme in an authorization header.

    Raises:
        RequestRefusedError: Another scheme, or nothing behind it (401).
    """
    found, _, value = authorization.decode("latin-1").strip().partition(" ")
    if found.lower() != scheme.lower():
        message = f"the authorization header must have the form '{scheme} …'"
        raise unauthorized("wrong_scheme", message, scheme=scheme, error="invalid_request")
    if not value.strip():
        message = f"nothing stands behind {scheme} in the authorization header"
        raise unauthorized("empty_credentials", message, scheme=scheme, error="invalid_request")
    return value.strip()
