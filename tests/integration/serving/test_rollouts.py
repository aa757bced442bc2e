"""A candidate beside the deployed version: its share, its failures, and how it is taken back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modelyard_bundle import Pointer, replace_pointer
from modelyard_bundle.rollout import Candidate, Key, Rollout, RolloutLimits
from modelyard_bundle.rollout_state import read_rollout_state

LIMITS = RolloutLimits(most_errors=0.02, latency_ms=5000, most_slow=0.2, alpha=0.05, beta=0.05, least_requests=20)
TROUBLE = -1
"""An hour that the deployed version answers, and a candidate that takes its square root does not."""


def rollout(pointer: Pointer, **changes) -> Rollout:
    candidate = Candidate(version=pointer.version, digest=pointer.digest, bundle=pointer.bundle)
    settings = {"mode": "canary", "percent": 50.0, "limits": LIMITS, **changes}
    return Rollout(candidate=candidate, salt="0123456789abcdef", started_at="2013-06-01T00:00:00+00:00", **settings)


@pytest.fixture
def pair(start, train):
    """A host that serves version 1, and the bundle of another version."""

    def begin(second, **options):
        api = start(**options)
        first = train(seed=1)
        deployed = first.bundle(api.bundles, "1")
        candidate = second.bundle(api.bundles, "2")
        replace_pointer(api.deployments, deployed)
        api.ready("1")
        return api, first, deployed, candidate

    return begin


def begin_rollout(api, until, deployed, **settings):
    replace_pointer(api.deployments, replace(deployed, rollout=rollout(**settings)))
    return until(lambda: described(api))


def described(api):
    return api.api.get("/v2/models/tiny").json()["parameters"].get("rollout")


def row(tiny, **changes):
    return {"dataframe_records": [{**tiny.example.rows[0], **changes}]}


def answered_by(api, tiny, count, headers=None, **changes) -> list[str]:
    return [api.api.post("/invocations", row(tiny, **changes)).headers["x-model-version"] for _ in range(count)]


def test_a_canary_gets_its_share_and_both_versions_can_be_asked_by_name(pair, train, until):
    api, first, deployed, candidate = pair(train(seed=2))
    begin_rollout(api, until, deployed, pointer=candidate, percent=25.0)
    versions = answered_by(api, first, 80)
    assert 15 <= versions.count("2") <= 25
    assert api.api.get("/v2/models/tiny").json()["versions"] == ["1", "2"]
    for version in ("1", "2"):
        answer = api.api.get(f"/v2/models/tiny/versions/{version}")
        assert answer.headers["x-model-version"] == version
    found = described(api)["result"]
    assert found["candidate"]["requests"] == versions.count("2")
    assert found["primary"]["requests"] == versions.count("1")


def test_a_canary_that_fails_returns_by_itself_and_no_client_notices(pair, failing, until):
    api, first, deployed, candidate = pair(failing)
    begin_rollout(api, until, deployed, pointer=candidate)
    statuses = []

    def returned():
        statuses.append(api.api.post("/invocations", row(first, hour=TROUBLE)).status)
        return described(api)["state"] == "returned"

    until(returned)
    assert set(statuses) == {200}
    assert described(api)["weight"] == 0
    assert "error" in described(api)["reason"] or "fail" in described(api)["reason"]
    assert set(answered_by(api, first, 20)) == {"1"}
    assert read_rollout_state(api.deployments, "tiny").state == "returned"
    api.terminate()
    (event,) = [event for event in api.events() if event["event"] == "rollout_returned"]
    assert (event["model"], event["version"]) == ("tiny", "2")


def test_a_returned_canary_stays_returned_when_the_host_starts_again(pair, failing, until, again):
    api, first, deployed, candidate = pair(failing)
    begin_rollout(api, until, deployed, pointer=candidate)
    until(lambda: [api.api.post("/invocations", row(first, hour=TROUBLE)), described(api)["state"] == "returned"][1])
    api.terminate()
    second = again(api)
    second.ready("1")
    assert set(answered_by(second, first, 30)) == {"1"}


def test_a_canary_that_does_well_passes_and_goes_on(pair, train, until):
    api, first, deployed, candidate = pair(train(seed=2))
    lenient = replace(LIMITS, most_errors=0.2)
    begin_rollout(api, until, deployed, pointer=candidate, limits=lenient)
    until(lambda: [answered_by(api, first, 20), described(api)["state"] == "passed"][1])
    assert described(api)["weight"] == pytest.approx(0.5)


def test_a_shadow_answers_nobody_and_is_compared(pair, train, until):
    api, first, deployed, candidate = pair(train(seed=2))
    begin_rollout(api, until, deployed, pointer=candidate, mode="shadow", percent=100.0, limits=None, tolerance=1e-6)
    assert set(answered_by(api, first, 30)) == {"1"}
    result = until(lambda: (found := described(api)["result"])["requests"] + found["skipped"] == 30 and found)
    assert result["differing"] == result["rows"] > 0
    text = api.api.get("/metrics").body.decode()
    assert 'modelyard_shadow_differing_rows_total{model="tiny",version="2"}' in text


def test_an_ab_test_gives_each_caller_one_version(pair, train, until):
    api, first, deployed, candidate = pair(train(seed=2), workers="2")
    key = Key(source="header", name="x-customer")
    begin_rollout(api, until, deployed, pointer=candidate, mode="ab", key=key)
    import urllib.request

    def version_for(customer: str) -> str:
        request = urllib.request.Request(
            api.url + "/invocations",
            data=json.dumps(row(first)).encode(),
            headers={"Content-Type": "application/json", "X-Customer": customer},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.headers["x-model-version"]

    versions = {customer: {version_for(customer) for _ in range(3)} for customer in map(str, range(20))}
    assert all(len(found) == 1 for found in versions.values())
    assert set.union(*versions.values()) == {"1", "2"}
    assert set(answered_by(api, first, 5)) == {"1"}
    assert described(api)["result"]["unassigned"] == 5


def test_a_candidate_of_other_features_is_not_tried(pair, train, narrow, until):
    api, first, deployed, candidate = pair(narrow)
    replace_pointer(api.deployments, replace(deployed, rollout=rollout(candidate)))
    until(lambda: (state := read_rollout_state(api.deployments, "tiny")) is not None and state.state == "returned")
    assert "takes other features" in read_rollout_state(api.deployments, "tiny").reason
    assert set(answered_by(api, first, 10)) == {"1"}


def test_the_candidate_takes_over_without_being_loaded_again(pair, train, until):
    api, first, deployed, candidate = pair(train(seed=2))
    begin_rollout(api, until, deployed, pointer=candidate)
    replace_pointer(api.deployments, candidate)
    api.ready("2")
    assert set(answered_by(api, first, 10)) == {"2"}
    assert described(api) is None
