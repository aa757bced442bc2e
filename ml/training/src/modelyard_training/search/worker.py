"""A worker's process: `python -m modelyard_training.search.worker DESCRIPTOR`. It answers one call after another.

What it works with comes once, over the connection: the declaration by name, and the rows as a file that is mapped
into memory. What it prints goes to stderr. It ends with its connection, or when its parent is gone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


def serve(connection: Connection) -> None:
    """Open the workshop that is sent first, then answer its calls until nobody asks any more."""
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        opened: Callable[[Any], Any] = connection.recv()()
        connection.send(None)  # ready: what comes from now on is an answer
        while True:
            connection.send(opened(connection.recv()))


def _end_with(parent: int) -> None:
    """A worker in the middle of a long fit does not outlive a parent that was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Serve on the inherited descriptor."""
    os.dup2(2, 1)  # whatever a model prints, the connection stays clean
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
