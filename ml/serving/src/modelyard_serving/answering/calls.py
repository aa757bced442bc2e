"""One request on its way to its answer, and the answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from modelyard_serving.access.caller import ANYBODY, Caller
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.asking import JSON_HEADER, Header

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client."""

    body: bytes
    status: int = 200
    headers: tuple[Header, ...] = (JSON_HEADER,)


def json_answer(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON, rendered fast."""
    more = tuple((key.encode("latin-1"), value.encode("latin-1")) for key, value in (headers or {}).items())
    return Answer(orjson.dumps(document), status, (JSON_HEADER, *more))


@dataclass(slots=True)
class Call:
    """One request, and what the log and the metrics will say of it: no content, only what happened."""

    scope: Scope
    receive: Receive
    headers: dict[bytes, bytes]
    """By name in lower case; of a header that comes twice, the last one."""
    request_id: str
    started: float = 0.0
    endpoint: str = "other"
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path: name, and version where one is asked for."""
    caller: Caller = ANYBODY
    model: ServedModel | None = None
    """The version that answers."""
    rows: int = 0
    unseen: int = 0
    """Features with values that training never saw."""
    status: int = 0
    error: str | None = None
    """The code of the refusal."""
    held: int = 0
    """Bytes that its body may take in memory."""

    @classmethod
    def begin(cls, scope: Scope, receive: Receive, *, started: float) -> Call:
        """A new call, under the request id that the client gave if it is a decent one."""
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        decent = given is not None and _REQUEST_ID.fullmatch(given) is not None
        request_id = given.decode() if given is not None and decent else secrets.token_hex(8)
        return cls(scope, receive, headers, request_id, started)

    @property
    def method(self) -> str:
        """GET, POST, …"""
        found: str = self.scope["method"]
        return found

    @property
    def path(self) -> str:
        """The path, decoded."""
        found: str = self.scope["path"]
        return found

    def header(self, name: bytes) -> str:
        """A header as text; empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def has_query(self) -> bool:
        """Whether anything stands behind the question mark."""
        return bool(self.scope.get("query_string"))

    def query(self) -> dict[str, str]:
        """The query's parameters; of one that comes twice, the last."""
        text: bytes = self.scope.get("query_string", b"")
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)) if text else {}


Handler = Callable[[Call], Awaitable[Answer]]
"""What answers the requests of one endpoint."""
