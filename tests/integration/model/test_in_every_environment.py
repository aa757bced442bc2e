"""The life of a model in an environment of kind azure, rehearsed: its connections name folders of this machine.

Settings are those of dev. What the Pulumi CLI would say of the stack's outputs is said by a script in its place.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from modelyard.environment.connections import Connections
from modelyard.environment.workspace import Workspace
from modelyard.lake.engines.embedded import EmbeddedEngine
from modelyard.lake.layers import Layer, Table
from modelyard.testing.model_fakes import PURPOSE, sample_frame
from modelyard.testing.tracking_server import tracking_server

NAME = "parcel_delay"
TABLE = Table(Layer.CURATED, PURPOSE)
ADA = ("--by", "Ada", "--reason", "it is better")
ADDRESS = "abfss://lake@stexample.dfs.core.windows.net"


class Dev:
    """A project with one model, and commands typed in it for the environment dev."""

    def __init__(self, workspace, folder):
        self.workspace, self.folder = workspace, folder
        self.lake = folder / "lake"

    def connect(self, tracking, **places):
        said = {
            "environment": "dev",
            "lake": str(self.lake),
            "tracking": tracking,
            "deployments": str(self.folder / "deployments"),
            "bundles": str(self.folder / "bundles"),
            "model_api": "http://127.0.0.1:9/{model}",
            "images": "crexample.azurecr.io",
            "outbox": str(self.folder / "outbox.jsonl"),
        }
        outputs = self.folder / "outputs.json"
        outputs.write_text(json.dumps({"connections": Connections(**{**said, **places}).model_dump()}))
        self.pulumi(f'case "$*" in *"--stack dev"*) cat "{outputs}" ;; *) exit 1 ;; esac')

    def pulumi(self, script):
        program = self.workspace.state / "bin" / "pulumi"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def append(self, rows, name):
        frame = rows.with_columns(pl.lit(name).alias("_batch"))
        EmbeddedEngine(str(self.lake)).append(TABLE, nw.from_native(frame.lazy()), transaction=name, metadata={})

    def typed(self, *words):
        places = {"MODELYARD_ROOT": str(self.workspace.root), "MODELYARD_STATE": str(self.workspace.state)}
        return subprocess.run(
            [str(Path(sys.executable).with_name("modelyard")), *words, "--env", "dev", "--format", "json"],
            cwd=self.folder,
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
        )

    def model(self, verb, *words):
        done = self.typed("model", verb, NAME, *words)
        assert done.returncode == 0, f"{verb} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)


@pytest.fixture
def dev(platform, tmp_path):
    """The project of the platform, whose environment local is left alone."""
    folder = tmp_path / "dev"
    folder.mkdir()
    place = Workspace(root=platform.workspace.root, state=folder / "state")
    place.infra.mkdir()
    return Dev(place, folder)


@pytest.mark.slow
def test_every_verb_of_a_models_life_works_in_dev_as_it_does_in_local(dev, tmp_path):
    dev.append(sample_frame(rows=4000), "first")
    server = tmp_path / "mlflow"
    server.mkdir()
    with tracking_server(server) as address:
        dev.connect(address)
        assert dev.model("train")["version"] == 1
        assert dev.model("stage")["version"] == 1
        assert dev.model("compare")["verdict"] == "first"
        dev.model("promote", *ADA)
        assert dev.model("score")["rows"] == 4000
        dev.append(sample_frame(rows=1000, months=7, seed=1), "second")
        assert dev.model("train")["version"] == 2
        assert dev.model("stage")["version"] == 2
        assert dev.model("compare")["production"] == 1
        dev.model("promote", *ADA, "--override")
        done = dev.model("score")
        assert (done["version"], done["rows"]) == (2, 1000)
        assert [one["version"] for one in dev.model("history")["decisions"]] == [1, 2]
        assert dev.model("rollback", *ADA)["version"] == 1
        assert dev.model("verify")["passed"]
    assert not (dev.workspace.state / "local").exists()
    assert not list(dev.folder.glob("abfss*"))


@pytest.mark.parametrize("place", ["lake", "bundles"])
def test_an_address_is_never_taken_for_the_name_of_a_folder(dev, place):
    dev.connect("http://127.0.0.1:9", **{place: ADDRESS})
    done = dev.typed("model", "history", NAME)
    assert done.returncode == 3
    assert f"error: environment dev has its {place} at {ADDRESS}; " in done.stderr
    assert "next: modelyard infra up local, then the same command with --env local" in done.stderr
    assert not list(dev.folder.glob("abfss*"))


def test_without_anybody_signed_in_to_azure_the_next_command_is_to_sign_in(dev):
    words = 'error: read ".pulumi/meta.yaml": blob: DefaultAzureCredential: failed to acquire a token.'
    dev.pulumi(f"echo '{words}' >&2; exit 255")
    done = dev.typed("model", "stage", NAME)
    assert done.returncode == 3
    assert "its state is in Azure, and nobody is signed in there" in done.stderr
    assert "next: az login, then the same command again; modelyard doctor dev" in done.stderr


def test_a_stack_that_was_never_brought_up_names_the_command_that_does_it(dev):
    dev.pulumi("echo \"error: no stack named 'dev' found\" >&2; exit 255")
    done = dev.typed("model", "train", NAME)
    assert done.returncode == 3
    assert "environment dev is not provisioned: Pulumi says: no stack named 'dev' found" in done.stderr
    assert "next: modelyard infra up dev" in done.stderr


def test_without_a_pulumi_cli_set_up_is_the_next_command(dev):
    done = dev.typed("model", "compare", NAME)
    assert done.returncode == 3
    assert "environment dev cannot be asked: there is no Pulumi CLI yet" in done.stderr
    assert "next: make setup" in done.stderr
