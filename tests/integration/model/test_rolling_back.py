"""The way back: ledger, registry and model API go together, in seconds, and only to what was there before."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.errors import (
    InvalidModelError,
    ModelApiUnreachableError,
    RollbackRefusedError,
    exit_code_of,
)
from modelyard.registry.ledger import Ledger
from modelyard.release.calling import ModelApi
from modelyard_bundle import read_pointer
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.rolling_back import roll_back
from modelyard_pipelines.model.staging import stage
from modelyard_pipelines.release.releasing import deploy

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def quiet(line):
    del line


def back(platform, **changes):
    said = {"by": "Grace", "reason": "complaints", **changes}
    return roll_back(platform, NAME, note=quiet, **said)


@pytest.fixture
def promoted(register):
    """Brings versions to production, one after the other."""

    def brought(platform, *versions):
        for features in versions:
            version = register(features, roc_auc=0.7)
            stage(platform, NAME)
            promote(platform, NAME, by="Ada", reason=f"version {version.version}", note=quiet, override=True)

    return brought


@pytest.fixture
def served(platform, tmp_path):
    """The same platform with a model API of its own."""
    announced = tmp_path / "address"
    connections = platform.connections
    command = [sys.executable, "-m", "modelyard_serving", "--port", "0", "--until-stdin-closes"]
    command += ["--deployments", connections.deployments, "--bundles", connections.bundles]
    command += ["--announce", str(announced)]
    with (tmp_path / "api.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
    until = time.monotonic() + 60
    while not announced.exists() and time.monotonic() < until:
        time.sleep(0.05)
    url = announced.read_text()
    yield replace(platform, connections=connections.model_copy(update={"model_api": url}))
    process.kill()
    process.wait()
    process.stdin.close()


def pointer_of(platform):
    return read_pointer(Path(platform.connections.deployments), NAME)


def test_what_is_released_before_is_served_again(served, promoted, told):
    promoted(served, WEAK)
    deploy(served, NAME)
    promoted(served, STRONG)
    deploy(served, NAME)
    done = back(served)
    assert (done.release, done.deployed, done.changed) == ("moved", "1", True)
    answer = ModelApi(served.connections.model_api).get(f"/v2/models/{NAME}")
    assert answer.headers["x-model-version"] == "1"
    assert answer.headers["x-model-digest"] == served.registry().production(NAME).digest == done.entry.decision.digest
    assert told()[-2:] == ["model rolled back", "model released"]
    again = back(served)
    assert (again.changed, again.release, again.entry) == (False, "there already", done.entry)
    assert told().count("model rolled back") == 1


def test_what_was_never_released_is_rolled_back_in_the_registry_alone(platform, promoted):
    promoted(platform, WEAK, STRONG)
    done = back(platform)
    assert (done.release, done.deployed, done.entry.decision.version) == ("not released", None, 1)
    assert platform.registry().production(NAME).version == 1
    assert Ledger(platform.lake / "ledger" / f"{NAME}.jsonl").verify() is None


def test_a_model_api_that_does_not_answer_is_said_and_the_next_rollback_goes_on(served, promoted):
    promoted(served, WEAK)
    deploy(served, NAME)
    promoted(served, STRONG)
    deploy(served, NAME)
    deaf = replace(served, connections=served.connections.model_copy(update={"model_api": "http://127.0.0.1:9"}))
    with pytest.raises(ModelApiUnreachableError, match="is in production again, but the model API") as said:
        back(deaf)
    assert "modelyard model rollback" in said.value.hint
    assert exit_code_of(said.value) == 7
    assert pointer_of(served).version == "2"
    assert served.registry().production(NAME).version == 1
    done = back(served)
    assert (done.changed, done.release, pointer_of(served).version) == (False, "moved", "1")
    assert len(served.registry().history(NAME)) == 3


def test_there_is_no_way_back_from_the_first_version(platform, promoted):
    promoted(platform, WEAK)
    with pytest.raises(RollbackRefusedError, match="is the first in production"):
        back(platform)


@pytest.mark.parametrize("released", [True, False])
def test_a_version_whose_files_were_changed_does_not_come_back(served, promoted, tmp_path, released):
    promoted(served, WEAK, STRONG)
    if released:
        deploy(served, NAME)
    file = tmp_path / "run-1" / "model.skops"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(InvalidModelError, match="has digest"):
        back(served)
    assert served.registry().production(NAME).version == 2
    assert len(served.registry().history(NAME)) == 2
    assert (pointer_of(served).version if released else pointer_of(served)) == ("2" if released else None)


def test_what_is_served_without_having_been_in_production_is_left_alone(served, promoted):
    promoted(served, WEAK)
    deploy(served, NAME)
    promoted(served, STRONG, WEAK)
    done = back(served)
    assert (done.release, done.deployed, done.entry.decision.version) == ("left alone", "1", 2)
