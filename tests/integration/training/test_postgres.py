"""MLflow on a real PostgreSQL: what holds on SQLite holds there as well."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from modelyard.registry.mlflow_client import connect
from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard.testing.postgres_server import find_programs, postgres_server
from modelyard.testing.tracking_server import free_port
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import Provenance
from modelyard_training.training import train

pytest.importorskip("psycopg2", reason="MLflow reaches PostgreSQL through psycopg2, which is not installed")
PROGRAMS = find_programs()
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is neither on the PATH nor in Debian's folders")

SERVE = """
import sys
from pathlib import Path
from modelyard_infra.local.tracking import configure, migrate, serve

database, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
configure(database, folder / "artifacts", port=port)
migrate(database, folder / "unused.db")
serve("127.0.0.1", port, workers=1)
"""


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory):
    """The address of an MLflow server that keeps everything in PostgreSQL."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    address, log = f"http://127.0.0.1:{port}", folder / "log"
    with postgres_server(PROGRAMS) as database, log.open("wb") as output:
        command = [sys.executable, "-c", SERVE, database, str(folder), str(port)]
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            answered = False
            until = time.monotonic() + 120
            while not answered and time.monotonic() < until and server.poll() is None:
                try:
                    answered = urllib.request.urlopen(f"{address}/health", timeout=5).status == 200
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    time.sleep(0.1)
            assert answered, log.read_text()[-4000:]
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def test_a_version_lives_its_whole_life_there(on_postgres, tmp_path):
    registry, tracker = MlflowRegistry(on_postgres, tmp_path / "ledger"), MlflowTracker(on_postgres)

    def trained(seed):
        return train(
            sample_spec(name="parcels"),
            sample_frame,
            data_versions={"CURATED/parcels": 4},
            source="s" * 64,
            tracker=tracker,
            registry=registry,
            provenance=Provenance(commit="abc", lock="l" * 64, libraries={"numpy": "2.4", "skops": "0.16"}),
            seed=seed,
        )

    for seed in (1, 2):
        done = trained(seed)
        registry.stage("parcels", done.version.version)
        registry.promote("parcels", done.version.version, by="Ada", reason="better", evidence="e" * 64)
    assert not trained(1).fresh
    registry.roll_back("parcels", by="Grace", reason="complaints")
    assert [one.stage for one in registry.versions("parcels")] == ["production", "archived"]
    assert [one.decision.action for one in registry.history("parcels")] == ["promotion", "promotion", "rollback"]
    run = connect(on_postgres).get_run(registry.production("parcels").run_id)
    assert [given.dataset.digest for given in run.inputs.dataset_inputs] == ["delta-4"]
    assert "candidate" not in run.data.tags
    files = {file.name for file in registry.download("parcels", 1, tmp_path / "version").iterdir()}
    assert files == {"model.skops", "signature.json", "example.json"}
