"""A project with nothing in it but environments, provisioned as the engine would have left it, and a bare file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[3]


class Yard:
    """A project of its own, and commands typed in it."""

    def __init__(self, root):
        self.root = root
        self.state = root / ".modelyard"

    def provision(self):
        data = self.state / "local" / "data"
        connections = {
            "environment": "local",
            "lake": str(data / "lake"),
            "tracking": "http://127.0.0.1:9",
            "deployments": str(data / "deployments"),
            "bundles": str(data / "bundles"),
            "model_api": "http://127.0.0.1:9",
            "outbox": str(data / "outbox.jsonl"),
        }
        stack = {"type": "pulumi:pulumi:Stack", "outputs": {"connections": connections}}
        file = self.state / "pulumi" / ".pulumi" / "stacks" / "modelyard" / "local.json"
        for folder in (file.parent, data / "lake"):
            folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}))

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
        return {**kept, "MODELYARD_ROOT": str(self.root), "MODELYARD_STATE": str(self.state)}

    def run(self, *words, expect=0, answers=None):
        """What a command prints; `answers` are typed line by line."""
        command = [str(Path(sys.executable).with_name("modelyard")), *words]
        done = subprocess.run(
            command, env=self.environment(), cwd=self.root, capture_output=True, text=True, check=False, input=answers
        )
        assert done.returncode == expect, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words, expect=0):
        return json.loads(self.run(*words, "--format", "json", expect=expect).stdout)

    def files(self):
        """Every file that people would see in git."""
        found = (file.relative_to(self.root) for file in self.root.rglob("*") if file.is_file())
        return {one.as_posix() for one in found if one.parts[0] not in {".modelyard", "environments"}}


def build(root):
    shutil.copytree(ROOT / "environments", root / "environments")
    made = Yard(root)
    made.provision()
    return made


def write_members(path, *, rows=900, seed=3):
    """A file that the yard has never seen: members of a gym, and who quit."""
    dice = np.random.default_rng(seed)
    visits, fee = dice.poisson(6, rows), dice.uniform(20, 90, rows).round(2)
    quit_ = dice.random(rows) < 1 / (1 + np.exp(0.45 * visits - 0.03 * fee - 0.4))
    frame = pl.DataFrame(
        {
            "Member ID": [f"M{number:05}" for number in range(rows)],
            "E-mail": [f"somebody{number}@example.org" for number in range(rows)],
            "visits": visits,
            "Monthly Fee": fee,
            "plan": dice.choice(["basic", "plus"], rows),
            "quit": np.where(quit_, "yes", "no"),
        }
    )
    frame.write_csv(path)
    return path


@pytest.fixture
def yard(tmp_path):
    return build(tmp_path / "project")


@pytest.fixture
def members(yard):
    """Writes the file into the project."""

    def write(name="gym.csv", **more):
        return write_members(yard.root / name, **more)

    return write


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """A project in which CURATED/gym is the file. Not to be changed."""
    made = build(tmp_path_factory.mktemp("gym") / "project")
    write_members(made.root / "gym.csv")
    made.run("data", "new", "gym", "--from", "gym.csv")
    made.run("data", "ingest", "gym")
    made.run("data", "curate", "gym")
    return made


@pytest.fixture
def curated(tmp_path, stored):
    """A copy of that project."""
    root = tmp_path / "project"
    shutil.copytree(stored.root, root)
    made = Yard(root)
    made.provision()
    return made
