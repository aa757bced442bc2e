"""How a plugin of Pulumi's serves: it prints its port, and ends with the engine, whichever way that ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

import grpc

PARENT_POLL_SECONDS = 0.5


def serve(server: grpc.Server) -> None:
    """Starts a server on a free port of 127.0.0.1, says which one on stdout, and serves until the engine is gone.

    The engine ends a plugin with SIGINT. An engine that is killed outright can end nobody, so the parent is watched.
    Plugins are in a process group of their own: Ctrl-C on a terminal reaches the engine only, which then cancels.
    """
    signal.signal(signal.SIGINT, _leave)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # Nothing may stand on stdout before the port.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    server.wait_for_termination()


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(PARENT_POLL_SECONDS)
    os._exit(1)
