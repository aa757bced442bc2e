"""Ports on 127.0.0.1: choosing one, keeping it, and saying who has it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

import psutil

HOST = "127.0.0.1"
MAXIMUM_TRIES = 200
CHOICES = range(20_000, 30_000)
"""Below the ports that systems hand out for outgoing connections, so that a kept port stays free while it is unused."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections of an earlier server that are still closing don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(preferred: Iterable[int | None], *, avoid: Collection[int] = ()) -> int:
    """The first preferred port that is free, else any free port.

    Raises:
        OSError: this machine gives no port at all.
    """
    for port in preferred:
        if port is not None and port not in avoid and is_free(port):
            return port
    for _ in range(MAXIMUM_TRIES):
        port = secrets.choice(CHOICES)
        if port not in avoid and is_free(port):
            return port
    raise OSError("no free port was found on 127.0.0.1")


def holder(port: int) -> str:
    """Who listens on this port, as far as this user may know: `python (process 123)`, or an empty string."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return ""
    for connection in connections:
        if _listens(connection, port) and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return ""


def held_by(port: int, processes: Iterable[psutil.Process]) -> bool:
    """Whether one of these processes listens on this port."""
    for process in processes:
        try:
            if any(_listens(connection, port) for connection in process.net_connections(kind="tcp")):
                return True
        except (psutil.Error, OSError):
            continue
    return False


def recall(file: Path) -> int | None:
    """The port that was kept in a file, or None."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def remember(file: Path, port: int) -> None:
    """Keeps a port in a file, so that it survives `down`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{port}\n")


def _listens(connection: object, port: int) -> bool:
    local = getattr(connection, "laddr", None)
    return bool(local) and getattr(connection, "status", "") == psutil.CONN_LISTEN and local.port == port  # type: ignore[union-attr]
