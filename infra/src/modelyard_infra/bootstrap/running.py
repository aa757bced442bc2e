"""Runs the bootstrap's steps one by one, or writes them down as a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.az_cli import Az
from modelyard_infra.bootstrap.state import StateHome
from modelyard_infra.bootstrap.steps import Step, filled


def script(home: StateHome, steps: Sequence[Step]) -> str:
    """The steps as a shell script that may be run again."""
    count = len(steps)
    lines = [
        "#!/bin/sh",
        f"# Prepares environment {home.environment} for Pulumi. It may be run again: what is there stays as it is.",
        f"# The same, step by step and with advice: modelyard infra bootstrap {home.environment} --run",
        "set -eu",
    ]
    for place, step in enumerate(steps, start=1):
        lines += ["", f"# {place}/{count} {step.title}", step.shell()]
    return "\n".join([*lines, "", f"# Then: pulumi login '{home.backend_url}'"])


def run_steps(steps: Sequence[Step], az: Az, *, home: StateHome, tell: Callable[[str], None]) -> int:
    """Run the steps in order, and stop at the first that fails.

    Args:
        steps: what to do.
        az: the Azure CLI.
        home: where the state will live.
        tell: hears about each step that is done.

    Returns:
        How many steps were there already.

    Raises:
        ProvisioningFailedError: a step failed. What was done stays, and the next run goes on from there.
        MissingToolError: there is no Azure CLI.
    """
    known: dict[str, str] = {}
    already = 0
    for place, step in enumerate(steps, start=1):
        where = f"{place}/{len(steps)} {step.title}"
        if step.unless and _found(az, filled(step.unless, known)):
            already += 1
            tell(f"{where}: there already")
            continue
        said = az.run(filled(step.command, known))
        value = said.out.strip()
        if not said.ok or (step.captures and not value):
            complaint = "Azure knows no such value" if said.ok else said.complaint
            raise _failed(home, step, where, complaint)
        if step.captures:
            known[step.captures] = value
        tell(where)
    return already


def _found(az: Az, arguments: Sequence[str]) -> bool:
    said = az.run(arguments)
    return said.ok and bool(said.out.strip())


def _failed(home: StateHome, step: Step, where: str, complaint: str) -> ProvisioningFailedError:
    again = f"modelyard infra bootstrap {home.environment} --run"
    hint = f"{step.remedy}; then run again: {again}" if step.remedy else f"put that right, then run again: {again}"
    return ProvisioningFailedError(f"bootstrap of {home.environment} stopped at step {where}: {complaint}", hint=hint)
