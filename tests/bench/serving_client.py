"""A client in a process of its own: at a constant rate (open loop), or as fast as it is answered (closed loop).

At a constant rate every request has a moment at which it is due, whatever became of those before it. Its latency
counts from that moment, so that a server that stands still is charged with all who wait (no coordinated omission).
Where no connection is free another one is opened. Times are those of the monotonic clock, which all processes share.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

MOST_CONNECTIONS = 256
SPIN_SECONDS = 0.002
"""The event loop's timers are this coarse; the rest is waited for by turning."""
PATIENCE = 60.0
VERSION = b"\r\nx-model-version: "
Answered = Callable[["Asked"], None]


@dataclass(slots=True)
class Asked:
    """One request: when it was due, sent and answered; status 0 where there was no answer."""

    due: float
    sent: float = 0.0
    answered: float = 0.0
    status: int = 0
    version: str = ""


class Connection(asyncio.Protocol):
    """One connection that asks one request at a time."""

    def __init__(self, request: bytes, lost: Callable[[Connection], None], free: Callable[[Connection], None]) -> None:
        self._request, self._lost, self._free = request, lost, free
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._missing = -1
        self._closing = False
        self.asked: Asked | None = None
        self.done: Answered = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, asked: Asked, done: Answered) -> None:
        """Send the request; `done` is told of the answer, or that there was none."""
        assert self._transport is not None
        self.asked, self.done = asked, done
        self._received, self._missing = b"", -1
        asked.sent = time.monotonic()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._received += data
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head(self._received[: end + 2])
            self._missing -= len(self._received) - end - 4
        else:
            self._missing -= len(data)
        if self._missing <= 0:
            self._answered()

    def _head(self, head: bytes) -> None:
        low = head.lower()
        assert self.asked is not None
        self.asked.status = int(low[9:12])
        self.asked.version = _value(low, VERSION)
        self._missing = int(_value(low, b"\r\ncontent-length: "))
        self._closing = b"\r\nconnection: close" in low

    def _answered(self) -> None:
        asked, self.asked = self.asked, None
        assert asked is not None
        asked.answered = time.monotonic()
        if self._closing:
            self.close()
        else:
            self._free(self)
        self.done(asked)

    def close(self) -> None:
        """Ask nothing more here."""
        assert self._transport is not None
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)
        if self.asked is not None:
            asked, self.asked = self.asked, None
            asked.status, asked.answered = 0, time.monotonic()
            self.done(asked)


def _value(head: bytes, name: bytes) -> str:
    _, found, rest = head.partition(name)
    return rest.partition(b"\r\n")[0].decode() if found else ""


@dataclass(slots=True)
class Load:
    """A run of requests against one address."""

    url: str
    request: bytes
    asked: list[Asked] = field(default_factory=list)
    _free: deque[Connection] = field(default_factory=deque)
    _open: set[Connection] = field(default_factory=set)
    _waiting: deque[Asked] = field(default_factory=deque)
    _opening: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _left: int = 0
    _stopping: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def at_rate(self, rate: float, seconds: float, *, connections: int) -> None:
        """So many requests a second, each at its moment."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop)
        await asyncio.gather(*(self._connect() for _ in range(connections)))
        begun = time.monotonic() + 0.05
        # One is held back until all were offered.
        self._left = 1
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            while (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left - SPIN_SECONDS if left > 2 * SPIN_SECONDS else 0)
            if self._stopping:
                break
            self._left += 1
            self._offer(Asked(due))
        self._less()
        await asyncio.wait_for(self._ended.wait(), PATIENCE)

    async def saturated(self, seconds: float, *, connections: int) -> None:
        """So many connections, each asking again as soon as it is answered."""
        await asyncio.gather(*(self._connect() for _ in range(connections)))
        until = time.monotonic() + seconds
        self._left = connections

        def again(asked: Asked) -> None:
            self.asked.append(asked)
            if time.monotonic() < until and self._free:
                self._free.popleft().ask(Asked(time.monotonic()), again)
                return
            self._less()

        for _ in range(connections):
            self._free.popleft().ask(Asked(time.monotonic()), again)
        await asyncio.wait_for(self._ended.wait(), seconds + PATIENCE)

    def _offer(self, asked: Asked) -> None:
        if self._free:
            self._free.popleft().ask(asked, self._done)
            return
        self._waiting.append(asked)
        if len(self._open) + self._opening < MOST_CONNECTIONS:
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._widen())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _widen(self) -> None:
        try:
            await self._connect()
        except OSError:
            # Whoever waited is not answered.
            if self._waiting:
                self._done(self._waiting.popleft())
        finally:
            self._opening -= 1

    async def _connect(self) -> None:
        parts = urlsplit(self.url)
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: Connection(self.request, self._lost, self._freed), parts.hostname or "", parts.port or 80
        )
        self._open.add(made)
        self._freed(made)

    def _freed(self, connection: Connection) -> None:
        if self._waiting:
            connection.ask(self._waiting.popleft(), self._done)
        else:
            self._free.append(connection)

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._free:
            self._free.remove(connection)

    def _done(self, asked: Asked) -> None:
        self.asked.append(asked)
        self._less()

    def _less(self) -> None:
        self._left -= 1
        if not self._left:
            self._ended.set()

    def _stop(self) -> None:
        """Offer nothing more; what was offered is still answered."""
        self._stopping = True


def request_of(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of one POST."""
    parts = urlsplit(url)
    head = {"host": parts.netloc, "content-length": str(len(body)), **headers}
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _run(wanted: argparse.Namespace) -> Load:
    load = Load(wanted.url, request_of(wanted.url, wanted.body.read_bytes(), json.loads(wanted.headers)))
    if wanted.rate:
        await load.at_rate(wanted.rate, wanted.seconds, connections=wanted.connections)
    else:
        await load.saturated(wanted.seconds, connections=wanted.connections)
    return load


def main() -> int:
    """Ask, and write every request as [due, sent, answered, status, version]."""
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--headers", default="{}")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0 for as many as are answered")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    gc.disable()
    load = uvloop.run(_run(wanted))
    rows = [[one.due, one.sent, one.answered, one.status, one.version] for one in load.asked]
    wanted.out.write_text(json.dumps(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
