"""The state of a rollout over the lives of the host."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from modelyard_bundle.rollout_state import read_rollout_state, rollout_state_path, write_rollout_state
from modelyard_serving.rollouts.stopping import Verdict
from modelyard_serving.rollouts.verdicts import (
    after,
    describe,
    resume,
    rollout_metrics,
    take_back,
    watch_of,
    weight_of,
)

NOW, LATER = "2013-06-01T00:00:00+00:00", "2013-06-01T01:00:00+00:00"
RETURN = Verdict(decision="return", reason="it failed", figures={"turn": 1, "candidate_errors": 30})
PASS = Verdict(decision="pass", reason="it is within its limits", figures={"turn": 3})
GO_ON = Verdict(decision="go_on", reason="too early")


def test_a_new_rollout_runs_and_is_written_down(tmp_path, canary):
    state = resume(tmp_path, "tiny", canary, now=NOW)
    assert (state.state, state.rollout, state.version, state.at) == ("running", canary.id, "2", NOW)
    assert read_rollout_state(tmp_path, "tiny") == state
    assert weight_of(canary, state) == 0.1


def test_what_was_returned_stays_returned_when_the_host_starts_again(tmp_path, canary):
    state = after(resume(tmp_path, "tiny", canary, now=NOW), RETURN, now=LATER)
    write_rollout_state(tmp_path, "tiny", state)
    again = resume(tmp_path, "tiny", canary, now=LATER)
    assert (again.state, again.reason, again.at) == ("returned", "it failed", LATER)
    assert weight_of(canary, again) == 0
    assert watch_of(canary, again) is None


def test_a_new_rollout_of_the_same_version_starts_anew(tmp_path, canary):
    state = after(resume(tmp_path, "tiny", canary, now=NOW), RETURN, now=LATER)
    write_rollout_state(tmp_path, "tiny", state)
    other = replace(canary, percent=20)
    assert resume(tmp_path, "tiny", other, now=LATER).state == "running"
    assert read_rollout_state(tmp_path, "tiny").rollout == other.id


def test_whoever_wrote_no_state_down_would_forget(tmp_path, canary):
    """The weakened copy: the verdict stays in memory."""
    after(resume(tmp_path, "tiny", canary, now=NOW), RETURN, now=LATER)
    assert resume(tmp_path, "tiny", canary, now=LATER).state == "running"


@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"\xff"])
def test_where_the_state_cannot_be_read_the_candidate_gets_nothing(tmp_path, canary, content):
    """It may have been taken back. Another rollout is not held up by that."""
    rollout_state_path(tmp_path, "tiny").write_bytes(content)
    state = resume(tmp_path, "tiny", canary, now=NOW)
    assert state.state == "returned"
    assert "could not be read" in state.reason
    assert resume(tmp_path, "tiny", canary, now=LATER) == state
    assert resume(tmp_path, "tiny", replace(canary, percent=20), now=LATER).state == "running"


def test_a_verdict_changes_the_state_once(tmp_path, canary):
    state = resume(tmp_path, "tiny", canary, now=NOW)
    assert after(state, GO_ON, now=LATER) is state
    passed = after(state, PASS, now=LATER)
    assert (passed.state, passed.at) == ("passed", LATER)
    assert weight_of(canary, passed) == 0.1
    returned = after(passed, RETURN, now=LATER)
    assert returned.state == "returned"
    assert after(returned, PASS, now=NOW) is returned
    assert take_back(returned, reason="again", now=NOW) is returned


def test_the_turns_that_were_spent_are_not_given_back(tmp_path, canary):
    state = resume(tmp_path, "tiny", canary, now=NOW)
    assert watch_of(canary, state).turn == 1
    assert watch_of(canary, after(state, PASS, now=LATER)).turn == 4


def test_a_shadow_is_not_judged(tmp_path, canary):
    shadow = replace(canary, mode="shadow", limits=None, tolerance=0.01)
    assert watch_of(shadow, resume(tmp_path, "tiny", shadow, now=NOW)) is None


def test_describes_itself_for_the_model_api(tmp_path, canary):
    state = after(resume(tmp_path, "tiny", canary, now=NOW), RETURN, now=LATER)
    found = describe(canary, state, result={"sentence": "none"})
    assert json.loads(json.dumps(found)) == {
        "id": canary.id,
        "mode": "canary",
        "version": "2",
        "digest": "cd" * 32,
        "percent": 10,
        "weight": 0,
        "started_at": NOW,
        "state": "returned",
        "reason": "it failed",
        "at": LATER,
        "figures": {"turn": 1, "candidate_errors": 30},
        "result": {"sentence": "none"},
    }


def test_a_monitor_can_see_that_it_was_taken_back(tmp_path, canary):
    state = after(resume(tmp_path, "tiny", canary, now=NOW), RETURN, now=LATER)

    class Collected:
        def collect(self):
            return rollout_metrics(canary, state, model="tiny")

    registry = CollectorRegistry()
    registry.register(Collected())
    text = generate_latest(registry).decode()
    labels = '{mode="canary",model="tiny",version="2"}'
    assert f"modelyard_rollout_weight{labels} 0.0" in text
    assert f"modelyard_rollout_returned{labels} 1.0" in text
