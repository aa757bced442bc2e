"""Begins and ends the services of yards with `modelyard infra`, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.environment.workspace import ROOT_VARIABLE, STATE_VARIABLE

ENVIRONMENT = "local"
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class InfraYards:
    """Yards whose services `modelyard infra` supervises."""

    words: Sequence[str] | None = None
    """The command instead of `modelyard`; None for the checkout's own, else this one."""

    def up(self, yard: Path, *, checkout: Path) -> str:
        """Begins the services of a yard that was provisioned before."""
        return self._infra("up", yard, checkout) if (yard / "pulumi").is_dir() else ""

    def down(self, yard: Path, *, checkout: Path) -> str:
        """Ends the services of a yard, if it has any."""
        return self._infra("down", yard, checkout) if has_services(yard) else ""

    def _infra(self, verb: str, yard: Path, checkout: Path) -> str:
        command = [*(self.words or _modelyard(checkout)), "infra", verb, ENVIRONMENT]
        root = checkout if (checkout / "environments").is_dir() else Path.cwd()
        surroundings = {**os.environ, STATE_VARIABLE: str(yard), ROOT_VARIABLE: str(root)}
        again = f"{STATE_VARIABLE}={yard} modelyard infra {verb} {ENVIRONMENT}"
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env=surroundings,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"`infra {verb} {ENVIRONMENT}` of yard {yard.name} failed ({error}); run: {again}"
        if done.returncode == 0:
            return ""
        said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        reason = said[-1].removeprefix("error: ") if said else f"exit code {done.returncode}"
        return f"`infra {verb} {ENVIRONMENT}` of yard {yard.name} failed: {reason}; run: {again}"


def has_services(yard: Path) -> bool:
    """Whether a yard has services under supervision: each has a file that goes away with it."""
    return any((yard / ENVIRONMENT / "run").rglob("*.ini"))


def _modelyard(checkout: Path) -> list[str]:
    """The checkout's own command, else the one that runs now."""
    own = checkout / ".venv" / "bin" / "modelyard"
    return [str(own)] if own.exists() else [sys.executable, "-c", "from modelyard.cli.main import main; main()"]
