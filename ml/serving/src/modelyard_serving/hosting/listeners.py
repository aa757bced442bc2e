"""The sockets that accept requests: one for each place a worker can have, held open for as long as the host lives.

A worker that takes another's place takes over its socket, so what the system has accepted for it is answered by the
next one and no connection is refused.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

BACKLOG = 2048


def open_listeners(host: str, port: int, *, count: int) -> list[socket.socket]:
    """So many sockets on one port; the system spreads connections over them.

    Args:
        host: An address of this machine.
        port: 0 for any free one.
        count: How many workers there will be.

    Raises:
        OSError: Nobody may listen there, or somebody does already.
    """
    first = _bound(host, port, shared=False)
    if count == 1:
        first.listen(BACKLOG)
        return [first]
    # Bound without sharing once: with it, two hosts on one port would not notice each other.
    port = first.getsockname()[1]
    first.close()
    listeners: list[socket.socket] = []
    try:
        for _ in range(count):
            listeners.append(_bound(host, port, shared=True))
        for listener in listeners:
            listener.listen(BACKLOG)
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        # Bound alone says nothing yet: two may bind one port, but only one may listen.
        if not shared:
            listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listeners: Sequence[socket.socket]) -> str:
    """Where they accept, as a URL."""
    host, port = listeners[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
