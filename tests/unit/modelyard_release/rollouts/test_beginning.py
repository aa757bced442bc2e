"""Rollouts: begun, found again after a kill, refused; against a stand-in for the model API's host."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from filelock import FileLock

from modelyard.errors import InvalidBundleError, ModelApiUnreachableError, ReleaseBusyError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.status import read_status
from modelyard.testing.rollout_fakes import (
    AB,
    CANARY,
    NOW,
    SHADOW,
    STAGES,
    Killed,
    Unrehearsed,
    dying,
    journal_of,
    later,
    pointer_of,
    progress,
)
from modelyard_bundle import Feature, write_bundle
from modelyard_bundle.digests import sha256_of
from modelyard_bundle.rollout import Key


class TestBeginning:
    @pytest.mark.parametrize("trial", [CANARY, SHADOW, AB], ids=lambda trial: trial.mode)
    def test_a_candidate_is_rehearsed_and_then_tried_beside_the_deployed_version(self, rollouts, versions, trial):
        stages = []
        watched = replace(rollouts, deployment=replace(rollouts.deployment, begins=stages.append))
        done = watched.begin(versions["2"], trial)
        assert stages == STAGES
        assert (done.changed, done.beside, done.rehearsal.passed) == (True, "1", True)
        assert pointer_of(rollouts) == replace(versions["1"], rollout=done.rollout)
        assert pointer_of(rollouts).candidate == versions["2"]
        assert not journal_of(rollouts).is_open()
        assert json.loads(json.dumps(done.to_document()))["rollout"]["mode"] == trial.mode
        found = progress(rollouts)
        assert (found.state, found.reachable, found.weight) == ("running", True, trial.percent / 100)

    def test_doing_it_again_changes_nothing(self, rollouts, versions):
        first = rollouts.begin(versions["2"], CANARY)
        before = (rollouts.deployment.deployments / "tiny.json").stat()
        again = later(rollouts).begin(versions["2"], CANARY)
        assert (again.changed, again.rehearsal, again.rollout) == (False, None, first.rollout)
        assert (rollouts.deployment.deployments / "tiny.json").stat().st_ino == before.st_ino

    def test_a_larger_share_is_a_new_rollout_in_which_nobody_goes_back(self, rollouts, versions):
        first = rollouts.begin(versions["2"], AB).rollout
        more = later(rollouts).begin(versions["2"], replace(AB, percent=80)).rollout
        assert more.id != first.id
        assert more.salt == first.salt
        assert more.started_at > first.started_at

    def test_a_shadow_may_become_a_canary(self, rollouts, versions):
        rollouts.begin(versions["2"], SHADOW)
        assert rollouts.begin(versions["2"], CANARY).rollout.mode == "canary"

    def test_the_status_of_the_release_names_it(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        place = rollouts.deployment
        found = read_status("tiny", deployments=place.deployments, live=place.live)
        assert (found.state, found.deployed_version) == ("served", "1")
        assert found.rollout == "canary of version 2 at 10%"


class TestKilled:
    @pytest.mark.parametrize("fatal", STAGES)
    def test_at_any_stage_and_run_again_it_ends_right(self, rollouts, versions, fatal):
        with pytest.raises(Killed):
            dying(rollouts, fatal).begin(versions["2"], CANARY)
        assert pointer_of(rollouts).alone() == versions["1"]
        done = later(rollouts).begin(versions["2"], CANARY)
        assert done.changed
        assert pointer_of(rollouts) == replace(versions["1"], rollout=done.rollout)
        assert not journal_of(rollouts).is_open()
        assert (done.rollout.started_at == NOW) == (fatal in ("wait", "confirm"))

    @pytest.mark.parametrize("fatal", STAGES)
    def test_at_any_stage_and_aborted_nothing_is_tried(self, rollouts, versions, fatal):
        with pytest.raises(Killed):
            dying(rollouts, fatal).begin(versions["2"], CANARY)
        rollouts.abort("tiny")
        assert pointer_of(rollouts) == versions["1"]
        assert not journal_of(rollouts).is_open()

    @pytest.mark.parametrize("fatal", ["replace", "wait"])
    def test_in_aborting_and_run_again_it_ends_right(self, rollouts, versions, fatal):
        rollouts.begin(versions["2"], CANARY)
        with pytest.raises(Killed):
            dying(rollouts, fatal).abort("tiny")
        assert rollouts.abort("tiny").seen
        assert pointer_of(rollouts) == versions["1"]
        assert not journal_of(rollouts).is_open()

    @pytest.mark.parametrize("fatal", STAGES)
    def test_at_any_stage_and_deployed_the_candidate_answers_everything(self, rollouts, versions, fatal):
        with pytest.raises(Killed):
            dying(rollouts, fatal).begin(versions["2"], CANARY)
        assert rollouts.deployment.deploy(versions["2"]).changed
        assert pointer_of(rollouts) == versions["2"]
        assert not journal_of(rollouts).is_open()

    def test_a_failure_after_it_goes_back_to_what_was_confirmed(self, rollouts, versions, host):
        """Not to the rollout that nobody had confirmed."""
        with pytest.raises(Killed):
            dying(rollouts, "wait").begin(versions["2"], CANARY)
        host.takes_back = "it cannot be loaded"
        with pytest.raises(ReleaseRefusedError, match="it cannot be loaded; version 1 answers as before"):
            later(rollouts).begin(versions["2"], replace(CANARY, percent=20))
        assert pointer_of(rollouts) == versions["1"]


class TestRefusing:
    def test_a_candidate_that_fails_the_suite_gets_no_share(self, rollouts, versions):
        with pytest.raises(ReleaseRefusedError, match="checks failed"):
            rollouts.begin(versions["bad"], CANARY)
        assert pointer_of(rollouts) == versions["1"]

    def test_without_the_rehearsal_it_would_have_got_one(self, rollouts, versions):
        fields = {name: getattr(rollouts.deployment, name) for name in Deployment.__slots__}
        weakened = replace(rollouts, deployment=Unrehearsed(**fields))
        assert weakened.begin(versions["bad"], CANARY).changed

    def test_a_candidate_that_the_live_api_takes_back_at_once_leaves_everything_as_it_was(
        self, rollouts, versions, host
    ):
        host.takes_back = "its bundle was refused"
        with pytest.raises(ReleaseRefusedError, match="its bundle was refused; version 1 answers as before"):
            rollouts.begin(versions["2"], CANARY)
        assert pointer_of(rollouts) == versions["1"]
        assert not journal_of(rollouts).is_open()

    def test_a_larger_share_that_is_not_taken_up_leaves_the_smaller_one(self, rollouts, versions, host):
        first = rollouts.begin(versions["2"], CANARY)
        host.takes_back = "no memory"
        with pytest.raises(ReleaseRefusedError, match="no memory"):
            rollouts.begin(versions["2"], replace(CANARY, percent=20))
        assert pointer_of(rollouts).rollout == first.rollout

    def test_a_live_api_that_knows_no_rollouts_is_not_waited_for_without_end(self, rollouts, versions, host):
        host.follows = False
        hasty = replace(rollouts, deployment=replace(rollouts.deployment, seconds=0.3))
        with pytest.raises(ReleaseRefusedError, match="has not taken it up"):
            hasty.begin(versions["2"], CANARY)
        assert pointer_of(rollouts) == versions["1"]

    def test_the_deployed_version_is_no_candidate(self, rollouts, versions):
        with pytest.raises(ReleaseRefusedError, match="version 1 of tiny is deployed already"):
            rollouts.begin(versions["1"], CANARY)

    def test_there_must_be_something_to_be_tried_beside(self, rollouts, versions):
        (rollouts.deployment.deployments / "tiny.json").unlink()
        with pytest.raises(ReleaseRefusedError, match="nothing of tiny is deployed"):
            rollouts.begin(versions["2"], CANARY)

    def test_one_candidate_at_a_time(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        with pytest.raises(ReleaseRefusedError, match="the canary of version 2 at 10% is under way") as caught:
            rollouts.begin(versions["3"], CANARY)
        assert "release abort tiny" in caught.value.hint

    def test_a_candidate_that_was_taken_back_is_not_tried_again_by_itself(self, rollouts, versions, host):
        rollouts.begin(versions["2"], CANARY)
        host.takes_back = "it failed 30 of 300 requests"
        assert progress(rollouts).state == "returned"
        with pytest.raises(ReleaseRefusedError, match="was taken back: it failed 30 of 300 requests"):
            rollouts.begin(versions["2"], CANARY)
        host.takes_back = ""
        rollouts.abort("tiny")
        assert later(rollouts).begin(versions["2"], CANARY).changed
        assert progress(rollouts).state == "running"

    def test_after_one_was_taken_back_another_may_be_tried(self, rollouts, versions, host):
        rollouts.begin(versions["2"], CANARY)
        host.takes_back = "it failed"
        assert progress(rollouts).state == "returned"
        host.takes_back = ""
        assert rollouts.begin(versions["3"], CANARY).rollout.candidate.version == "3"

    def test_versions_that_take_other_requests_are_not_tried_beside_each_other(self, rollouts, tiny, bundles):
        signature = replace(tiny.signature, features=(*tiny.signature.features, Feature(name="seats", kind="integer")))
        example = replace(tiny.example, rows=tuple({**row, "seats": 1} for row in tiny.example.rows))
        other = {**tiny.files, "signature.json": signature.to_json(), "example.json": example.to_json()}
        digests = {name: sha256_of(content) for name, content in other.items()}
        write_bundle(bundles, replace(tiny.manifest("4"), files=digests), files=other)
        pointer = replace(pointer_of(rollouts), version="4", bundle=f"tiny/4-{tiny.digest[:12]}")
        with pytest.raises(ReleaseRefusedError, match="do not take the same requests: they differ in seats"):
            rollouts.begin(pointer, CANARY)

    def test_callers_are_assigned_by_a_feature_that_there_is(self, rollouts, versions):
        with pytest.raises(ReleaseRefusedError, match=r"no feature 'seats'.*carrier"):
            rollouts.begin(versions["2"], replace(AB, key=Key(source="feature", name="seats")))
        assert rollouts.begin(versions["2"], replace(AB, key=Key(source="feature", name="carrier"))).changed

    @pytest.mark.parametrize("trial", [replace(CANARY, percent=100), replace(CANARY, limits=None)])
    def test_a_rollout_that_makes_no_sense_is_refused_in_a_sentence(self, rollouts, versions, trial):
        with pytest.raises(ReleaseRefusedError, match=r"must be given|less than 100"):
            rollouts.begin(versions["2"], trial)

    def test_an_interrupted_deployment_is_brought_to_its_end_first(self, rollouts, versions):
        journal_of(rollouts).open(good=None)
        with pytest.raises(ReleaseRefusedError, match="interrupted") as caught:
            rollouts.begin(versions["2"], CANARY)
        assert "release deploy tiny" in caught.value.hint

    def test_two_at_once_do_not_mix(self, rollouts, versions):
        hasty = replace(rollouts, deployment=replace(rollouts.deployment, lock_seconds=0.05))
        with FileLock(rollouts.deployment.deployments / ".tiny.lock"):
            with pytest.raises(ReleaseBusyError):
                hasty.begin(versions["2"], CANARY)
            with pytest.raises(ReleaseBusyError):
                hasty.abort("tiny")

    def test_nothing_is_begun_when_the_live_api_does_not_answer(self, rollouts, versions):
        lonely = replace(rollouts, deployment=replace(rollouts.deployment, live="http://127.0.0.1:9"))
        with pytest.raises(ModelApiUnreachableError, match="left as it is"):
            lonely.begin(versions["2"], CANARY)
        assert pointer_of(rollouts) == versions["1"]

    def test_a_damaged_candidate_is_refused_before_anything_starts(self, rollouts, versions, bundles):
        (bundles / versions["2"].bundle / "model.skops").write_bytes(b"damaged")
        with pytest.raises(InvalidBundleError, match="digest"):
            rollouts.begin(versions["2"], CANARY)
