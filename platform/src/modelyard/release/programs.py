"""Runs programs of others: what they say is kept, and nobody is asked anything."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import MissingToolError, ServiceUnavailableError

_LAST_LINES = 8


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said."""

    code: int
    """Exit code."""
    out: str
    error: str

    @property
    def complaint(self) -> str:
        """Why it failed, in one line: its own line with ERROR, or the last ones."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines[-_LAST_LINES:]
        return " | ".join(line.removeprefix("ERROR:").strip() for line in errors)[:800] or f"exit code {self.code}"


def run(
    command: Sequence[str],
    *,
    missing: str,
    seconds: float = 300.0,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Said:
    """Run a program and wait for it.

    Args:
        command: The program and its arguments.
        missing: The next step where there is no such program.
        seconds: How long it may take.
        folder: Where it runs; here unless told.
        environment: Its environment; this process's unless told.

    Raises:
        MissingToolError: There is no such program.
        ServiceUnavailableError: It took too long.
    """
    program = shutil.which(command[0])
    if program is None:
        raise MissingToolError(f"{command[0]} is not on this machine", hint=missing)
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            cwd=folder,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceUnavailableError(
            f"{' '.join(command[:2])} did not end within {seconds:g} seconds", hint="run the same command again"
        ) from error
    return Said(done.returncode, done.stdout, done.stderr)
