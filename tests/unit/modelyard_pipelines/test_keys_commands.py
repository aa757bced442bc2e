"""`modelyard serve keys …`: a key is printed once, to stdout alone; what people need to know goes to stderr."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard_pipelines.commands.serve import serve

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a verb in a project of its own; local asks for keys there."""
    for folder in ("environments", "ml/models"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    local = tmp_path / "environments" / "local.yaml"
    local.write_text(local.read_text().replace("mode: off", "mode: keys"))
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    monkeypatch.setenv("MODELYARD_STATE", str(tmp_path / "state"))

    def running(*words):
        return CliRunner().invoke(serve, ["keys", *words])

    return running


def test_a_key_is_issued_listed_and_revoked(run):
    added = run("add", "desk", "--role", "predict", "--model", "flight_delay", "--days", "7")
    assert added.exit_code == 0, added.output
    key = added.stdout.strip()
    assert "X-API-Key" in added.stderr
    assert key not in added.stderr
    listed = run("list", "--format", "json")
    (found,) = json.loads(listed.stdout)
    assert (found["id"], found["client"], found["models"], found["valid"]) == (key[:12], "desk", ["flight_delay"], True)
    assert "hash" not in found
    assert key not in run("list").output
    assert f"revoked {key[:12]} of desk" in run("revoke", key[:12]).stdout
    assert json.loads(run("list", "--format", "json").stdout) == []


def test_machines_get_the_key_and_what_is_kept_of_it(run):
    document = json.loads(run("add", "desk", "--format", "json").stdout)
    assert document["key"].startswith(document["id"] + ".")
    assert document["roles"] == ["predict", "read"]


@pytest.mark.parametrize(
    "words", [("--role", "admin"), ("--days", "0"), ("--days", "731"), ("--model", "no_such_model")]
)
def test_what_makes_no_sense_is_wrong_usage(run, words):
    assert run("add", "desk", *words).exit_code == 2


def test_in_azure_the_pepper_is_never_drawn_by_accident_and_the_next_step_is_said(run, tmp_path):
    refused = run("add", "desk", "--env", "prod")
    assert "pepper" in str(refused.exception)
    prod = tmp_path / "environments" / "base.yaml"
    prod.write_text(prod.read_text().replace("mode: entra # or keys", "mode: keys # or entra"))
    added = run("add", "desk", "--env", "prod", "--draw-pepper")
    assert added.exit_code == 0, added.output
    assert "az keyvault secret set --vault-name" in added.stderr
    assert "--name model-api-keys --file" in added.stderr


def test_where_nobody_asks_for_keys_that_is_said(run):
    added = run("add", "desk", "--env", "prod", "--draw-pepper")
    assert "serving.access.mode is entra in prod" in added.stderr
