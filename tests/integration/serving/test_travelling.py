"""Releases that were built elsewhere: taken, tried, watched, finished and undone by commands, without a registry.

The registry's address answers nobody, so whatever asked it would fail.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.environment.connections import STACK_OUTPUT, Connections
from modelyard.environment.stack_outputs import STACK_TYPE, checkpoint_file
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidBundleError, ReleaseRefusedError, exit_code_of
from modelyard.notify.outbox import read_outbox
from modelyard.release.deployment import Deployment
from modelyard.release.report import Check, SuiteReport
from modelyard.release.travelling.admitting import admit_release
from modelyard.release.travelling.finding import open_releases
from modelyard.testing.travelling_fakes import BuildPlace
from modelyard_bundle import read_pointer
from modelyard_pipelines.commands.release import release
from modelyard_pipelines.commands.serve import serve

REPOSITORY = Path(__file__).resolve().parents[3]
LENIENT = "  rollout: {most_errors: 0.2, most_slow: 0.2, least_requests: 20}\n  latency_budget_ms: 5000"
TROUBLE = -1
"""An hour that the deployed version answers, and the failing one does not."""

DYING = """
import os, signal, sys
from pathlib import Path
from modelyard.release.deployment import Deployment
from modelyard.release.going_back import GoingBack
from modelyard_bundle import Pointer

bundles, deployments, live, pointer, fatal = sys.argv[1:]

def begins(stage):
    if stage == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

