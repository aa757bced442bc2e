"""What a service's no means, in words that say what, where and what next; never with a token in them.

Source: the bodies of errors are those of Azure DevOps (`message`, `typeKey`) and GitHub (`message`).
"""

from __future__ import annotations

import json
from http import HTTPStatus

from modelyard.errors import ExternalServiceError, ServiceUnavailableError

LONGEST_REASON = 400
SIGN_IN_PAGE = frozenset({HTTPStatus.NON_AUTHORITATIVE_INFORMATION, HTTPStatus.FOUND})
"""How Azure DevOps answers a token that it does not know: with a page for people."""
MAY_NOT = "ask for the permission that it names; docs/guides/azure-devops.md lists all of them"
SIGN_IN = "sign in again (az login), or renew the token; the sign-in must be a member of the organisation"


class AbsentError(ExternalServiceError):
    """There is no such thing."""


class ConflictError(ExternalServiceError):
    """Somebody else changed it in between, or it is there already."""


def is_refusal(status: int) -> bool:
    """Whether an answer is none."""
    return status >= HTTPStatus.MULTIPLE_CHOICES or status in SIGN_IN_PAGE


def refusal(status: int, body: bytes, *, doing: str, service: str) -> ExternalServiceError:
    """The error for an answer that is none.

    Args:
        status: HTTP status.
        body: what the service said.
        doing: what was asked for, as `GET project/_apis/…`.
        service: who was asked.
    """
    said = reason(body)
    text = f"{service} said no to {doing}: {status}" + (f", {said}" if said else "")
    if status in SIGN_IN_PAGE or status == HTTPStatus.UNAUTHORIZED:
        return ExternalServiceError(f"{service} does not know this sign-in ({doing}: {status})", hint=SIGN_IN)
    if status == HTTPStatus.FORBIDDEN:
        return ExternalServiceError(text, hint=MAY_NOT)
    if status == HTTPStatus.NOT_FOUND:
        return AbsentError(text, hint="check the name, and that the sign-in may see it")
    if status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return ConflictError(text, hint="run the same command again: it looks first, then changes what differs")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceUnavailableError(text, hint="wait a minute, then run the same command again")
    return ExternalServiceError(text, hint="put that right, then run the same command again")


def silence(error: Exception, *, doing: str, service: str) -> ServiceUnavailableError:
    """The error for no answer."""
    why = "no answer in time" if isinstance(error, TimeoutError) else f"not reachable ({type(error).__name__})"
    return ServiceUnavailableError(
        f"{service} did not answer {doing}: {why}",
        hint="check the network and HTTPS_PROXY, then run the same command again",
    )


def reason(body: bytes) -> str:
    """What an error's body says, in one line."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return " ".join(str(message).split())[:LONGEST_REASON] if message else ""
