"""One request over HTTP, and when to ask again.

What only looks is asked again after any silence. What changes something is asked again only when the service said that
it did not begin (429): a lost answer is no proof that nothing happened, so whoever wanted the change must look first.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from modelyard.delivery.azure_devops.rest.addresses import on_this_machine
from modelyard.delivery.azure_devops.rest.refusals import is_refusal, refusal, silence

Json = Any
TIMEOUT_SECONDS = 30.0
TRIES = 4
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
LARGEST_ANSWER = 32 * 1024 * 1024
LOOKING = frozenset({"GET"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to an address that nobody chose."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing: the answer itself is the result."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Json:
        """The body as JSON; an empty one is nothing."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Asks one service."""

    service: str
    """What it is called in messages."""
    headers: Mapping[str, str]
    """Sent with every request; holds the token."""
    timeout: float = TIMEOUT_SECONDS
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def __repr__(self) -> str:
        """Without the headers, which hold the token."""
        return f"Transport({self.service})"

    def ask(self, method: str, url: str, body: Json = None) -> Answer:
        """Ask, and ask again where that is safe.

        Raises:
            ExternalServiceError: the service said no.
            ServiceUnavailableError: it is busy, or does not answer.
        """
        doing = f"{method} {_path(url)}"
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                answer = self._once(method, url, body)
            except (OSError, http.client.HTTPException) as error:
                if last or method not in LOOKING:
                    raise silence(error, doing=doing, service=self.service) from error
                self.wait(self._pause("", attempt))
                continue
            if not is_refusal(answer.status):
                return answer
            if last or not _again(method, answer.status):
                raise refusal(answer.status, answer.body, doing=doing, service=self.service)
            self.wait(self._pause(answer.headers.get("retry-after", ""), attempt))
        raise AssertionError("the loop ends with an answer or an error")

    def _once(self, method: str, url: str, body: Json) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - checked address
        try:
            with _opener(here=on_this_machine(url)).open(request, timeout=self.timeout) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read(LARGEST_ANSWER))

    def _pause(self, header: str, attempt: int) -> float:
        """Seconds until the next try: what the service asks for (a number, or a date), else twice as long each time."""
        if header.strip().isdigit():
            return min(float(header), LONGEST_WAIT_SECONDS)
        try:
            asked = parsedate_to_datetime(header).timestamp() - self.clock()
        except (ValueError, TypeError):
            asked = FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1)
        return min(max(asked, 0.0), LONGEST_WAIT_SECONDS)


def _again(method: str, status: int) -> bool:
    busy = status == HTTPStatus.TOO_MANY_REQUESTS
    return busy or (method in LOOKING and status >= HTTPStatus.INTERNAL_SERVER_ERROR)


@cache
def _opener(*, here: bool) -> urllib.request.OpenerDirector:
    """No proxy stands between this machine and itself. Made once: reading the system's certificates takes a while."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if here:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _path(url: str) -> str:
    """What of an address goes into messages: no host, no question."""
    return url.split("://", 1)[-1].partition("/")[2].partition("?")[0]
