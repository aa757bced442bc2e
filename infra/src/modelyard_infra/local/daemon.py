"""supervisord: one per environment, reached over a unix socket and never over the network.

It runs in its own session, so it outlives Pulumi, the shell and the terminal that started it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from modelyard_infra.local.kinds import LocalResourceError
from modelyard_infra.local.procedures import UNREACHABLE, call
from modelyard_infra.local.processes import MARK, mark_of

NAME = "supervisor"
LONGEST_SOCKET_PATH = 100
"""A unix socket's path is limited to 104 bytes on macOS and 108 on Linux."""
START_SECONDS = 30
SOCKET_NAME = "s.sock"

KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")
"""What services inherit. Everything else stays behind: Pulumi's passphrase and the user's secrets are no business
of a service."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where one environment's supervisord keeps its things."""

    home: Path
    """The environment's state folder: the mark of all its processes."""
    run: Path
    logs: Path
    socket: Path

    @classmethod
    def at(cls, home: Path, run: Path, logs: Path) -> Daemon:
        """The daemon of an environment, with a socket in a short private folder whatever the state's path is."""
        return cls(home, run, logs, socket_folder(home) / SOCKET_NAME)

    @property
    def services(self) -> Path:
        """The folder with one ini file and one JSON file per service."""
        return self.run / "services"

    @property
    def log(self) -> Path:
        """supervisord's own log: what started, what ended and how."""
        return self.logs / f"{NAME}.log"

    def start(self) -> str:
        """Starts it and returns its instance: a name that no other run of it has.

        Raises:
            LocalResourceError: it did not start; the message carries its own words.
        """
        for folder in (self.services, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        make_private(self.socket.parent)
        self.socket.unlink(missing_ok=True)
        configuration = self.run / "supervisord.conf"
        instance = secrets.token_hex(8)
        configuration.write_text(_configuration(self, instance))
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        try:
            started = subprocess.run(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
                env={**kept, MARK: mark_of(self.home, NAME)},
                cwd=self.run,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=START_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LocalResourceError(f"supervisord did not start within {START_SECONDS} s; see {self.log}") from error
        if started.returncode != 0:
            raise LocalResourceError(f"supervisord did not start: {started.stderr.strip() or started.stdout.strip()}")
        return instance


def pid_of(socket: Path | str) -> int | None:
    """The process id of the supervisord behind a socket, or None if nobody answers."""
    try:
        return int(call(socket, "getPID"))
    except UNREACHABLE:
        return None


def instance_of(socket: Path | str) -> str | None:
    """What tells this run of the supervisord behind a socket from every other one, or None if nobody answers."""
    try:
        return str(call(socket, "getIdentification"))
    except UNREACHABLE:
        return None


def socket_folder(home: Path) -> Path:
    """The private folder for the socket, named by a hash of the state's path so that checkouts stay apart."""
    name = f"modelyard-{os.getuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    too_long = len(os.fsencode(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH
    return Path("/tmp") / name if too_long else folder  # noqa: S108 - make_private refuses a folder of somebody else


def make_private(folder: Path) -> None:
    """Makes a folder that only this user can enter.

    Raises:
        LocalResourceError: something of this name is there and is not ours.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LocalResourceError(f"{folder} belongs to somebody else; remove it, or set TMPDIR to a folder of your own")
    folder.chmod(0o700)


def quoted(path: Path | str) -> str:
    """A path in an ini file of supervisord, where a percent sign begins an expansion."""
    return str(path).replace("%", "%%")


def _configuration(daemon: Daemon, instance: str) -> str:
    # No [inet_http_server]: supervisord never listens on TCP. minfds is small because a container's limit may be.
    return f"""[unix_http_server]
file = {quoted(daemon.socket)}
chmod = 0600

[supervisord]
identifier = {instance}
logfile = {quoted(daemon.log)}
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = {quoted(daemon.run / "supervisord.pid")}
childlogdir = {quoted(daemon.logs)}
nocleanup = true
minfds = 256
minprocs = 32

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = services/*.ini
"""
