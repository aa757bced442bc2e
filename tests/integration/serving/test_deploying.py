"""A deployment: rehearsed, switched, confirmed; or refused, and everything as before."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace

import psutil
import pytest
from filelock import FileLock

from modelyard.errors import InvalidBundleError, ModelApiUnreachableError, ReleaseBusyError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.journal import Journal
from modelyard.release.rehearsal import rehearse
from modelyard.release.report import Check, SuiteReport
from modelyard.release.status import read_status
from modelyard.release.suite import SUITE
from modelyard_bundle import Pointer, read_pointer, replace_pointer, sha256_of, write_bundle

STAGES = ["verify", "rehearse", "remember", "replace", "wait", "smoke", "confirm"]

DYING = """
import os, signal, sys
from pathlib import Path
from modelyard.release.deployment import Deployment
from modelyard_bundle import Pointer

bundles, deployments, live, pointer, fatal = sys.argv[1:]

def begins(stage):
    if stage == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

Deployment(bundles=Path(bundles), deployments=Path(deployments), live=live, begins=begins).deploy(
    Pointer.from_json(pointer.encode())
)
"""


def status(deployment):
    return read_status("tiny", deployments=deployment.deployments, live=deployment.live)


def wrong_example(tiny, bundles, version) -> Pointer:
    """A bundle whose digests are right and whose model does not do what was recorded."""
    example = replace(tiny.example, predictions=tuple(1 - value for value in tiny.example.predictions))
    files = {**tiny.files, "example.json": example.to_json()}
    digests = {name: sha256_of(content) for name, content in files.items()}
    write_bundle(bundles, replace(tiny.manifest(version), files=digests), files=files)
    return Pointer.to("tiny", version, digest=tiny.digest)


class Unrehearsed(Deployment):
    """The weakened gate: whatever the suite would have found, it passed."""

    def rehearsed(self, pointer, expected):
        passed = (Check("anything", passed=True),)
        return SuiteReport(url="", model="tiny", version=pointer.version, digest=pointer.digest, checks=passed)


def deployed(live, tiny, version="1") -> Pointer:
    """A version that is served already, put there by hand because that is quicker."""
    pointer = tiny.deploy(live.bundles, live.deployments, version=version)
    live.ready(version)
    return pointer


def test_the_first_and_the_next_version_are_deployed_and_confirmed(deployment, live, train):
    assert status(deployment).state == "not deployed"
    stages = []
    first = replace(deployment, begins=stages.append).deploy(train().bundle(live.bundles, "1"))
    assert stages == STAGES
    assert (first.changed, first.previous, first.version) == (True, None, "1")
    assert len(first.rehearsal.checks) == len(SUITE)
    second = deployment.deploy(train(seed=2).bundle(live.bundles, "2"))
    assert second.previous == "1"
    assert json.loads(json.dumps(second.to_document()))["live"]["passed"]
    found = status(deployment)
    assert (found.state, found.deployed_version, found.served_version) == ("served", "2", "2")
    assert rehearsals(live) == []


def test_deploying_what_is_deployed_changes_nothing(deployment, live, train):
    pointer = deployed(live, train())
    before = (live.deployments / "tiny.json").stat()
    again = deployment.deploy(pointer)
    assert (again.changed, again.rehearsal, again.live.passed) == (False, None, True)
    assert (live.deployments / "tiny.json").stat().st_ino == before.st_ino


def test_a_version_that_fails_the_rehearsal_takes_no_traffic(deployment, live, train):
    pointer = deployed(live, train())
    wrong = wrong_example(train(seed=2), live.bundles, "2")
    stages = []
    with pytest.raises(ReleaseRefusedError, match="recorded was") as caught:
        replace(deployment, begins=stages.append).deploy(wrong)
    assert caught.value.hint
    assert stages == ["verify", "rehearse"]
    assert read_pointer(live.deployments, "tiny") == pointer
    assert status(deployment).state == "served"


def test_a_version_that_fails_one_check_of_the_suite_takes_no_traffic(deployment, live, train):
    with pytest.raises(ReleaseRefusedError, match="latency budget"):
        replace(deployment, budget_ms=0.001).deploy(train().bundle(live.bundles, "1"))
    assert read_pointer(live.deployments, "tiny") is None


def test_without_the_rehearsal_it_would_have_reached_the_live_api(deployment, live, train):
    """There the gate of the model API is the second line, and the pointer goes back; but it was moved."""
    deployed(live, train())
    stages = []
    fields = {name: getattr(deployment, name) for name in Deployment.__slots__}
    weakened = Unrehearsed(**{**fields, "begins": stages.append})
    with pytest.raises(ReleaseRefusedError, match=r"it was refused: .*version 1 is deployed again"):
        weakened.deploy(wrong_example(train(seed=2), live.bundles, "2"))
    assert stages[-1] == "wait"


def test_a_version_that_the_live_api_refuses_is_taken_back(deployment, live, train, tmp_path, until):
    """The live API sees other bundles than the deployment does: a broken mount, say."""
    good = deployed(live, train())
    other = train(seed=2).bundle(tmp_path / "elsewhere", "2")
    apart = replace(deployment, bundles=tmp_path / "elsewhere")
    with pytest.raises(ReleaseRefusedError, match=r"no such bundle.*; version 1 is deployed again"):
        apart.deploy(other)
    assert read_pointer(live.deployments, "tiny") == good
    assert not Journal(live.deployments, "tiny").is_open()
    until(lambda: status(deployment).state == "served")


def test_a_first_version_that_the_live_api_refuses_leaves_nothing_deployed(deployment, live, train, tmp_path):
    apart = replace(deployment, bundles=tmp_path / "elsewhere")
    with pytest.raises(ReleaseRefusedError, match="nothing is deployed, as before"):
        apart.deploy(train().bundle(tmp_path / "elsewhere", "1"))
    assert read_pointer(live.deployments, "tiny") is None


def test_a_live_api_that_never_takes_the_version_is_not_waited_for_without_end(live, start, train, tmp_path):
    """Another API than the one that reads these deployments."""
    deployment = Deployment(bundles=live.bundles, deployments=live.deployments, live=start().url, seconds=1.0)
    with pytest.raises(ReleaseRefusedError, match="nothing is deployed, as before"):
        deployment.deploy(train().bundle(live.bundles, "1"))
    assert read_pointer(live.deployments, "tiny") is None


def test_nothing_is_begun_when_the_live_api_does_not_answer(train, tmp_path):
    deployment = Deployment(bundles=tmp_path / "b", deployments=tmp_path / "d", live="http://127.0.0.1:9")
    pointer = train().bundle(tmp_path / "b", "1")
    with pytest.raises(ModelApiUnreachableError, match="left as it is"):
        deployment.deploy(pointer)
    assert not (tmp_path / "d").exists()
    assert status(deployment).state == "not deployed"
    replace_pointer(tmp_path / "d", pointer)
    assert status(deployment).state == "unreachable"


def test_a_damaged_bundle_is_refused_before_anything_starts(deployment, live, train):
    pointer = train().bundle(live.bundles, "1")
    (live.bundles / pointer.bundle / "model.skops").write_bytes(b"damaged")
    with pytest.raises(InvalidBundleError, match="digest"):
        deployment.deploy(pointer)


def test_two_deployments_of_one_model_do_not_mix(deployment, live, train):
    pointer = train().bundle(live.bundles, "1")
    live.deployments.mkdir(parents=True, exist_ok=True)
    with FileLock(live.deployments / ".tiny.lock"), pytest.raises(ReleaseBusyError):
        replace(deployment, lock_seconds=0.1).deploy(pointer)
    deployment.deploy(pointer)


def test_two_deployments_at_once_end_with_one_of_the_two_served(deployment, live, train):
    pointers = [train().bundle(live.bundles, "1"), train(seed=2).bundle(live.bundles, "2")]
    failures = []

    def deploy(pointer):
        try:
            replace(deployment, lock_seconds=120, budget_ms=5000).deploy(pointer)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=deploy, args=(pointer,)) for pointer in pointers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert read_pointer(live.deployments, "tiny") in pointers
    assert status(deployment).state == "served"


@pytest.mark.parametrize("fatal", STAGES[1:])
def test_killed_at_any_stage_and_run_again_it_ends_right(deployment, live, train, until, fatal):
    good = deployed(live, train())
    wanted = train(seed=2).bundle(live.bundles, "2")
    command = [sys.executable, "-c", DYING, live.bundles, live.deployments, live.url, wanted.to_json().decode(), fatal]
    assert subprocess.run(command, check=False).returncode == -9
    assert read_pointer(live.deployments, "tiny") in (good, wanted)
    assert deployment.deploy(wanted).version == "2"
    assert status(deployment).state == "served"
    assert not Journal(live.deployments, "tiny").is_open()
    until(lambda: rehearsals(live) == [])


def test_after_a_kill_a_failing_deployment_goes_back_to_what_was_confirmed(deployment, live, train, tmp_path, until):
    """Not to the version that the killed deployment had put there and nobody had confirmed."""
    good = deployed(live, train())
    unconfirmed = train(seed=2).bundle(live.bundles, "2")
    command = [sys.executable, "-c", DYING, live.bundles, live.deployments, live.url, unconfirmed.to_json().decode()]
    assert subprocess.run([*command, "wait"], check=False).returncode == -9
    assert read_pointer(live.deployments, "tiny") == unconfirmed
    until(lambda: status(deployment).state == "unconfirmed")
    apart = replace(deployment, bundles=tmp_path / "elsewhere")
    with pytest.raises(ReleaseRefusedError, match="version 1 is deployed again"):
        apart.deploy(train(seed=3).bundle(tmp_path / "elsewhere", "3"))
    assert read_pointer(live.deployments, "tiny") == good


def test_a_rehearsal_dies_with_the_deployment_that_started_it(live, train, until):
    pointer = train().bundle(live.bundles, "1")
    program = """
