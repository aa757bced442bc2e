"""A registry of images on this machine: what a builder needs of the OCI distribution specification to push and pull.

Source: opencontainers/distribution-spec, 1.1. Everything is kept in memory and given to whoever asks.
"""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedIOBase
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from modelyard_bundle import sha256_of

_MANIFEST = re.compile(r"/v2/(.+)/manifests/([^/]+)")
_BLOB = re.compile(r"/v2/.+/blobs/(sha256:[0-9a-f]{64})")
_UPLOADS = re.compile(r"/v2/.+/blobs/uploads/")
_UPLOAD = re.compile(r"/v2/.+/blobs/uploads/([0-9]+)")


@dataclass
class OciRegistry:
    """What was pushed, by digest and by name."""

    server: str = ""
    """Where it listens: host and port."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """repository:tag and repository@digest to the manifest and its media type."""
    uploads: list[bytes] = field(default_factory=list)
    """What has come of each upload so far."""

    def digest_of(self, name: str) -> str | None:
        """The digest of repository:tag; none if there is none."""
        found = self.manifests.get(name)
        return None if found is None else f"sha256:{sha256_of(found[0])}"


@contextmanager
def listening() -> Iterator[OciRegistry]:
    """An empty registry on a free port of this machine, until it is left."""
    registry = OciRegistry()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": registry}))
    server.daemon_threads = True
    registry.server = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers for the registry that a subclass names."""

    protocol_version = "HTTP/1.1"
    registry: OciRegistry

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if blob := _BLOB.fullmatch(path):
            self._send(self.registry.blobs.get(blob[1]), "application/octet-stream", blob[1])
        elif manifest := _MANIFEST.fullmatch(path):
            content, kind = self.registry.manifests.get(_name(*manifest.groups()), (None, ""))
            self._send(content, kind, "" if content is None else f"sha256:{sha256_of(content)}")
        else:
            self._send(b"{}" if path == "/v2/" else None, "application/json")

    do_HEAD = do_GET  # noqa: N815 - what http.server looks for

    def do_POST(self) -> None:
        self._content()
        if not _UPLOADS.fullmatch(urlsplit(self.path).path):
            self._send(None)
            return
        self.registry.uploads.append(b"")
        place = f"{urlsplit(self.path).path}{len(self.registry.uploads) - 1}"
        self._answer(HTTPStatus.ACCEPTED, {"Location": place, "Range": "0-0"})

    def do_PATCH(self) -> None:
        place = urlsplit(self.path).path
        content, upload = self._content(), _UPLOAD.fullmatch(place)
        if upload is None:
            self._send(None)
            return
        self.registry.uploads[int(upload[1])] += content
        last = max(len(self.registry.uploads[int(upload[1])]) - 1, 0)
        self._answer(HTTPStatus.ACCEPTED, {"Location": place, "Range": f"0-{last}"})

    def do_PUT(self) -> None:
        parts = urlsplit(self.path)
        content = self._content()
        if upload := _UPLOAD.fullmatch(parts.path):
            whole = self.registry.uploads[int(upload[1])] + content
            digest = parse_qs(parts.query)["digest"][0]
            if digest != f"sha256:{sha256_of(whole)}":
                self._answer(HTTPStatus.BAD_REQUEST)
                return
            self.registry.blobs[digest] = whole
        elif manifest := _MANIFEST.fullmatch(parts.path):
            digest = f"sha256:{sha256_of(content)}"
            kind = self.headers.get("Content-Type", "")
            for reference in (manifest[2], digest):
                self.registry.manifests[_name(manifest[1], reference)] = (content, kind)
        else:
            self._send(None)
            return
        self._answer(HTTPStatus.CREATED, {"Location": parts.path, "Docker-Content-Digest": digest})

    def _content(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(_chunks(self.rfile))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, content: bytes | None, kind: str = "", digest: str = "") -> None:
        if content is None:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        named = {"Docker-Content-Digest": digest} if digest else {}
        self._answer(HTTPStatus.OK, {"Content-Type": kind, **named}, content)

    def _answer(
        self, status: HTTPStatus, headers: Mapping[str, str] = MappingProxyType({}), content: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _name(repository: str, reference: str) -> str:
    return f"{repository}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def _chunks(body: BufferedIOBase) -> Iterator[bytes]:
    """A body that comes in pieces, each behind its length in hexadecimal digits."""
    while size := int(body.readline().split(b";")[0], 16):
        yield body.read(size)
        body.readline()
    body.readline()
