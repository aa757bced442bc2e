"""Posts a JSON message to an address that is a secret. Neither logs nor answers nor errors repeat any part of it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10.0
RETRIES = 2
LONGEST_WAIT_SECONDS = 10.0
FIRST_WAIT_SECONDS = 1.0
THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the message to an address that nobody chose."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing: the answer itself is the result."""


class Posting:
    """One address; tries again, at most twice, when it is asked to or nobody answers."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._timeout = timeout
        self._wait = wait
        self._clock = clock

    def __repr__(self) -> str:
        """Without the URL."""
        return "Posting(url=<secret>)"

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> str:
        """Why the message was not taken; empty when it was."""
        return _why_not_an_address(self._url) or self._post(body, headers or {})

    def _post(self, body: bytes, headers: Mapping[str, str]) -> str:
        reason = ""
        for attempt in range(RETRIES + 1):
            reason, pause = self._try(body, headers, FIRST_WAIT_SECONDS * 2**attempt)
            if pause is None:
                return reason
            if attempt < RETRIES:
                self._wait(min(pause, LONGEST_WAIT_SECONDS))
        return f"{reason}, {RETRIES + 1} times"

    def _try(self, body: bytes, headers: Mapping[str, str], pause: float) -> tuple[str, float | None]:
        """What went wrong, and how many seconds to wait before trying again; None where trying again is no use."""
        said = {"Content-Type": "application/json; charset=utf-8", **headers}
        request = urllib.request.Request(self._url, data=body, headers=said, method="POST")  # noqa: S310  (checked)
        try:
            with self._opener().open(request, timeout=self._timeout) as answer:
                return ("", None) if answer.status < HTTPStatus.MULTIPLE_CHOICES else (f"HTTP {answer.status}", None)
        except urllib.error.HTTPError as error:
            error.close()
            busy = error.code == HTTPStatus.TOO_MANY_REQUESTS or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
            asked = self._asked_to_wait(error.headers.get("Retry-After", "") if error.headers else "")
            return f"HTTP {error.code}", (asked if asked is not None else pause) if busy else None
        except TimeoutError:
            return f"no answer within {self._timeout:g} s", pause
        except urllib.error.URLError as error:
            return f"not reachable ({type(error.reason).__name__})", pause
        except Exception as error:
            return f"not sent ({type(error).__name__})", None

    def _opener(self) -> urllib.request.OpenerDirector:
        here = urlsplit(self._url).hostname in THIS_MACHINE
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if here:
            handlers.append(urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(*handlers)

    def _asked_to_wait(self, header: str) -> float | None:
        """Seconds that a Retry-After header asks for: a number, or a date."""
        if header.isdigit():
            return float(header)
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - self._clock())
        except (ValueError, TypeError):
            return None


def _why_not_an_address(url: str) -> str:
    """Why a message must not go to this URL; empty when it may."""
    try:
        parts = urlsplit(url)
        allowed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
    except ValueError:
        return "the secret is not an address"
    return "" if allowed and parts.hostname else "the secret is not an https:// address"