import os, signal, sys
from pathlib import Path
from modelyard.release.rehearsal import rehearse
from modelyard_bundle import Pointer
with rehearse(Pointer.from_json(sys.argv[2].encode()), bundles=Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", program, str(live.bundles), pointer.to_json().decode()]
    assert subprocess.run(command, check=False).returncode == -9
    until(lambda: rehearsals(live) == [])


def test_a_rehearsal_that_takes_too_long_is_refused_and_stopped(live, train, until):
    pointer = train().bundle(live.bundles, "1")
    refused = pytest.raises(ReleaseRefusedError, match="was not served in rehearsal")
    with refused, rehearse(pointer, bundles=live.bundles, seconds=0.01):
        pass
    assert rehearsals(live) == []


def test_a_model_can_be_taken_out_of_service(deployment, live, train, until):
    deployed(live, train())
    assert deployment.withdraw("tiny")
    assert not deployment.withdraw("tiny")
    until(lambda: status(deployment).state == "not deployed" and status(deployment).served_version is None)


def test_the_status_says_when_pointer_and_api_differ(deployment, live, train, until):
    deployed(live, train())
    missing = Pointer.to("tiny", "2", digest="ab" * 32)
    replace_pointer(live.deployments, missing)
    until(lambda: status(deployment).state == "refused")
    assert "no such bundle" in status(deployment).detail
    (live.deployments / "tiny.json").write_bytes(b"{")
    assert status(deployment).state == "broken pointer"


def rehearsals(live) -> list[int]:
    """Model API processes over these bundles, other than the live one and its workers."""
    found = []
    family = {live.process.pid, *(child.pid for child in psutil.Process(live.process.pid).children(recursive=True))}
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = process.info["cmdline"] or []
        if str(live.bundles.resolve()) in command and "modelyard_serving" in command:
            found.append(process.info["pid"])
    return [pid for pid in found if pid not in family]
