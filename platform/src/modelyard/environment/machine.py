"""What this machine has: looked up only when asked, through one small contract that tests stand in for."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

REACH_SECONDS = 5.0


class Machine(Protocol):
    """What `modelyard doctor` looks at."""

    @property
    def system(self) -> str:
        """The operating system, as `sys.platform` names it."""
        ...

    @property
    def python(self) -> tuple[int, int]:
        """Version of the Python that runs this, major and minor."""
        ...

    def program(self, name: str) -> str:
        """Path of a program, or empty where there is none."""
        ...

    def free_bytes(self, folder: Path) -> int:
        """Free space where the folder is, or would be."""
        ...

    def why_not_writable(self, folder: Path) -> str:
        """Why nothing can be written into the folder; empty when it can."""
        ...

    def port_is_free(self, port: int) -> bool:
        """Whether a service may listen at 127.0.0.1:port."""
        ...

    def variable(self, name: str) -> str:
        """An environment variable, or empty."""
        ...

    def reaches(self, address: str) -> bool:
        """Whether an address answers at all, whatever it says."""
        ...


class ThisMachine:
    """The machine that this process runs on."""

    system = sys.platform
    python = (sys.version_info.major, sys.version_info.minor)

    def program(self, name: str) -> str:
        """Path of a program on PATH, or empty."""
        return shutil.which(name) or ""

    def free_bytes(self, folder: Path) -> int:
        """Free space of the file system that the folder is on, or would be on."""
        return shutil.disk_usage(nearest_existing(folder)).free

    def why_not_writable(self, folder: Path) -> str:
        """Try to write; nothing is left behind."""
        try:
            with tempfile.TemporaryFile(dir=nearest_existing(folder)) as probe:
                probe.write(b"x")
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def port_is_free(self, port: int) -> bool:
        """Listen for a moment."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen(1)
            except OSError:
                return False
        return True

    def variable(self, name: str) -> str:
        """An environment variable, or empty."""
        return os.environ.get(name, "")

    def reaches(self, address: str) -> bool:
        """Ask for the address's head, through the proxy that the surroundings name."""
        try:
            request = urllib.request.Request(address, method="HEAD")  # noqa: S310  (addresses of package registries)
            with urllib.request.urlopen(request, timeout=REACH_SECONDS):  # noqa: S310
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except (OSError, ValueError):
            return False


def nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.is_dir()), Path("/"))
