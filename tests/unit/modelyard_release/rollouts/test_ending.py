"""Rollouts: aborted, ended by a deployment, told of, carried over to Azure."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from modelyard.environment.azure_rollouts import RevisionRollout
from modelyard.errors import ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.rollout_lines import environment_lines
from modelyard.release.rollout_status import read_rollout
from modelyard.testing.rollout_fakes import AB, CANARY, NOW, SHADOW, Killed, Rehearsed, dying, pointer_of, progress
from modelyard_bundle import replace_pointer
from modelyard_bundle.rollout_state import rollout_state_path


class TestEnding:
    def test_an_aborted_rollout_leaves_the_deployed_version(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        done = rollouts.abort("tiny")
        assert (done.version, done.ended, done.seen) == ("1", "canary of version 2 at 10%", True)
        assert pointer_of(rollouts) == versions["1"]
        assert rollouts.abort("tiny").ended is None
        assert progress(rollouts).state == "none"

    def test_a_rollout_can_be_aborted_without_a_live_api(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        lonely = replace(rollouts, deployment=replace(rollouts.deployment, live="http://127.0.0.1:9"))
        assert lonely.abort("tiny").seen is False
        assert pointer_of(rollouts) == versions["1"]

    def test_aborting_where_nothing_is_deployed_is_no_fault(self, rollouts):
        (rollouts.deployment.deployments / "tiny.json").unlink()
        assert rollouts.abort("tiny").version is None

    def test_deploying_the_candidate_ends_its_rollout(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        assert rollouts.candidate_of("tiny") == versions["2"]
        done = rollouts.deployment.deploy(versions["2"])
        assert (done.previous, done.ended) == ("1", "canary of version 2 at 10%")
        assert pointer_of(rollouts) == versions["2"]
        assert rollouts.candidate_of("tiny") is None

    def test_a_deployment_of_the_candidate_that_was_killed_is_known(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        with pytest.raises(Killed):
            dying(rollouts, "wait").deployment.deploy(versions["2"])
        assert rollouts.candidate_of("tiny") == versions["2"]
        rollouts.deployment.deploy(versions["2"])
        assert rollouts.candidate_of("tiny") is None

    def test_deploying_the_deployed_version_leaves_the_rollout_alone(self, rollouts, versions):
        begun = rollouts.begin(versions["2"], CANARY)
        done = rollouts.deployment.deploy(versions["1"])
        assert (done.changed, done.live.passed, done.ended) == (False, True, None)
        assert done.live.checks[0].name == "two may answer"
        assert pointer_of(rollouts).rollout == begun.rollout

    def test_a_deployment_that_fails_puts_the_rollout_back(self, rollouts, versions, host):
        class Failing(Rehearsed):
            def confirmed(self, expected, *, beside=False):
                raise ReleaseRefusedError("the smoke failed")

        begun = rollouts.begin(versions["2"], CANARY)
        fields = {name: getattr(rollouts.deployment, name) for name in Deployment.__slots__}
        with pytest.raises(ReleaseRefusedError, match="the smoke failed; version 1 is deployed again"):
            Failing(**fields).deploy(versions["3"])
        assert pointer_of(rollouts).rollout == begun.rollout


class TestStatus:
    def test_nothing_is_tried_at_first(self, rollouts):
        found = progress(rollouts)
        assert (found.state, found.beside, found.reason) == ("none", "1", "version 1 answers everything")
        (rollouts.deployment.deployments / "tiny.json").unlink()
        assert progress(rollouts).reason == "nothing is deployed"

    def test_what_was_written_down_is_shown_where_the_live_api_does_not_answer(self, rollouts, versions, host):
        rollouts.begin(versions["2"], CANARY)
        host.takes_back = "it failed 30 of 300 requests"
        assert progress(rollouts).reachable
        place = rollouts.deployment.deployments
        found = read_rollout("tiny", deployments=place, live="http://127.0.0.1:9")
        assert (found.state, found.reason) == ("returned", "it failed 30 of 300 requests")
        assert (found.reachable, found.weight, found.since) == (False, None, NOW)
        assert json.loads(json.dumps(found.to_document()))["id"] == found.rollout.id

    def test_a_verdict_on_another_rollout_says_nothing_about_this_one(self, rollouts, versions, host):
        rollouts.begin(versions["2"], CANARY)
        host.takes_back = "it failed"
        assert progress(rollouts).state == "returned"
        rollouts.abort("tiny")
        host.takes_back, host.follows = "", False
        place = rollouts.deployment.deployments
        begun = replace(versions["1"], rollout=replace(rollouts._rollout(versions["2"], SHADOW, versions["1"])))
        replace_pointer(place, begun)
        assert (progress(rollouts).state, progress(rollouts).reason) == ("waiting", "the model API has not taken it up")
        rollout_state_path(place, "tiny").write_bytes(b"{")
        assert progress(rollouts).state == "waiting"


class TestCarriedOverToAzure:
    def lines(self, rollouts, pointer):
        settings = yaml.safe_load(environment_lines(pointer, revision="v1-0a1b2c3d"))["rollout"]
        return settings and RevisionRollout.model_validate(settings)

    def test_a_canary_is_a_weight(self, rollouts, versions):
        rollouts.begin(versions["2"], CANARY)
        found = self.lines(rollouts, pointer_of(rollouts))
        assert (found.mode, found.percent, found.beside.version) == ("canary", 10, 1)
        assert found.beside.revision == "v1-0a1b2c3d"

    def test_a_shadow_has_no_weight(self, rollouts, versions):
        rollouts.begin(versions["2"], SHADOW)
        assert self.lines(rollouts, pointer_of(rollouts)).percent == 0

    def test_without_a_rollout_there_is_none(self, rollouts):
        assert self.lines(rollouts, pointer_of(rollouts)) is None

    @pytest.mark.parametrize(("trial", "reason"), [(AB, "by weight only"), (replace(CANARY, percent=0.5), "whole")])
    def test_what_azure_cannot_do_is_refused(self, rollouts, versions, trial, reason):
        rollouts.begin(versions["2"], trial)
        with pytest.raises(ReleaseRefusedError, match=reason):
            self.lines(rollouts, pointer_of(rollouts))
