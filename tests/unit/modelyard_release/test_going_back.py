"""A release is undone, and no other; killed anywhere and run again it ends the same. With a stand-in for the host."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from modelyard.errors import InvalidBundleError, ModelApiUnreachableError, ReleaseRefusedError
from modelyard.release.deployment import Deployment
from modelyard.release.going_back import GoingBack
from modelyard.release.journal import Journal
from modelyard.release.report import Check, SuiteReport
from modelyard.release.rollouts import Rollouts, Trial
from modelyard.release.trail import KEPT, Step, Trail
from modelyard_bundle import Pointer, read_pointer, replace_pointer
from modelyard_bundle.rollout import RolloutLimits

LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
CANARY = Trial(mode="canary", percent=10, limits=LIMITS)
BACK = ["remember", "replace", "wait", "smoke", "confirm"]


class Killed(BaseException):
    """What a test ends going back with: like a kill, nothing that runs on an error runs."""


class Host:
    """Serves what the pointer says, as far as its metadata shows it."""

    def __init__(self, deployments) -> None:
        host = self
        self.deployments = deployments

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, document, headers = host.answer(self.path)
                body = json.dumps(document).encode()
                self.send_response(status)
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

    def answer(self, path):
        if "/models/" not in path:
            return 200, {}, {}
        pointer = read_pointer(self.deployments, "tiny")
        if pointer is None:
            return 404, {"error": "no such model"}, {}
        rollout = None if pointer.rollout is None else {"id": pointer.rollout.id, "state": "running"}
        found = {"versions": [pointer.version], "parameters": {"rollout": rollout}}
        return 200, found, {"x-model-version": pointer.version, "x-model-digest": pointer.digest}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Rehearsed(Deployment):
    """Everything but the rehearsal and the smoke, which need a model API that predicts."""

    def rehearsed(self, pointer, expected):
        return report(pointer.version, pointer.digest)

    def confirmed(self, expected, *, beside=False):
        if expected.version == "bad":
            raise ReleaseRefusedError("on the live model API, 1 of 7 checks failed")
        return report(expected.version, expected.digest)


def report(version, digest):
    return SuiteReport(url="", model="tiny", version=version, digest=digest, checks=(Check("anything", passed=True),))


@pytest.fixture
def host(tmp_path):
    running = Host(tmp_path / "deployments")
    yield running
    running.close()


@pytest.fixture
def versions(tiny, train, tmp_path):
    models = {"1": tiny, "2": train(seed=2), "3": train(seed=3), "bad": train(seed=2)}
    return {version: model.bundle(tmp_path / "bundles", version) for version, model in models.items()}


@pytest.fixture
def deployment(host, versions, tmp_path):
    return Rehearsed(bundles=tmp_path / "bundles", deployments=host.deployments, live=host.url, seconds=1.0)


@pytest.fixture
def going(deployment):
    return GoingBack(deployment)


def dying(deployment, fatal):
    def begins(stage):
        if stage == fatal:
            raise Killed(stage)

    return replace(deployment, begins=begins)


def there(deployment):
    return read_pointer(deployment.deployments, "tiny")


def is_open(deployment):
    return Journal(deployment.deployments, "tiny").is_open()


class TestDeployed:
    def test_the_version_before_it_is_deployed_again_and_smoked(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        stages = []
        done = GoingBack(replace(deployment, begins=stages.append)).back(versions["2"])
        assert stages == BACK
        assert (done.was, done.answering, done.changed, done.live.passed) == ("deployed", "1", True, True)
        assert there(deployment) == versions["1"]
        assert not is_open(deployment)
        assert json.loads(json.dumps(done.to_document()))["answering"] == "1"

    def test_a_first_version_is_withdrawn(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        done = going.back(versions["1"])
        assert (done.was, done.answering, done.live) == ("deployed", None, None)
        assert there(deployment) is None

    def test_done_again_nothing_happens_and_never_a_second_step(self, going, deployment, versions):
        for version in "123":
            deployment.deploy(versions[version])
        assert going.back(versions["3"]).answering == "2"
        for _ in range(2):
            again = going.back(versions["3"])
            assert (again.was, again.changed, again.answering) == ("neither", False, "2")
        assert there(deployment) == versions["2"]

    def test_deploying_it_again_later_makes_a_new_step_back(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        first = going.back(versions["2"])
        deployment.deploy(versions["3"])
        deployment.deploy(versions["2"])
        second = going.back(versions["2"])
        assert (first.answering, second.answering) == ("1", "3")
        assert first.undone != second.undone

    def test_deploying_what_is_deployed_makes_none(self, going, deployment, versions):
        for version in "122":
            deployment.deploy(versions[version])
        assert going.back(versions["2"]).answering == "1"

    def test_a_candidate_that_was_finished_leads_back_to_the_version_it_was_tried_beside(
        self, going, deployment, versions
    ):
        deployment.deploy(versions["1"])
        Rollouts(deployment=deployment).begin(versions["2"], CANARY)
        deployment.deploy(versions["2"])
        assert going.back(versions["2"]).answering == "1"
        assert there(deployment) == versions["1"]

    def test_a_newer_candidate_beside_it_goes_with_it(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        Rollouts(deployment=deployment).begin(versions["3"], CANARY)
        assert going.back(versions["2"]).answering == "1"
        assert there(deployment) == versions["1"]

    def test_what_was_before_must_be_known(self, going, deployment, versions):
        replace_pointer(deployment.deployments, versions["2"])
        with pytest.raises(ReleaseRefusedError, match="not known what was before it") as refused:
            going.back(versions["2"])
        assert "model rollback tiny" in refused.value.hint
        assert there(deployment) == versions["2"]

    def test_a_damaged_bundle_is_nothing_to_go_back_to(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        (deployment.bundles / versions["1"].bundle / "model.skops").write_bytes(b"damaged")
        with pytest.raises(InvalidBundleError):
            going.back(versions["2"])
        assert there(deployment) == versions["2"]

    def test_a_version_that_does_badly_stays_where_it_was_put_and_the_command_fails(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        Trail(deployment.deployments, "tiny").note(Step(version=versions["1"], before=versions["bad"], since="t"))
        for _ in range(2):
            with pytest.raises(ReleaseRefusedError, match="version bad is deployed again, but on the live model API"):
                going.back(versions["1"])
        assert there(deployment) == versions["bad"]

    def test_it_works_while_the_live_api_is_down_and_says_that_it_is(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        down = GoingBack(replace(deployment, live="http://127.0.0.1:9", seconds=0.1))
        for _ in range(2):
            with pytest.raises(ModelApiUnreachableError, match="version 1 is deployed again, but no model API answers"):
                down.back(versions["2"])
            assert there(deployment) == versions["1"]
        done = going.back(versions["2"])
        assert (done.was, done.live.passed, is_open(deployment)) == ("neither", True, False)


class TestTried:
    def test_its_rollout_is_ended(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        rollout = Rollouts(deployment=deployment).begin(versions["2"], CANARY).rollout
        done = going.back(versions["2"])
        assert (done.was, done.answering, done.undone, done.live.passed) == ("tried", "1", rollout.id, True)
        assert there(deployment) == versions["1"]
        assert going.back(versions["2"]).was == "neither"

    def test_the_rollout_of_another_one_is_left_alone(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        Rollouts(deployment=deployment).begin(versions["2"], CANARY)
        assert going.back(versions["3"]).was == "neither"
        assert there(deployment).candidate == versions["2"]


class TestNeither:
    def test_where_nothing_is_deployed_there_is_nothing_to_undo(self, going, versions):
        done = going.back(versions["1"])
        assert (done.was, done.answering, done.undone) == ("neither", None, None)

    def test_another_version_is_left_alone(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        assert going.back(versions["2"]).answering == "1"
        assert there(deployment) == versions["1"]

    def test_the_same_version_with_another_content_is_another_release(self, going, deployment, versions):
        deployment.deploy(versions["1"])
        assert going.back(Pointer.to("tiny", "1", digest="ab" * 32)).was == "neither"


class TestKilled:
    @pytest.mark.parametrize("fatal", BACK)
    @pytest.mark.parametrize("was", ["deployed", "tried", "first"])
    def test_at_any_stage_and_run_again_it_ends_the_same(self, going, deployment, versions, fatal, was):
        if was != "first":
            deployment.deploy(versions["1"])
        if was == "tried":
            Rollouts(deployment=deployment).begin(versions["2"], CANARY)
        else:
            deployment.deploy(versions["2"])
        with pytest.raises(Killed):
            GoingBack(dying(deployment, fatal)).back(versions["2"])
        done = going.back(versions["2"])
        assert there(deployment) == (None if was == "first" else versions["1"])
        assert done.answering == (None if was == "first" else "1")
        assert not is_open(deployment)
        assert done.undone is not None

    @pytest.mark.parametrize("fatal", ["rehearse", "remember", "replace", "wait", "smoke", "confirm"])
    def test_a_deployment_that_was_killed_is_undone_at_any_stage(self, going, deployment, versions, fatal):
        deployment.deploy(versions["1"])
        with pytest.raises(Killed):
            dying(deployment, fatal).deploy(versions["2"])
        for _ in range(2):
            assert going.back(versions["2"]).answering == "1"
            assert there(deployment) == versions["1"]

    @pytest.mark.parametrize("fatal", ["replace", "wait", "smoke", "confirm"])
    def test_a_finish_that_was_killed_leads_back_to_the_version_alone(self, going, deployment, versions, fatal):
        deployment.deploy(versions["1"])
        Rollouts(deployment=deployment).begin(versions["2"], CANARY)
        with pytest.raises(Killed):
            dying(deployment, fatal).deploy(versions["2"])
        for _ in range(2):
            assert going.back(versions["2"]).answering == "1"
            assert there(deployment) == versions["1"]

    @pytest.mark.parametrize("fatal", ["remember", "replace", "wait", "confirm"])
    def test_a_rollout_that_was_killed_is_ended(self, going, deployment, versions, fatal):
        deployment.deploy(versions["1"])
        with pytest.raises(Killed):
            Rollouts(deployment=dying(deployment, fatal)).begin(versions["2"], CANARY)
        for _ in range(2):
            assert going.back(versions["2"]).answering == "1"
            assert there(deployment) == versions["1"]

    @pytest.mark.parametrize("fatal", BACK)
    def test_after_it_the_release_may_be_deployed_again(self, deployment, versions, fatal):
        for version in "12":
            deployment.deploy(versions[version])
        with pytest.raises(Killed):
            GoingBack(dying(deployment, fatal)).back(versions["2"])
        assert deployment.deploy(versions["2"]).version == "2"
        assert there(deployment) == versions["2"]
        assert GoingBack(deployment).back(versions["2"]).answering == "1"


class TestTrail:
    def test_a_trail_that_cannot_be_read_leads_nowhere(self, going, deployment, versions):
        for version in "12":
            deployment.deploy(versions[version])
        for content in (b"{", b'{"steps": 1}', b'{"steps": [{"version": 1}]}'):
            (deployment.deployments / ".tiny.trail.json").write_bytes(content)
            with pytest.raises(ReleaseRefusedError, match="not known"):
                going.back(versions["2"])

    def test_the_oldest_steps_are_forgotten(self, tmp_path):
        trail = Trail(tmp_path, "tiny")
        pointers = [Pointer.to("tiny", str(number), digest=f"{number:064x}") for number in range(KEPT + 1)]
        for pointer in pointers:
            trail.note(Step(version=pointer, before=None, since="t"))
        assert trail.step_to(pointers[0]) is None
        assert trail.step_to(pointers[-1]) == Step(version=pointers[-1], before=None, since="t")

    def test_a_model_api_takes_a_trail_for_no_pointer(self, deployment, versions):
        deployment.deploy(versions["1"])
        assert [path.name for path in deployment.deployments.glob("[a-z]*.json")] == ["tiny.json"]


def test_a_weakened_one_that_always_goes_back_would_go_two_steps(deployment, versions):
    """Without the look at what is there, the second run of a pipeline's failure hook undoes what it put back."""

    class Weakened(GoingBack):
        def back(self, release):
            with self.deployment.locked(release.model):
                deployed = self.deployment.deployed(release.model)
                return self._undo(self._step_before(deployed), was="deployed")

    for version in "123":
        deployment.deploy(versions[version])
    weakened = Weakened(deployment)
    assert [weakened.back(versions["3"]).answering for _ in range(2)] == ["2", "1"]
