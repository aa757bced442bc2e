"""The registries that keep the contract: in memory, and MLflow on a server of its own."""

import hashlib
import os
from itertools import count
from pathlib import Path

import pytest

from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.registry.versions import EXAMPLE_FILE, MODEL_FILE, SIGNATURE_FILE, Registration
from modelyard.testing.registry_fakes import InMemoryRegistry
from modelyard.testing.tracking_server import tracking_server
from modelyard_bundle.digests import digest_of

KINDS = ("in memory", "mlflow")


@pytest.fixture(scope="session")
def mlflow_folder(tmp_path_factory):
    """Where the server keeps its database and its artifacts."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="session")
def mlflow_address(mlflow_folder):
    """A real MLflow server."""
    with tracking_server(mlflow_folder) as address:
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
            return f"run-{number}", str(write(tmp_path / f"source-{number}", files))

        return folder

    from modelyard.registry.mlflow_client import connect

    client = connect(request.getfixturevalue("mlflow_address"))
    experiment = client.create_experiment(f"experiment-{os.urandom(6).hex()}")

    def run(files):
        found = client.create_run(experiment)
        beside = {name: content for name, content in files.items() if name.endswith(".json")}
        client.log_artifacts(found.info.run_id, str(write(tmp_path / found.info.run_id, beside)))
        held = {name: content for name, content in files.items() if name not in beside}
        client.log_artifacts(found.info.run_id, str(write(tmp_path / f"{found.info.run_id}-model", held)), "model")
        return found.info.run_id, f"{found.info.artifact_uri}/model"

    return run


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def damage(kind, request):
    """Flips one bit of what holds a version, where the registry keeps it."""

    def flip(version):
        if kind == "in memory":
            root = Path(request.getfixturevalue("registry").store._models[version.model].sources[version.version])
        else:
            folder = request.getfixturevalue("mlflow_folder")
            (root,) = (folder / "artifacts").glob(f"*/{version.run_id}/artifacts/model")
        holder = root / version.holder
        file = holder if holder.is_file() else sorted(holder.rglob("part-*"))[0]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    return flip


@pytest.fixture
def registration(place, model, tmp_path):
    """Makes registrations whose files the registry can reach."""
    numbers = count(1)

    def make(**changes):
        number = next(numbers)
        holder = changes.get("holder", MODEL_FILE)
        held = {
            MODEL_FILE: {MODEL_FILE: f"{MODEL_FILE} of {number}".encode()},
            "sparkml": {f"sparkml/{part}": f"{part} of {number}".encode() for part in ("metadata/part-0", "data")},
        }[holder]
        beside = {name: f"{name} of {number}".encode() for name in (SIGNATURE_FILE, EXAMPLE_FILE)}
        run_id, source = place({**held, **beside})
        said = {
            "model": model,
            "run_id": run_id,
            "source": source,
            "digest": digest_of(write(tmp_path / f"copy-{number}", held) / holder),
            "fingerprint": f"fingerprint-{number}",
            "task": "binary",
            "commit": "abc",
            "data_versions": {"CURATED/parcels": number},
            "metrics": {"roc_auc": 0.7123456789012345, "log_loss": 0.5},
            "validation_rows": {"start": "2013-05-01", "end": "2013-06-01", "rows": 10, "data_versions": {}},
            "test_rows": {"start": "2013-06-01", "end": "2013-07-01", "rows": 10, "data_versions": {}},
            "learned_until": "2013-06-01",
            "libraries": {"numpy": "2"},
            "seed": 7,
            "lock": "l" * 64,
            "variant": "linear",
            "slices": ({"column": "depot", "value": "north", "rows": 5, "metric": "roc_auc", "found": 0.61},),
            **changes,
        }
        return Registration(**said)

    return make
