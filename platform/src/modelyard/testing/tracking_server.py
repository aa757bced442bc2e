"""A tracking server of one's own, for tests: the process that the local environment runs, on a free port."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = "modelyard_infra.local.tracking"
PATIENCE = 120.0
"""Seconds until a server must answer; it takes a few on an idle machine."""


@contextmanager
def tracking_server(folder: Path) -> Iterator[str]:
    """Serve MLflow from `folder` until the block ends; gives its address.

    Raises:
        RuntimeError: the server stopped or does not answer; the message holds its log.
    """
    port = free_port()
    address, log = f"http://127.0.0.1:{port}", folder / "server.log"
    command = [sys.executable, "-m", SERVER, "--database", str(folder / "mlflow.db")]
    command += ["--artifacts", str(folder / "artifacts"), "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(server, address, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 - our own server on this machine
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"no tracking server at {address}:\n{log.read_text()[-4000:]}")
