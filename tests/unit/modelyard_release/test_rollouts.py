"""Rollouts: begun, found again after a kill, refused, aborted; against a stand-in for the model API's host."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from filelock import FileLock

from modelyard.environment.azure_rollouts import RevisionRollout
from modelyard.errors import InvalidBundleError, ModelApiUnreachableError, ReleaseBusyError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.journal import Journal
from modelyard.release.report import Check, SuiteReport
from modelyard.release.rollout_lines import environment_lines
from modelyard.release.rollout_status import read_rollout
from modelyard.release.rollouts import Rollouts, Trial
from modelyard.release.status import read_status
from modelyard_bundle import Feature, read_pointer, replace_pointer, write_bundle
from modelyard_bundle.digests import sha256_of
from modelyard_bundle.rollout import Key, RolloutLimits
from modelyard_bundle.rollout_state import rollout_state_path, write_rollout_state
from modelyard_serving.rollouts.verdicts import describe, resume, take_back

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
CANARY = Trial(mode="canary", percent=10, limits=LIMITS)
SHADOW = Trial(mode="shadow", percent=100, tolerance=0.01)
AB = Trial(mode="ab", percent=50, limits=LIMITS, key=Key(source="header", name="x-caller"))
STAGES = ["verify", "rehearse", "remember", "replace", "wait", "confirm"]
NOW = "2013-06-01T00:00:00+00:00"


class Killed(BaseException):
    """What a test ends a rollout with: like a kill, nothing that runs on an error runs."""


class Host:
    """Does with the pointers what the model API's host does, as far as its metadata shows it."""

    def __init__(self, deployments) -> None:
        self.deployments = deployments
        self.follows = True
        """Whether it takes rollouts up at all."""
        self.takes_back = ""
        """Why it takes every candidate back; empty if it does not."""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document, headers = host.metadata() if "models" in self.path else ({}, {})
                body = json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def metadata(self):
        pointer = read_pointer(self.deployments, "tiny")
        if pointer is None:
            return None, {}
        found = {"versions": [pointer.version], "parameters": {}}
        if pointer.rollout is not None and self.follows:
            state = resume(self.deployments, "tiny", pointer.rollout, now=NOW)
            if self.takes_back:
                state = take_back(state, reason=self.takes_back, now=NOW)
                write_rollout_state(self.deployments, "tiny", state)
            found["parameters"]["rollout"] = describe(pointer.rollout, state)
        return found, {"x-model-version": pointer.version, "x-model-digest": pointer.digest}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Rehearsed(Deployment):
    """Everything but the rehearsal and the smoke, which need a model API that predicts."""

    def rehearsed(self, pointer, expected):
        if pointer.version == "bad":
            raise ReleaseRefusedError("1 of 16 checks failed")
        return report(pointer)

    def confirmed(self, expected, *, beside=False):
        checks = (Check("two may answer" if beside else "one may answer", passed=True),)
        return SuiteReport(url="", model="tiny", version=expected.version, digest=expected.digest, checks=checks)


class Unrehearsed(Rehearsed):
    """The weakened gate: whatever the suite would have found, it passed."""

    def rehearsed(self, pointer, expected):
        return report(pointer)


def report(pointer):
    checks = (Check("anything", passed=True),)
    return SuiteReport(url="", model="tiny", version=pointer.version, digest=pointer.digest, checks=checks)


@pytest.fixture
def host(tmp_path):
    running = Host(tmp_path / "deployments")
    yield running
    running.close()


@pytest.fixture
def bundles(tmp_path):
    return tmp_path / "bundles"


@pytest.fixture
def versions(tiny, train, bundles):
    """Pointers to versions that are bundled: 1, 2, 3, and one that fails its rehearsal."""
    models = {"1": tiny, "2": train(seed=2), "3": train(seed=3), "bad": train(seed=2)}
    return {version: model.bundle(bundles, version) for version, model in models.items()}


@pytest.fixture
def deployment(host, bundles, versions):
    """Version 1 is deployed."""
    replace_pointer(host.deployments, versions["1"])
    return Rehearsed(bundles=bundles, deployments=host.deployments, live=host.url, seconds=5.0)


@pytest.fixture
def rollouts(deployment):
    return Rollouts(deployment=deployment, now=lambda: NOW)


def later(rollouts, **changes):
    """The same an hour later."""
    return replace(rollouts, now=lambda: "2013-06-01T01:00:00+00:00", **changes)


def dying(rollouts, fatal):
    def begins(stage):
        if stage == fatal:
            raise Killed(stage)

    return replace(rollouts, deployment=replace(rollouts.deployment, begins=begins))


def pointer_of(rollouts):
    return read_pointer(rollouts.deployment.deployments, "tiny")


def journal_of(rollouts):
    return Journal(rollouts.deployment.deployments, "tiny")


def progress(rollouts):
    return read_rollout("tiny", deployments=rollouts.deployment.deployments, live=rollouts.deployment.live)


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
