"""A real MLflow server, and trainings that go to it."""

import pytest

from modelyard.registry.mlflow_client import connect
from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard.testing.tracking_server import tracking_server
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import Provenance
from modelyard_training.training import train


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    with tracking_server(tmp_path_factory.mktemp("mlflow")) as found:
        yield found


@pytest.fixture(scope="session")
def client(address):
    return connect(address)


@pytest.fixture
def registry(address, tmp_path):
    return MlflowRegistry(tracking=address, ledger=tmp_path / "ledger")


@pytest.fixture
def run(address, registry):
    """Trains the sample model under a name of its own."""

    def trained(name, *, tracker=None, **changes):
        said = {
            "data_versions": {"CURATED/parcels": 4},
            "source": "s" * 64,
            "provenance": Provenance(commit="abc-dirty", lock="l" * 64, libraries={"numpy": "2.4", "skops": "0.16"}),
            **changes,
        }
        used = tracker or MlflowTracker(address)
        return train(sample_spec(name=name), sample_frame, tracker=used, registry=registry, **said)

    return trained
