"""A REST service on this machine, with faults to order: for fakes of services that are somewhere else."""

from __future__ import annotations

import abc
import http.server
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

Json = Any
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Json
    found: tuple[str, ...] = ()
    """What the route's pattern caught."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """Something that goes wrong, once or several times."""

    kind: Literal["refused", "after", "lost"]
    """refused: nothing is done. after: it is done, and the answer is an error. lost: it is done, and nobody hears."""
    method: str = ""
    """Of the requests that it hits; empty for all that write."""
    path: str = ""
    """A pattern in the path."""
    status: int = 503
    retry_after: str = ""
    skip: int = 0
    """How many requests it lets pass first."""
    times: int = 1

    def hits(self, asked: Asked) -> bool:
        """Whether this request is hit; counts."""
        wanted = self.method == asked.method if self.method else asked.method != "GET"
        if not wanted or not self.times or not re.search(self.path, asked.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method and a path."""

    method: str
    pattern: str
    """Of the whole path; groups are given to the function."""
    answer: Callable[[Asked], Said]
    version: str = ""
    """The api-version that it asks for; empty for none."""


class RestServer(abc.ABC):
    """Answers on a free port of this machine, until it is left."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        """Every request, in order."""
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def root(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def writes(self) -> list[Asked]:
        """Requests that were to change something."""
        return [one for one in self.asked if one.method != "GET"]

    @abc.abstractmethod
    def routes(self) -> Sequence[Route]:
        """What it answers."""

    def refuse(self, asked: Asked) -> Said | None:
        """An answer for who must not ask at all; None for who may."""
        del asked
        return None

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked) -> Said | None:
        """The answer; None where the connection just ends."""
        with self._lock:
            self.asked.append(asked)
            fault = next((one for one in self.faults if one.hits(asked)), None)
            if fault is not None and fault.kind == "refused":
                return _faulty(fault)
            said = self.refuse(asked) or self._routed(asked)
            if fault is None:
                return said
            return None if fault.kind == "lost" else _faulty(fault)

    def _routed(self, asked: Asked) -> Said:
        known = False
        for route in self.routes():
            found = re.fullmatch(route.pattern, asked.path, re.IGNORECASE)
            if found is None:
                continue
            known = True
            if route.method != asked.method:
                continue
            if route.version and asked.query.get("api-version") != route.version:
                return _wrong_version(asked, route)
            caught = tuple(part or "" for part in found.groups())
            return route.answer(Asked(asked.method, asked.path, asked.query, asked.headers, asked.body, caught))
        return Said(405 if known else 404, {"message": f"no route {asked.method} {asked.path}"})

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            wbufsize = -1
            """Head and body leave together: apart, each answer would wait for the client's delayed acknowledgement."""

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(content) if content else None
                said = server.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
                if said is None:
                    self.close_connection = True
                    return
                self._send(said)

            def _send(self, said: Said) -> None:
                payload = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - what http.server looks for

        return Handler


def _faulty(fault: Fault) -> Said:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return Said(fault.status, {"message": f"a fault that was ordered ({fault.kind})"}, headers)


def _wrong_version(asked: Asked, route: Route) -> Said:
    found = asked.query.get("api-version", "none")
    message = f"api-version {found} is not what {route.pattern} takes: {route.version}"
    return Said(400, {"message": message, "typeKey": "VssVersionNotSpecifiedException"})
