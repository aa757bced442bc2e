"""A stand-in for the Data Lake Storage interface of storage accounts, on 127.0.0.1."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class DfsServer(ThreadingHTTPServer):
    """Folders and files of file systems, each address being /ACCOUNT/FILE_SYSTEM/PATH."""

    daemon_threads = True

    def __init__(self, *file_systems: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.file_systems = set(file_systems)
        """As account/file system."""
        self.folders: set[str] = set()
        """As account/file system/path."""
        self.files: set[str] = set()
        self.elsewhere = ""
        """Where requests are sent on to, if anywhere."""
        self.refusals: list[tuple[int, str]] = []
        """Status and error code of the next answers, first to last; then it behaves."""
        self.heard: list[tuple[str, str, dict[str, str]]] = []
        """Method, address and headers of every request."""

    @property
    def host(self) -> str:
        """What stands for `https://{account}.dfs.core.windows.net`."""
        return f"http://127.0.0.1:{self.server_port}/{{account}}"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: DfsServer

    def do_PUT(self) -> None:
        """Path - Create, of a directory."""
        place = self._heard()
        if self._refused(place):
            return
        if place in self.server.folders | self.server.files and self.headers.get("If-None-Match") == "*":
            self._say(409, "PathAlreadyExists")
            return
        parts = place.split("/")
        self.server.folders |= {"/".join(parts[:length]) for length in range(3, len(parts) + 1)}
        self._say(201)

    def do_HEAD(self) -> None:
        """Path - Get Properties."""
        place = self._heard()
        if self._refused(place):
            return
        if place not in self.server.folders | self.server.files:
            self._say(404, "PathNotFound")
            return
        self._say(200, kind="directory" if place in self.server.folders else "file")

    def _heard(self) -> str:
        self.server.heard.append((self.command, self.path, dict(self.headers)))
        return unquote(urlsplit(self.path).path).strip("/")

    def _refused(self, place: str) -> bool:
        if self.server.elsewhere:
            self._say(307, location=self.server.elsewhere)
        elif self.server.refusals:
            self._say(*self.server.refusals.pop(0))
        elif "/".join(place.split("/")[:2]) not in self.server.file_systems:
            self._say(404, "FilesystemNotFound")
        else:
            return False
        return True

    def _say(self, status: int, code: str = "", *, kind: str = "", location: str = "") -> None:
        self.send_response(status)
        headers = {"x-ms-error-code": code, "x-ms-resource-type": kind, "Location": location, "Content-Length": "0"}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()

    def log_request(self, *said: object) -> None:
        """Says nothing."""


@contextmanager
def dfs_server(*file_systems: str) -> Iterator[DfsServer]:
    """A running stand-in."""
    server = DfsServer(*file_systems)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
