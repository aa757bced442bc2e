"""The program as the Automation API runs it: in this process, on an event loop of its own thread.

When the engine fails, the SDK's language server fails with it (pulumi/automation/_server.py): it cannot tell the dead
engine of its trouble, logs a stack trace through grpc, and leaves the loop open with tasks on it. The engine's own
events say what went wrong, so that trace helps nobody: it is kept off the terminal, and the loop is closed here.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Self

QUIET_SECONDS = 5.0
REST_SECONDS = 0.2
"""A loop that rests for so long is not just between two of the server's own steps of cleaning up."""
POLL_SECONDS = 0.02

_SERVER_LOG = logging.getLogger("grpc._server")


class InlineProgram:
    """A Pulumi program that cleans up after itself."""

    def __init__(self, program: Callable[[], None]) -> None:
        self._program = program
        self._loop: asyncio.AbstractEventLoop | None = None
        self._level = logging.NOTSET

    def __call__(self) -> None:
        """Runs the program; the engine calls this."""
        self._loop = asyncio.get_running_loop()
        self._program()

    def __enter__(self) -> Self:
        self._level = _SERVER_LOG.level
        _SERVER_LOG.setLevel(logging.CRITICAL + 1)
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        _SERVER_LOG.setLevel(self._level)

    def _close(self) -> None:
        """Ends what is left of the program, once the engine is done."""
        loop = self._loop
        if loop is None or not _came_to_rest(loop) or loop.is_closed():
            return
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _came_to_rest(loop: asyncio.AbstractEventLoop) -> bool:
    until = time.monotonic() + QUIET_SECONDS
    resting_since = time.monotonic()
    waiting = threading.Event()
    while not loop.is_closed() and time.monotonic() < until:
        if loop.is_running():
            resting_since = time.monotonic()
        elif time.monotonic() - resting_since >= REST_SECONDS:
            return True
        waiting.wait(POLL_SECONDS)
    return not loop.is_running()
