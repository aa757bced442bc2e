"""The whole loop on real data: `make demo`.

Six months train version 1, the whole year retrains version 2, and the second replaces the first while requests go on.
Every step asks first whether it is done, so a second run changes nothing, and a killed run continues where it was.
"""

from __future__ import annotations

import argparse
import getpass
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from modelyard.cli.main import guarded
from modelyard.cli.output import say, step
from modelyard.composition import Platform, open_platform
from modelyard.environment.workspace import Workspace
from modelyard_bundle.atomic import write_atomically
from modelyard_pipelines.data.running import data_workflow
from modelyard_pipelines.demo_model import Phase, bring_to_production
from modelyard_pipelines.demo_summary import Summary, summarise
from modelyard_pipelines.purposes.catalog import find_purpose

MODEL = "flight_delay"
ENVIRONMENT = "local"
HALVES = (
    Phase("six months", tuple(f"2013-{month:02d}" for month in range(1, 7))),
    Phase("the whole year", tuple(f"2013-{month:02d}" for month in range(7, 13))),
)


@dataclass(slots=True)
class Parts:
    """What each part of the loop took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the time of the block to a part."""
        begun = monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + monotonic() - begun, 2)


def main() -> None:
    """Runs the loop and prints the summary."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    wanted = parser.parse_args().format
    with guarded():
        summary = run(Workspace.find())
        document = summary.to_json()
        print(json.dumps(document, indent=2) if wanted == "json" else summary.text())  # noqa: T201


def run(workspace: Workspace) -> Summary:
    """The loop, from provisioning to a prediction."""
    parts = Parts()
    with parts.timed("provision"):
        provisioned = _provision()
    platform = open_platform(ENVIRONMENT, workspace)
    changed = bool(provisioned["changes"])
    for phase in HALVES:
        with parts.timed("data"):
            changed |= _ingest(platform, phase)
        with parts.timed("model"):
            changed |= bring_to_production(platform, MODEL, phase, by=_person())
    summary = summarise(platform, MODEL, parts.seconds, changed=changed)
    write_atomically(workspace.of(ENVIRONMENT) / "demo.json", json.dumps(summary.to_json(), indent=2).encode())
    return summary


def _provision() -> dict[str, Any]:
    """`modelyard infra up local`, as anybody would type it."""
    command = [str(Path(sys.executable).with_name("modelyard")), "infra", "up", ENVIRONMENT, "--format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _ingest(platform: Platform, phase: Phase) -> bool:
    """Lands, judges and stores the months of a phase."""
    changed = False
    with step(f"data: {phase.name}") as note:
        for one in data_workflow(platform, find_purpose(MODEL, platform.workspace), phase.months).run(
            lambda title: _quiet(title, note)
        ):
            changed |= one.outcome.changed
    return changed


@contextmanager
def _quiet(title: str, note: Any) -> Iterator[Any]:  # noqa: ANN401
    """A step inside a step: its words go to the outer line."""
    note(title)
    yield lambda words: note(f"{title}: {words}")


def _person() -> str:
    """Who runs the demo, and so promotes: git's name, else the account's."""
    named = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        return named or getpass.getuser()
    except OSError:
        return "whoever ran make demo"


if __name__ == "__main__":
    say("Modelyard: the whole loop on this machine")
    main()
