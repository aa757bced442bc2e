"""The log: one JSON object a line, written so that a blocked sink blocks nobody."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Protocol

import orjson

_WAITING = 10_000
_GATHER_SECONDS = 0.02
"""Lines that come within this time are written together: to wake a thread for each would cost more than the line."""
_ATOMIC_BYTES = 4096
"""A pipe takes so much in one piece, so lines of several workers never mix."""


class Log(Protocol):
    """Takes events."""

    def event(self, event: str, **fields: object) -> None:
        """Log one event. Never blocks, never fails, never takes a request's body."""


def render_event(event: str, fields: dict[str, object]) -> bytes:
    """An event as its line."""
    record = {"time": time.time(), "event": event, **fields}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE, default=str)


class LogWriter:
    """Writes events in a thread of its own, beside the event loop; what does not fit is counted and dropped."""

    def __init__(self, sink: BinaryIO | None = None) -> None:
        self._sink = sink or sys.stderr.buffer
        self._lines: deque[bytes] = deque()
        self._dropped = 0
        self._closing = threading.Event()
        self._waiting = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def event(self, event: str, **fields: object) -> None:
        """Log one event. Never blocks, never fails, never takes a request's body."""
        if len(self._lines) >= _WAITING:
            self._dropped += 1
            return
        if self._dropped:
            fields["dropped_before"], self._dropped = self._dropped, 0
        self._lines.append(render_event(event, fields))
        if not self._waiting.is_set():
            self._waiting.set()

    def close(self, *, seconds: float = 1.0) -> None:
        """Write what is waiting, but not longer than `seconds`."""
        self._closing.set()
        self._waiting.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._waiting.wait()
            self._closing.wait(_GATHER_SECONDS)
            self._waiting.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        # A full disk or a closed pipe must not stop predictions; the next lines try again.
        for part in _parts(self._lines):
            with suppress(OSError, ValueError):
                self._sink.write(part)
                self._sink.flush()


class DirectLog:
    """Writes at once, without a thread: for a process that forks. What the sink does not take now is dropped."""

    def __init__(self, handle: int = 2) -> None:
        self._handle = handle
        self._dropped = 0

    def event(self, event: str, **fields: object) -> None:
        """Log one event. Never blocks, never fails."""
        if self._dropped:
            fields["dropped_before"] = self._dropped
        try:
            if not select.select([], [self._handle], [], 0)[1]:
                self._dropped += 1
                return
            os.write(self._handle, render_event(event, fields))
            self._dropped = 0
        except (OSError, ValueError):
            self._dropped += 1


def _parts(lines: deque[bytes]) -> Iterator[bytes]:
    """The lines in pieces that a pipe takes whole; each line is taken out once."""
    part = b""
    while lines:
        line = lines.popleft()
        if part and len(part) + len(line) > _ATOMIC_BYTES:
            yield part
            part = b""
        part += line
    if part:
        yield part


def where_it_failed(error: BaseException) -> list[str]:
    """The places an error passed through, without its message: a message may quote what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
