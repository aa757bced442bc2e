"""A service that knows vulnerabilities, on loopback: it answers queries as api.osv.dev/v1/query does."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One vulnerability of all versions of a package before `fixed_in`."""

    id: str
    aliases: Sequence[str] = ()
    fixed_in: str | None = None


@dataclass(slots=True)
class FakeOsv:
    """Knows what it is told, by name of the package."""

    known: Mapping[str, Sequence[Known]] = field(default_factory=dict)
    status: int = 200
    """What it answers with; anything but 200 is a service in trouble."""
    queries: list[dict[str, Any]] = field(default_factory=list)
    """What it was asked."""
    _server: http.server.ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Starts on a free port."""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        """What `--osv-url` takes."""
        port = 0 if self._server is None else self._server.server_address[1]
        return f"http://127.0.0.1:{port}/v1/query"

    def answer(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """What it says to a query."""
        package = query["package"]
        found = [_document(one, package["name"], query["version"]) for one in self.known.get(package["name"], ())]
        return {"vulns": found} if found else {}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers one query."""

            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["content-length"])))
                service.queries.append(query)
                body = json.dumps(service.answer(query)).encode()
                self.send_response(service.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                del format, args

        return Handler


def _document(known: Known, name: str, version: str) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([{"fixed": known.fixed_in}] if known.fixed_in else [])]
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
        "versions": [version],
    }
    return {
        "id": known.id,
        "aliases": list(known.aliases),
        "modified": "2024-01-01T00:00:00Z",
        "summary": known.id,
        "details": known.id,
        "affected": [affected],
    }
