"""A PostgreSQL server of one's own, for tests: the real one, where it is installed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.testing.tracking_server import free_port

USUAL = "/usr/lib/postgresql/*/bin"
"""Where Debian keeps the server's programs, out of the PATH."""
PATIENCE = 60.0
OPEN_TO_ALL = "/tmp"  # noqa: S108 - only where the usual place is closed to the account; the folder in it is its own
_USER = "modelyard"
_ACCOUNT = "postgres"
"""PostgreSQL does not run as root; this account is there wherever Debian's package is."""


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: of the PATH, or the newest of the usual ones."""
    usual = sorted(Path("/").glob(USUAL.removeprefix("/")), key=lambda folder: folder.parent.name)
    named = shutil.which("initdb")
    folders = [*usual, *([Path(named).parent] if named else [])]
    return next((one for one in reversed(folders) if (one / "postgres").exists() and (one / "initdb").exists()), None)


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """An empty database until the block ends; gives its address.

    Args:
        programs: From `find_programs`.

    Raises:
        RuntimeError: it does not start; the message holds its log.
    """
    account = _ACCOUNT if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="modelyard-postgres-", dir=_place(account)) as parent:
        folder, port = Path(parent), free_port()
        if account is not None:
            shutil.chown(folder, account, account)
        log = folder / "log"
        making = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "--no-sync"]
        made = subprocess.run(making, check=False, capture_output=True, text=True, user=account, cwd=folder)
        if made.returncode:
            raise RuntimeError(f"no database: {made.stdout}{made.stderr}")
        serving = [str(programs / "postgres"), "-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(port)]
        serving += ["-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        with log.open("wb") as output:
            server = subprocess.Popen(serving, stdout=output, stderr=subprocess.STDOUT, user=account, cwd=folder)
        try:
            _wait(server, log)
            yield f"postgresql+psycopg2://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _place(account: str | None) -> str | None:
    """Where the account gets to: temporary folders may lie inside root's own. None for the usual place."""
    usual = Path(tempfile.gettempdir()).resolve()
    closed = account is not None and any(not one.stat().st_mode & stat.S_IXOTH for one in (usual, *usual.parents))
    return OPEN_TO_ALL if closed else None


def _wait(server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        if b"ready to accept connections" in log.read_bytes():
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start:\n{log.read_text()[-4000:]}")