deployment = Deployment(bundles=Path(bundles), deployments=Path(deployments), live=live, begins=begins)
GoingBack(deployment).back(Pointer.from_json(pointer.encode()))
"""


class Unrehearsed(Deployment):
    """Deploys without a rehearsal, because that is quicker."""

    def rehearsed(self, pointer, expected):
        passed = (Check("anything", passed=True),)
        return SuiteReport(url="", model="tiny", version=pointer.version, digest=pointer.digest, checks=passed)


@pytest.fixture
def yard(start, tmp_path, monkeypatch):
    """An environment with a live model API that trusts nobody yet, and no registry."""
    root, state = tmp_path / "project", tmp_path / "state"
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    (root / "ml" / "models" / "tiny").mkdir(parents=True)
    (root / "ml" / "models" / "tiny" / "model.py").write_text("")
    local = root / "environments" / "local.yaml"
    local.write_text(local.read_text().replace("  latency_budget_ms: 250", LENIENT))
    monkeypatch.setenv("MODELYARD_ROOT", str(root))
    monkeypatch.setenv("MODELYARD_STATE", str(state))
    monkeypatch.delenv("MODELYARD_ENV", raising=False)
    trusted = state / "local" / "signing" / "trusted"
    api = start(trusted_keys=str(trusted))
    connections = Connections(
        environment="local",
        lake=str(tmp_path / "lake"),
        tracking="http://127.0.0.1:9",
        deployments=str(api.deployments),
        bundles=str(api.bundles),
        model_api=api.url,
        outbox=str(tmp_path / "outbox.jsonl"),
    )
    file = checkpoint_file(Workspace(root=root, state=state), "local")
    file.parent.mkdir(parents=True)
    stack = {"type": STACK_TYPE, "outputs": {STACK_OUTPUT: connections.model_dump(mode="json")}}
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}))
    return api


@pytest.fixture
def built(tmp_path):
    """Packs releases elsewhere, each in a folder of its own: the folder that --from takes."""
    place = BuildPlace(home=tmp_path / "dev")

    def packed(model, version):
        out = tmp_path / f"release-{version}"
        place.pack(model, version, out=out)
        return out

    return packed


@pytest.fixture
def trusted(yard, built, train, tmp_path):
    """The environment trusts the key that releases are signed with."""
    built(train(), "1")
    assert told(release, "trust", str(tmp_path / "dev" / "trusted"))["keys"][0]["changed"]
    return yard


def run(group, *words):
    return CliRunner().invoke(group, [*map(str, words), "--format", "json"])


def told(group, *words):
    ended = run(group, *words)
    assert ended.exit_code == 0, f"{ended.output} {ended.exception!r}"
    return json.loads(ended.stdout)


def refused(kind, *words):
    """The error of a command that must not succeed."""
    ended = run(release, *words)
    assert isinstance(ended.exception, kind), f"{ended.output} {ended.exception!r}"
    assert exit_code_of(ended.exception) == 7
    return ended.exception.message


def there(yard):
    return read_pointer(yard.deployments, "tiny")


def kinds(tmp_path):
    return [one["kind"] for one in read_outbox(tmp_path / "outbox.jsonl")]


def test_nothing_is_taken_from_a_stranger_and_everything_from_who_is_trusted(yard, built, train, tmp_path):
    folder = built(train(), "1")
    assert "signed by the key" in refused(ReleaseRefusedError, "deploy", "--from", folder)
    assert not yard.bundles.exists()
    key = told(release, "trust", next((tmp_path / "dev" / "trusted").iterdir()))["keys"][0]
    assert [one["fingerprint"] for one in told(release, "key")["keys"] if not one["own"]] == [key["fingerprint"]]
    (done,) = told(release, "deploy", "tiny", "--from", folder)["releases"]
    assert (done["changed"], done["version"], done["rehearsal"]["passed"]) == (True, "1", True)
    assert "the registry that knows the version is elsewhere" in done["rehearsal"]["sample"]
    (again,) = told(release, "deploy", "--from", folder)["releases"]
    assert (again["changed"], again["live"]["passed"]) == (False, True)
    assert told(serve, "smoke", "--from", folder)["passed"]
    assert told(serve, "smoke")["version"] == "1"
    assert kinds(tmp_path) == ["model released"]


def test_a_release_whose_api_is_broken_is_stopped_at_the_suite_and_a_damaged_one_before(trusted, built, train):
    tiny = train(seed=2)
    wrong = replace(tiny.example, predictions=tuple(1 - value for value in tiny.example.predictions))
    folder = built(replace(tiny, example=wrong), "2")
    assert "recorded was" in refused(ReleaseRefusedError, "deploy", "--from", folder)
    assert there(trusted) is None
    (folder / "tiny" / "bundle" / "model.skops").write_bytes(b"damaged")
    assert "digest" in refused(InvalidBundleError, "canary", "--from", folder, "--percent", 50)
    (folder / "tiny" / "key.pem").write_text("a key")
    assert "is not part of a release" in refused(InvalidBundleError, "deploy", "--from", folder)


def test_from_the_first_version_over_a_canary_to_everybody_and_back(trusted, built, train, tmp_path):
    first, second = built(train(), "1"), built(train(seed=2), "2")
    (done,) = told(release, "canary", "--from", first, "--percent", 50)["releases"]
    assert (done["first"], done["deployment"]["changed"], done["rollout"]) == (True, True, None)
    assert told(release, "watch", "--from", first, "--seconds", 0)["releases"][0]["verdict"] == "deployed"
    (done,) = told(release, "canary", "--from", second, "--percent", 50)["releases"]
    assert (done["first"], done["rollout"]["beside"]) == (False, "1")
    message = refused(ReleaseRefusedError, "watch", "--from", second, "--seconds", 0)
    assert "is undecided: it answered 0 requests, at least 20 are needed" in message
    (seen,) = told(release, "watch", "--from", second, "--seconds", 60, "--probe")["releases"]
    assert (seen["verdict"], seen["good"]) == ("passed", True)
    assert 20 <= seen["requests"] <= seen["probes"]
    (done,) = told(release, "finish", "--from", second)["releases"]
    assert (done["changed"], done["version"]) == (True, "2")
    for command in ("finish", "canary"):
        more = ("--percent", 50) if command == "canary" else ()
        assert run(release, command, "--from", second, *more).exit_code == 0
    assert there(trusted).version == "2"
    (done,) = told(release, "back", "--from", second)["releases"]
    assert (done["was"], done["answering"], done["live"]["passed"]) == ("deployed", "1", True)
    (again,) = told(release, "back", "--from", second)["releases"]
    assert (again["was"], again["answering"]) == ("neither", "1")
    assert told(serve, "smoke", "--from", first)["passed"]
    assert "not tried here" in refused(ReleaseRefusedError, "finish", "--from", second)
    assert kinds(tmp_path) == ["model released", "model released", "release taken back"]


def test_a_canary_that_does_badly_is_stopped_at_once_and_taken_away(trusted, built, train, failing, tmp_path):
    first, second = built(train(), "1"), built(failing, "2")
    told(release, "deploy", "--from", first)
    told(release, "canary", "--from", second, "--percent", 50)
    over = threading.Event()

    def trouble():
        row = {"dataframe_records": [{**train().example.rows[0], "hour": TROUBLE}]}
        while not over.is_set():
            trusted.api.post("/invocations", row)

    callers = threading.Thread(target=trouble)
    callers.start()
    try:
        message = refused(ReleaseRefusedError, "watch", "--from", second, "--seconds", 120)
    finally:
        over.set()
        callers.join()
    assert "tiny version 2 is returned: the candidate failed" in message
    assert "was taken back" in refused(ReleaseRefusedError, "finish", "--from", second)
    (done,) = told(release, "back", "--from", second)["releases"]
    assert (done["was"], done["answering"]) == ("tried", "1")
    assert there(trusted).rollout is None
    assert kinds(tmp_path) == ["model released", "rollout returned", "release taken back"]
    assert "neither tried nor deployed" in refused(ReleaseRefusedError, "watch", "--from", second, "--seconds", 60)


@pytest.mark.parametrize("fatal", ["remember", "replace", "wait", "smoke", "confirm"])
def test_going_back_that_is_killed_and_run_again_ends_the_same(trusted, built, train, fatal, tmp_path):
    folders = [built(train(), "1"), built(train(seed=2), "2")]
    quick = Unrehearsed(bundles=trusted.bundles, deployments=trusted.deployments, live=trusted.url)
    for folder in folders:
        (found,) = open_releases(folder, trusted_keys=tmp_path / "dev" / "trusted")
        admit_release(found, trusted.bundles, None)
        quick.deploy(found.pointer)
    wanted = there(trusted)
    command = [sys.executable, "-c", DYING, trusted.bundles, trusted.deployments, trusted.url]
    assert subprocess.run([*command, wanted.to_json().decode(), fatal], check=False).returncode == -9
    for _ in range(2):
        (done,) = told(release, "back", "--from", folders[1])["releases"]
        assert done["answering"] == "1"
    assert (there(trusted).version, trusted.ready("1").status) == ("1", 200)
    assert kinds(tmp_path) == ["release taken back"]


def test_without_a_name_or_a_folder_it_says_what_is_missing(yard):
    for words in (("deploy",), ("finish",), ("canary", "--percent", "5"), ("scan",)):
        ended = run(release, *words)
        assert ended.exit_code == 2
        assert "Give NAME, or --from DIR" in ended.output
    for words in (("watch", "--seconds", "1"), ("back",)):
        assert "Give --from DIR" in run(release, *words).output
