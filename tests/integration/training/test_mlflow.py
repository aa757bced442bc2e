"""What a training leaves behind on a real MLflow server."""

import json
import signal
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from modelyard.errors import ServiceUnavailableError, exit_code_of
from modelyard.models.storage import open_model
from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.testing.model_fakes import sample_frame
from modelyard.testing.tracking_server import free_port
from modelyard_bundle.example import Example
from modelyard_bundle.signature import Signature
from modelyard_training.mlflow_tracker import MlflowTracker


def runs_of(client, name):
    experiment = client.get_experiment_by_name(name)
    return [] if experiment is None else client.search_runs([experiment.experiment_id])


@pytest.fixture
def trained(run, client):
    """A finished training and its run; made once for all tests that look at it."""
    done = run("parcels_looked_at")
    return done.version, client.get_run(done.version.run_id)


def test_the_run_says_what_it_was_made_of(trained):
    _, run = trained
    assert run.info.status == "FINISHED"
    assert {"strength", "seed", "search_trials"} <= set(run.data.params)
    assert {"validation_roc_auc", "test_roc_auc", "rows_train", "seconds"} <= set(run.data.metrics)
    tags = run.data.tags
    assert (tags["candidate"], tags["commit"], tags["lock"]) == ("true", "abc-dirty", "l" * 64)
    assert tags["data_version.CURATED/parcels"] == "4"
    assert tags["library.numpy"] == "2.4"


def test_the_data_is_an_input_of_the_run_at_its_version(trained):
    _, run = trained
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("CURATED/parcels", "delta-4")
    assert json.loads(given.dataset.source) == {"delta_table_name": "CURATED/parcels", "delta_table_version": 4}


def test_the_run_holds_plots_signature_example_and_report(trained, client):
    version, _ = trained
    files = {file.path for file in client.list_artifacts(version.run_id)}
    assert {"roc.png", "calibration.png", "importance.png", "signature.json", "example.json", "report.json"} <= files


def test_the_model_is_skops_and_nothing_of_it_is_pickled(trained, client):
    version, run = trained
    (output,) = run.outputs.model_outputs
    files = {file.path for file in client.list_logged_model_artifacts(output.model_id)}
    assert "model.skops" in files
    assert not [file for file in files if file.endswith((".pkl", ".pickle", ".joblib"))]
    assert version.metrics["roc_auc"] == pytest.approx(run.data.metrics["validation_roc_auc"])


def test_the_version_downloads_with_the_digest_it_was_registered_with_and_repeats_its_example(
    trained, registry, tmp_path
):
    version, _ = trained
    folder = registry.download(version.model, version.version, tmp_path / "download")
    model = open_model(folder, digest=version.digest)
    example = Example.from_json((folder / "example.json").read_bytes())
    names = Signature.from_json((folder / "signature.json").read_bytes()).names
    rows = pl.DataFrame(example.columns(), schema=sample_frame().select(names).schema)
    assert np.allclose(model.predict(rows), example.predictions, rtol=0, atol=1e-12)


def test_the_same_training_leaves_one_run_and_one_version(run, client, registry):
    first = run("parcels_twice")
    again = run("parcels_twice")
    assert (first.fresh, again.fresh) == (True, False)
    assert again.version == first.version
    assert len(runs_of(client, "parcels_twice")) == 1
    assert len(registry.versions("parcels_twice")) == 1


PROGRAM = """
import os, signal, sys
from pathlib import Path
from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import Provenance
from modelyard_training.training import train

address, name, ledger, place = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Tracker(MlflowTracker):
    pass

class Registry(MlflowRegistry):
    pass

owner = {"_log_model": Tracker, "_log": Tracker, "register": Registry}[place]
setattr(owner, place, die)
train(
    sample_spec(name=name), sample_frame, tracker=Tracker(address), registry=Registry(address, Path(ledger)),
    data_versions={"CURATED/parcels": 4}, source="s" * 64,
    provenance=Provenance(commit="abc-dirty", lock="l" * 64, libraries={"numpy": "2.4", "skops": "0.16"}),
)
"""


@pytest.mark.parametrize("place", ["_log_model", "_log", "register"])
def test_a_training_killed_while_it_records_is_run_again_without_a_trace(
    run, client, registry, address, tmp_path, place
):
    name = f"parcels_killed{place}" if place.startswith("_") else f"parcels_killed_{place}"
    command = [sys.executable, "-c", PROGRAM, address, name, str(tmp_path / "ledger"), place]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert registry.versions(name) == ()
    done = run(name)
    assert done.fresh == (place != "register")
    assert [version.version for version in registry.versions(name)] == [1]
    finished = [found for found in runs_of(client, name) if found.info.status == "FINISHED"]
    assert [found.info.run_id for found in finished] == [done.version.run_id]
    assert not [found for found in runs_of(client, name) if found.info.status == "RUNNING"]
    assert not run(name).fresh


def test_a_server_that_does_not_answer_may_be_tried_again(tmp_path, run):
    nowhere = f"http://127.0.0.1:{free_port()}"
    registry = MlflowRegistry(nowhere, tmp_path / "ledger")
    for ask in (lambda: registry.versions("parcels"), lambda: MlflowTracker(nowhere).finished("parcels", "f")):
        with pytest.raises(ServiceUnavailableError, match="does not answer") as unavailable:
            ask()
        assert exit_code_of(unavailable.value) == 75
        assert "modelyard infra up" in unavailable.value.hint


def test_an_unknown_environment_ends_the_job_with_the_exit_code_for_configuration():
    command = [sys.executable, "-m", "modelyard_training", "flight_delay", "--env", "nowhere"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr
