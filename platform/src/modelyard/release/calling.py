"""Calls to a model API over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.credential import Credential
from modelyard.release.request import Request

_LONGEST_ANSWER = 64 << 20
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request was refused."""

    code: str
    """A stable name, for programs; empty where there is none."""
    message: str
    """For people."""
    request_id: str
    """Under which the API's log knows it; empty where it says none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    seconds: float

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON; nothing if it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def fault(self) -> Fault | None:
        """The reason of a refusal, in either form; none if there is none.

        The Open Inference Protocol says `error` as a text, with code and request id beside it; elsewhere they are all
        in an object.
        """
        document = self.json()
        if not isinstance(document, dict):
            return None
        error = document.get("error")
        said = error if isinstance(error, dict) else {**document, "message": error}
        message = said.get("message")
        if not isinstance(message, str) or not message:
            return None
        return Fault(str(said.get("code") or ""), message, str(said.get("request_id") or ""))


@dataclass(frozen=True, slots=True)
class ModelApi:
    """One model API at an address."""

    url: str
    """http://host:port"""
    seconds: float = 10.0
    """How long one call may take."""
    credential: Credential | None = None
    """What lets the caller in; none where everybody may ask."""

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every call."""
        return {} if self.credential is None else {self.credential.header: self.credential.value}

    def get(self, path: str) -> Answer:
        """Ask for a path.

        Raises:
            ModelApiUnreachableError: Nobody answers.
        """
        address = self._address(path)
        return self._call(urllib.request.Request(address, headers=self.headers))  # noqa: S310 - http(s) only, checked there

    def post(self, path: str, body: bytes | object, *, content_type: str = "application/json") -> Answer:
        """Send bytes as they are, or anything else as JSON.

        Raises:
            ModelApiUnreachableError: Nobody answers.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(Request(path, content, {"Content-Type": content_type}))

    def ask(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            ModelApiUnreachableError: Nobody answers.
        """
        return self._call(
            urllib.request.Request(  # noqa: S310 - http(s) only, checked there
                self._address(request.path),
                data=request.body,
                headers={**request.headers, **self.headers},
                method="POST",
            )
        )

    def answers(self) -> bool:
        """Whether a model API is there and alive."""
        try:
            return self.get("/v2/health/live").status == http.client.OK
        except ModelApiUnreachableError:
            return False

    def checked_url(self) -> str:
        """The address, if it is one that can be called.

        Raises:
            ModelApiUnreachableError: It is none, or a secret would travel to it in the open.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ModelApiUnreachableError(
                f"{self.url!r} is not the address of a model API", hint="give one like http://127.0.0.1:8000"
            )
        if self.credential is not None and parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
            raise ModelApiUnreachableError(
                f"a key would travel to {parts.hostname} unencrypted", hint="give an address that begins with https://"
            )
        return self.url.rstrip("/")

    def _address(self, path: str) -> str:
        return self.checked_url() + path

    def _call(self, request: urllib.request.Request) -> Answer:
        started = time.perf_counter()
        try:
            with _OPENER.open(request, timeout=self.seconds) as response:
                return _answer(response.status, response.headers, response.read(_LONGEST_ANSWER), started)
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused.code, refused.headers, refused.read(_LONGEST_ANSWER), started)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise ModelApiUnreachableError(
                f"no model API answers at {self.url}: {reason}",
                hint="`modelyard infra up local` starts it; `modelyard infra refresh local` says what is down",
            ) from error


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: the suite talks to the address it was given and to nobody else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


# No proxy from the environment: the model API is on this machine or in this network.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere())


def _answer(status: int, headers: Message, body: bytes, started: float) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    return Answer(status=status, headers=lower, body=body, seconds=time.perf_counter() - started)
