"""The process's log: one JSON object a line, written beside the event loop so that a blocked sink blocks nobody."""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import BinaryIO

import orjson

_WAITING = 10_000


class LogWriter:
    """Takes events and writes them in a thread of its own; what does not fit is counted and dropped."""

    def __init__(self, sink: BinaryIO | None = None) -> None:
        self._sink = sink or sys.stderr.buffer
        self._events: queue.Queue[bytes | None] = queue.Queue(maxsize=_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def event(self, event: str, **fields: object) -> None:
        """Log one event. Never blocks, never fails, never takes a request's body."""
        record: dict[str, object] = {"time": time.time(), "event": event, **fields}
        if self._dropped:
            record["dropped_before"] = self._dropped
        try:
            self._events.put_nowait(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE, default=str))
        except queue.Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def close(self, *, seconds: float = 1.0) -> None:
        """Write what is waiting, but not longer than `seconds`."""
        try:
            self._events.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _write(self) -> None:
        while (line := self._events.get()) is not None:
            # A full disk or a closed pipe must not stop predictions; the next line tries again.
            with suppress(OSError, ValueError):
                self._sink.write(line)
                if self._events.empty():
                    self._sink.flush()
        # The end may have been waiting behind the last line, which then is written and not yet flushed.
        with suppress(OSError, ValueError):
            self._sink.flush()


def where_it_failed(error: BaseException) -> list[str]:
    """The places an error passed through, without its message: a message may quote what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
