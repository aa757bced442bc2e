"""`modelyard serve smoke URL`, as a person and as a pipeline call it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.environment.connections import STACK_OUTPUT, Connections
from modelyard.environment.stack_outputs import STACK_TYPE, checkpoint_file
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, ModelApiUnreachableError, ReleaseRefusedError
from modelyard.release.keys import KeyRing
from modelyard_bundle import replace_pointer
from modelyard_pipelines.commands.serve import serve

REPOSITORY = Path(__file__).resolve().parents[3]
VARIABLE = "SUITE_KEY"


@pytest.fixture
def place(start, train, tmp_path, monkeypatch):
    """A project whose local environment has one model deployed, and a model API that asks for keys."""
    root = tmp_path / "project"
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    (root / "ml" / "models").mkdir(parents=True)
    monkeypatch.setenv("MODELYARD_ROOT", str(root))
    monkeypatch.setenv("MODELYARD_STATE", str(tmp_path / "state"))
    ring = KeyRing(tmp_path / "access" / "keys.json", tmp_path / "access" / "pepper")
    ring.draw_pepper()
    ring.write_empty()
    document = {"mode": "keys", "keys": {"file": "keys.json", "pepper": {"variable": None, "file": "pepper"}}}
    (tmp_path / "access" / "access.json").write_text(json.dumps(document))
    every = ("predict", "explain", "read", "metrics")
    key = ring.issue("suite", roles=every, models=None, lifetime=timedelta(days=1), now=datetime.now(UTC)).key
    api = start(access=str(tmp_path / "access" / "access.json"))
    pointer = train().deploy(api.bundles, api.deployments, version="1")
    replace_pointer(tmp_path / "deployed", pointer)
    api.ready()
    connections = Connections(
        environment="local",
        lake=str(tmp_path / "lake"),
        tracking="http://127.0.0.1:9",
        deployments=str(tmp_path / "deployed"),
        bundles=str(api.bundles),
        model_api="http://127.0.0.1:9",
        outbox=str(tmp_path / "outbox.jsonl"),
    )
    provision(Workspace(root=root, state=tmp_path / "state"), connections)
    return api, key


def provision(workspace, connections):
    """As if the environment's stack had been brought up."""
    file = checkpoint_file(workspace, "local")
    file.parent.mkdir(parents=True)
    stack = {"type": STACK_TYPE, "outputs": {STACK_OUTPUT: connections.model_dump(mode="json")}}
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}))


def smoke(*words, **variables):
    return CliRunner().invoke(serve, ["smoke", *words], env=variables)


def test_people_get_a_table_and_machines_get_json(place):
    api, key = place
    shown = smoke(api.url, "--key-variable", VARIABLE, **{VARIABLE: key})
    assert shown.exit_code == 0, shown.output
    for text in ("requests", "p95 ms", "it repeats the recorded predictions in binary tensors", "7 of 7 checks passed"):
        assert text in shown.stdout
    document = json.loads(smoke(api.url, "--key-variable", VARIABLE, "--format", "json", **{VARIABLE: key}).stdout)
    assert (document["passed"], document["model"], document["version"]) == (True, "tiny", "1")
    assert document["requests"] == sum(check["requests"] for check in document["checks"]) > 10
    assert key not in shown.output + json.dumps(document)


def test_an_address_that_lets_nobody_in_without_a_key_says_how_to_bring_one(place):
    api, _ = place
    refused = smoke(api.url)
    assert isinstance(refused.exception, ModelApiUnreachableError)
    assert "no API key" in refused.exception.message
    assert "--key-variable" in refused.exception.hint
    named = smoke(api.url, "--model", "tiny")
    assert isinstance(named.exception, ReleaseRefusedError)
    assert "FAILED" in named.stdout


def test_a_variable_that_is_not_set_is_said_before_anything_is_asked(place):
    refused = smoke("http://127.0.0.1:9", "--key-variable", VARIABLE, **{VARIABLE: None})
    assert isinstance(refused.exception, ConfigurationError)
    assert VARIABLE in refused.exception.message


def test_another_version_than_the_deployed_one_fails_the_command(place, train, until):
    api, key = place
    train(seed=2).deploy(api.bundles, api.deployments, version="2")
    until(lambda: api.api.get("/v2/health/ready").headers.get("x-model-version") == "2")
    found = smoke(api.url, "--key-variable", VARIABLE, "--format", "json", **{VARIABLE: key})
    assert isinstance(found.exception, ReleaseRefusedError)
    document = json.loads(found.stdout)
    assert (document["passed"], document["version"]) == (False, "1")
    assert "versions ['2'], expected ['1']" in json.dumps(document)


def test_without_an_address_the_environments_own_model_api_is_asked(place):
    refused = smoke("--model", "tiny")
    assert isinstance(refused.exception, ReleaseRefusedError)
    assert "no model API answers at http://127.0.0.1:9" in refused.stdout
