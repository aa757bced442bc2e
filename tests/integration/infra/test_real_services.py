"""The environment as it is: the real MLflow server and the real model API, on the repository's own files."""

import dataclasses
import json
import sqlite3
import urllib.error
import urllib.request

import psutil
import pytest

from modelyard.environment.stack_outputs import read_connections
from modelyard_infra.blueprint.draw import draw_local
from modelyard_infra.testing.drawing import draw_light

pytestmark = pytest.mark.slow


def call(address, body=None, *, method=None, host=None):
    headers = {"Content-Type": "application/json", **({"Host": host} if host else {})}
    request = urllib.request.Request(address, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")


def test_the_real_services_start_keep_their_data_and_come_back_on_the_same_port(place):
    operation = place.operation(draw=draw_local)
    operation.up()
    connections = read_connections(place.workspace, "local")

    experiments = f"{connections.tracking}/api/2.0/mlflow/experiments"
    made = call(f"{experiments}/create", json.dumps({"name": "flight_delay"}).encode())
    found = call(f"{experiments}/get?experiment_id={made['experiment_id']}")["experiment"]
    assert found["artifact_location"].startswith("mlflow-artifacts:/")
    call(f"{connections.tracking}/api/2.0/mlflow-artifacts/artifacts/some/file.txt", b"content", method="PUT")
    assert (place.home / "data" / "mlflow" / "artifacts" / "some" / "file.txt").read_bytes() == b"content"
    with sqlite3.connect(place.home / "data" / "mlflow" / "mlflow.db") as database:
        assert len(database.execute("select version_num from alembic_version").fetchall()) == 1
    database.close()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        call(f"{experiments}/get?experiment_id=0", host="evil.example.com")
    assert call(f"{connections.model_api}/v2/health/live") is not None

    process = place.process("mlflow")
    assert process.children() == []
    process.kill()
    psutil.wait_procs([process], timeout=10)
    assert [change.name for change in operation.refresh().changes] == ["mlflow"]
    assert [change.name for change in operation.up().changes] == ["mlflow"]
    assert read_connections(place.workspace, "local") == connections
    assert call(f"{experiments}/get?experiment_id={made['experiment_id']}")["experiment"]["name"] == "flight_delay"
    operation.down()
    assert place.processes() == []


def draw_model_api(environment, workspace):
    """The real model API beside a stand-in for MLflow."""
    real, light = draw_local(environment, workspace), draw_light(environment, workspace)
    return dataclasses.replace(light, services=(light.services[0], real.services[1]))


def test_where_the_environment_asks_for_keys_the_model_api_lets_nobody_in_without_one(own_place):
    file = own_place.workspace.environments / "local.yaml"
    file.write_text(file.read_text().replace("mode: off", "mode: keys"))
    operation = own_place.operation(draw=draw_model_api)
    operation.preview()
    assert not (own_place.home / "access").exists()
    operation.up()
    model_api = read_connections(own_place.workspace, "local").model_api
    assert call(f"{model_api}/v2/health/live") is not None
    with pytest.raises(urllib.error.HTTPError, match="401"):
        call(f"{model_api}/v2")
    assert not operation.up().has_changes

    document = own_place.home / "access" / "access.json"
    document.unlink()
    assert own_place.pulumi("preview").returncode == 0
    assert not document.exists()
    assert own_place.pulumi("up", "--yes", "--skip-preview").returncode == 0
    assert document.exists()
