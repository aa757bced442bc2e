"""The API test suite against running model APIs: while another version is tried there, and where a key is needed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.checks import run as run_module
from modelyard.release.credential import Credential
from modelyard.release.deployment import Deployment
from modelyard.release.expectation import Expectation
from modelyard.release.keys import KeyRing
from modelyard.release.status import read_status
from modelyard.release.suite import run_smoke, run_suite
from modelyard_bundle import bundle_folder, read_bundle, replace_pointer
from modelyard_bundle.rollout import Candidate, Rollout, RolloutLimits

LENIENT = RolloutLimits(
    most_errors=0.2, latency_ms=60_000, most_slow=0.2, alpha=0.01, beta=0.01, least_requests=100_000
)
NAMES = "it names the version and digest that were released"


@pytest.fixture
def tried(start, train, until):
    """A host with a version, and another one beside it that answers half of what names no version."""

    def begin(**settings):
        api = start()
        first = train(seed=1).bundle(api.bundles, "1")
        second = train(seed=2).bundle(api.bundles, "2")
        candidate = Candidate(version="2", digest=second.digest, bundle=second.bundle)
        wanted = {"mode": "canary", "percent": 50.0, "limits": LENIENT, **settings}
        rollout = Rollout(candidate=candidate, salt="0" * 16, started_at="2013-06-01T00:00:00+00:00", **wanted)
        pointer = replace(first, rollout=rollout)
        replace_pointer(api.deployments, pointer)
        until(lambda: ((api.api.get("/v2/models/tiny").json() or {}).get("parameters") or {}).get("rollout"))
        return api, pointer, expected_of(api, first), expected_of(api, second)

    return begin


def expected_of(api, pointer) -> Expectation:
    return Expectation.of(read_bundle(bundle_folder(api.bundles, pointer.bundle)))


@pytest.mark.parametrize(
    "settings", [{}, {"mode": "shadow", "percent": 100.0, "limits": None, "tolerance": 1e-6}], ids=["canary", "shadow"]
)
def test_while_a_candidate_answers_too_the_whole_suite_passes_on_the_deployed_version(tried, settings):
    api, _, first, _ = tried(**settings)
    report = run_suite(api.url, first, budget_ms=5000, load_seconds=0.5, beside=True)
    assert report.failures == ()
    told = {check.name: check.detail for check in report.checks}
    assert told[NAMES] == "version 2 is tried beside it"
    counted = api.api.get("/metrics").body.decode()
    assert 'modelyard_rows_total{model="tiny",version="2"}' in counted


def test_where_nobody_said_so_no_other_version_may_answer(tried):
    api, _, first, second = tried()
    found = {check.name for check in run_smoke(api.url, first).failures}
    assert NAMES in found
    assert len(found) > 1
    assert not run_smoke(api.url, second, beside=True).passed


def repeats(*reports) -> set[str]:
    """The checks of recorded predictions that failed: which ones the candidate meets is not for the test to say."""
    names = {check.name for report in reports for check in report.failures}
    return {name for name in names if name.startswith("it repeats the recorded predictions")}


def test_a_version_that_no_metadata_names_may_not_answer(tried, monkeypatch):
    """The weakened check takes whatever answers for the deployed version, and holds nobody against anything."""
    api, _, first, _ = tried()
    monkeypatch.setattr(run_module.Run, "candidate", lambda self: None)
    asked = [run_smoke(api.url, first, beside=True) for _ in range(3)]
    assert repeats(*asked)
    monkeypatch.setattr(run_module.Run, "answerer", lambda self, answer, *, alone: self.deployed)
    monkeypatch.setattr(run_module.Run, "_named", lambda *_: None)
    monkeypatch.setattr(run_module, "TOLERANCE", 1.0)
    assert not repeats(run_smoke(api.url, first, beside=True))


def test_deploying_what_is_deployed_smokes_it_while_another_is_tried(tried):
    api, pointer, _, _ = tried()
    deployment = Deployment(bundles=api.bundles, deployments=api.deployments, live=api.url)
    again = deployment.deploy(pointer.alone())
    assert (again.changed, again.live.passed) == (False, True)
    assert len(again.live.checks) > 5


@pytest.fixture
def guarded(start, train, tmp_path):
    """A model API that lets in only who has a key."""
    ring = KeyRing(tmp_path / "access" / "keys.json", tmp_path / "access" / "pepper")
    ring.draw_pepper()
    ring.write_empty()
    document = {"mode": "keys", "keys": {"file": "keys.json", "pepper": {"variable": None, "file": "pepper"}}}
    (tmp_path / "access" / "access.json").write_text(json.dumps(document))

    def issue(*roles):
        until = timedelta(days=1)
        return Credential.of(ring.issue("desk", roles=roles, models=None, lifetime=until, now=datetime.now(UTC)).key)

    every, reader = issue("predict", "explain", "read", "metrics"), issue("predict", "read")
    api = start(access=str(tmp_path / "access" / "access.json"))
    pointer = train().deploy(api.bundles, api.deployments, version="1")
    api.ready()
    return api, expected_of(api, pointer), every, reader


def test_with_a_key_the_suite_passes_where_nobody_else_is_let_in(guarded):
    api, expected, every, reader = guarded
    assert run_suite(api.url, expected, budget_ms=5000, load_seconds=0.3, credential=every).failures == ()
    assert run_smoke(api.url, expected, credential=reader).failures == ()
    refused = run_smoke(api.url, expected)
    assert [check.passed for check in refused.checks[:1]] == [True]
    assert "no API key" in " ".join(check.detail for check in refused.failures)


def test_a_deployment_is_let_in_with_a_key_and_says_so_where_it_has_none(guarded, train):
    api, _, _, reader = guarded
    without = Deployment(bundles=api.bundles, deployments=api.deployments, live=api.url, load_seconds=0.1)
    pointer = train(seed=2).bundle(api.bundles, "2")
    before = (api.deployments / "tiny.json").read_bytes()
    with pytest.raises(ReleaseRefusedError, match=r"does not let this deployment in: no API key") as caught:
        without.deploy(pointer)
    assert "MODELYARD_MODEL_API_KEY" in caught.value.hint
    assert (api.deployments / "tiny.json").read_bytes() == before
    assert replace(without, credential=reader, budget_ms=5000).deploy(pointer).live.passed
    status = read_status("tiny", deployments=api.deployments, live=api.url, credential=reader)
    assert (status.state, status.served_version) == ("served", "2")
    assert read_status("tiny", deployments=api.deployments, live=api.url).served_version is None
