"""Calls a supervisord over its unix socket (http://supervisord.org/api.html)."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, Fault, ServerProxy, Transport

ANSWER_SECONDS = 10.0

UNREACHABLE = (OSError, Error, HTTPException)
"""What a call raises when no supervisord answers. A `Fault` is among them: there, one did answer."""

__all__ = ["ANSWER_SECONDS", "UNREACHABLE", "Fault", "call"]


def call(path: Path | str, method: str, *arguments: str | bool, seconds: float = ANSWER_SECONDS) -> Any:  # noqa: ANN401 - what a procedure returns is its own
    """One call of `supervisor.<method>`.

    Raises:
        Fault: the supervisor refuses.
        OSError, HTTPException: nobody answers within `seconds`.
    """
    with ServerProxy("http://localhost", transport=_UnixTransport(str(path), seconds)) as proxy:
        return getattr(proxy.supervisor, method)(*arguments)


class _UnixTransport(Transport):
    """XML-RPC over a unix socket. Unlike supervisor's own transport it gives up after a while."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__()
        self._path = path
        self._seconds = seconds

    def make_connection(self, host: object) -> HTTPConnection:
        """A connection to the socket; the host does not matter."""
        del host
        self._connection = ("localhost", _UnixConnection(self._path, self._seconds))
        return self._connection[1]


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Opens the unix socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise
