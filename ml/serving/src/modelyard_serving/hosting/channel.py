"""What the host and a worker say to each other: one JSON object a line, over a pair of connected sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

LONGEST_LINE = 64 << 20
_SEND_SECONDS = 2.0
"""A worker that does not read for so long is hung; what it should have heard is lost with it."""


class HostEnd:
    """The host's end: it reads what is there and never waits for more."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.socket.settimeout(_SEND_SECONDS)
        self._begun = b""

    def send(self, message: dict[str, Any]) -> None:
        """Tell the worker something; nothing happens where it has ended."""
        with suppress(OSError):
            self.socket.sendall(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))

    def read(self) -> list[dict[str, Any]] | None:
        """What the worker has said by now; nothing at all once it has ended."""
        try:
            content = self.socket.recv(1 << 16)
        except OSError:
            return None
        if not content:
            return None
        *lines, self._begun = (self._begun + content).split(b"\n")
        return list(_objects(lines))

    def close(self) -> None:
        """Hear no more of it."""
        self.socket.close()


class WorkerEnd:
    """The worker's end, inside its event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> WorkerEnd:
        """Take the socket into the running event loop."""
        end.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=LONGEST_LINE)
        return cls(reader, writer)

    def send(self, message: dict[str, Any]) -> None:
        """Tell the host something."""
        self._writer.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))

    async def read(self) -> dict[str, Any] | None:
        """The next thing that the host says; nothing once it has ended."""
        try:
            line = await self._reader.readline()
        except (OSError, ValueError):
            return None
        return next(_objects([line]), None) if line else None


def _objects(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.strip():
            found = orjson.loads(line)
            if isinstance(found, dict):
                yield found
