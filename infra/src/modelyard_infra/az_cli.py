"""The Azure CLI: what a platform team is signed in with already, so nothing here ever sees a credential of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from modelyard.errors import MissingToolError

PROGRAM = "az"
ANSWER_SECONDS = 300
"""The longest that one command may take; making a key vault takes a minute."""
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    """Exit code."""
    out: str
    """Its result."""
    error: str
    """What it complained about."""

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked to do."""
        return self.code == 0

    @property
    def complaint(self) -> str:
        """The last error in one line, without the word `ERROR:`."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines or [f"az ended with {self.code}"]
        return errors[0].removeprefix("ERROR:").strip()


class Az(Protocol):
    """Runs one command of the Azure CLI."""

    def run(self, arguments: Sequence[str]) -> Said:
        """Run `az` with these arguments, without asking the user anything.

        Raises:
            MissingToolError: there is no Azure CLI.
        """
        ...


class AzCli:
    """The `az` on PATH."""

    def run(self, arguments: Sequence[str]) -> Said:
        """Run it and wait."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise MissingToolError(
                "there is no Azure CLI (az) on PATH",
                hint="install it (https://learn.microsoft.com/cli/azure/install-azure-cli), then run: az login",
            )
        try:
            answer = subprocess.run(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=ANSWER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Said(TIMED_OUT, "", f"az {arguments[0]} did not answer within {ANSWER_SECONDS} seconds")
        return Said(answer.returncode, answer.stdout, answer.stderr)
