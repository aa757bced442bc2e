"""The registries that keep the contract: in memory, and MLflow on a server of its own."""

import hashlib
import os
from itertools import count

import pytest

from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.registry.versions import ARTIFACTS, MODEL_FILE, Registration
from modelyard.testing.registry_fakes import InMemoryRegistry
from modelyard.testing.tracking_server import tracking_server

KINDS = ("in memory", "mlflow")


@pytest.fixture(scope="session")
def mlflow_address(tmp_path_factory):
    """A real MLflow server."""
    with tracking_server(tmp_path_factory.mktemp("mlflow")) as address:
        yield address


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def registry(kind, tmp_path, request):
    if kind == "in memory":
        return InMemoryRegistry(tmp_path / "ledger", patience=0.2)
    return MlflowRegistry(tracking=request.getfixturevalue("mlflow_address"), ledger=tmp_path / "ledger", patience=0.2)


@pytest.fixture
def model(request):
    """A model's name that no other test uses."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()
    return f"parcels_{digest[:12]}"


@pytest.fixture
def place(kind, tmp_path, request):
    """Puts files where the registry keeps them: gives a run's identifier and a source."""
    numbers = count(1)
    if kind == "in memory":

        def folder(files):
            number = next(numbers)
            target = tmp_path / f"source-{number}"
            target.mkdir()
            for name, content in files.items():
                (target / name).write_bytes(content)
            return f"run-{number}", str(target)

        return folder

    from modelyard.registry.mlflow_client import connect

    client = connect(request.getfixturevalue("mlflow_address"))
    experiment = client.create_experiment(f"experiment-{os.urandom(6).hex()}")

    def run(files):
        found = client.create_run(experiment)
        folder = tmp_path / found.info.run_id
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
            client.log_artifact(found.info.run_id, str(folder / name), "model" if name == MODEL_FILE else None)
        return found.info.run_id, f"{found.info.artifact_uri}/model"

    return run


@pytest.fixture
def registration(place, model):
    """Makes registrations whose files the registry can reach."""
    numbers = count(1)

    def make(**changes):
        number = next(numbers)
        files = {name: f"{name} of {number}".encode() for name in ARTIFACTS}
        run_id, source = place(files)
        said = {
            "model": model,
            "run_id": run_id,
            "source": source,
            "digest": hashlib.sha256(files[MODEL_FILE]).hexdigest(),
            "fingerprint": f"fingerprint-{number}",
            "task": "binary",
            "commit": "abc",
            "data_versions": {"CURATED/parcels": number},
            "metrics": {"roc_auc": 0.7123456789012345, "log_loss": 0.5},
            "validation_rows": {"start": "2013-05-01", "end": "2013-06-01", "rows": 10, "data_versions": {}},
            "test_rows": {"start": "2013-06-01", "end": "2013-07-01", "rows": 10, "data_versions": {}},
            "learned_until": "2013-06-01",
            "libraries": {"numpy": "2"},
            **changes,
        }
        return Registration(**said)

    return make
