"""Yards to measure in: a state of its own in a temporary folder, with one month stored and the next one landed.

Nothing is provisioned, since no service takes part in the data workflow: the stack's answer is written as the engine
would have left it, and the command line opens it like any other.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from processes import ROOT, Ended, environment, run

PURPOSE = "flight_delay"
STORED_MONTH = "2013-01"
MONTH = "2013-02"
SOURCES = ("flights", "weather")
"""What comes every month. Planes are a snapshot and stored already."""
TABLES = ("RAW/flights", "RAW/weather", "CLEAN/flights", "CLEAN/weather", "CURATED/flight_delay")
"""What one month changes."""


@dataclass(frozen=True, slots=True)
class Yard:
    """One state folder."""

    state: Path

    @property
    def lake(self) -> Path:
        """The root of the lake's file system."""
        return self.state / "local" / "data" / "lake" / "lake"

    def file(self, source: str, month: str) -> Path:
        """A landed file."""
        return self.lake / "source" / source / f"{source}-{month}.csv"

    def run(self, *words: str) -> Ended:
        """A cold `modelyard` process on this state."""
        command = [str(Path(sys.executable).with_name("modelyard")), *words]
        return run(command, env=environment(MODELYARD_STATE=str(self.state), MODELYARD_ROOT=str(ROOT)))

    def copy(self, state: Path) -> Yard:
        """The same yard in another place, and nothing of it shared."""
        shutil.copytree(self.state, state)
        yard = Yard(state)
        yard.provision()
        return yard

    def provision(self) -> None:
        """Writes what the stack answers, in the form in which the file backend keeps it."""
        data = self.state / "local" / "data"
        connections = {
            "environment": "local",
            "lake": str(self.lake),
            "tracking": "http://127.0.0.1:9",
            "deployments": str(data / "deployments"),
            "bundles": str(data / "bundles"),
            "model_api": "http://127.0.0.1:9",
            "outbox": str(data / "outbox.jsonl"),
        }
        stack = {"type": "pulumi:pulumi:Stack", "outputs": {"connections": connections}}
        file = self.state / "pulumi" / ".pulumi" / "stacks" / "modelyard" / "local.json"
        for folder in (file.parent, self.lake):
            folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}), encoding="utf-8")


def prepare(state: Path) -> Yard:
    """A yard whose lake holds the month before, with the month to be measured landed and not yet offered."""
    yard = Yard(state)
    yard.provision()
    yard.run("data", "run", PURPOSE, "--month", STORED_MONTH)
    for source in SOURCES:
        yard.run("data", "land", source, "--month", MONTH)
    return yard
