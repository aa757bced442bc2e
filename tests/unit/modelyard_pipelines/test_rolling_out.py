"""A rollout from the team's side: which version is tried, what may be finished, who is told, what is shown."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.errors import InvalidBundleError, ModelNotFoundError, NoCandidateError, ReleaseRefusedError
from modelyard.registry.versions import Registration
from modelyard.release.rollout_status import RolloutStatus
from modelyard.testing.platforms import bare_platform
from modelyard_bundle.pointer import Pointer, replace_pointer
from modelyard_bundle.rollout import Candidate, Rollout, RolloutLimits
from modelyard_bundle.rollout_state import RolloutState, write_rollout_state
from modelyard_pipelines.commands.release import release
from modelyard_pipelines.commands.rollout import describe
from modelyard_pipelines.release import rolling_out
from modelyard_serving.rollouts import outcome, shadow

ROOT = Path(__file__).resolve().parents[3]
NOW = "2013-06-01T00:00:00+00:00"
DIGESTS = {number: hashlib.sha256(str(number).encode()).hexdigest() for number in (1, 2)}
LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
CANARY = Rollout(
    mode="canary",
    candidate=Candidate(version="2", digest=DIGESTS[2], bundle=f"parcels/2-{DIGESTS[2][:12]}"),
    percent=10,
    salt="0123456789abcdef",
    started_at=NOW,
    limits=LIMITS,
)
STATUS = RolloutStatus(
    model="parcels",
    beside="1",
    rollout=CANARY,
    state="running",
    reason="too early to say",
    since=NOW,
    reachable=True,
    weight=0.1,
    result=None,
)


@pytest.fixture
def platform(tmp_path):
    """Versions 1 and 2 are registered; 1 is in production and deployed, 2 is in staging and tried."""
    opened = bare_platform(ROOT, tmp_path)
    registry = opened.registry()
    for number in (1, 2):
        registry.register(registration(number))
        registry.stage("parcels", number)
        if number == 1:
            promote(opened, 1)
    deploy(opened, CANARY)
    return opened


def registration(number):
    return Registration(
        model="parcels",
        run_id=f"run-{number}",
        source="nowhere",
        digest=DIGESTS[number],
        fingerprint=str(number),
        task="binary",
        commit="abc",
        data_versions={},
        metrics={"roc_auc": 0.7},
        validation_rows={},
        test_rows={},
        learned_until="2013-06-01",
    )


def promote(platform, version):
    platform.registry().promote("parcels", version, by="Ada", reason="better", evidence="f" * 64)


def deploy(platform, rollout, version=1):
    pointer = Pointer.to("parcels", str(version), digest=DIGESTS[version])
    replace_pointer(Path(platform.connections.deployments), replace(pointer, rollout=rollout))


def take_back(platform, reason="it failed 30 of 300 requests"):
    state = RolloutState(rollout=CANARY.id, version="2", state="returned", reason=reason, at=NOW)
    write_rollout_state(Path(platform.connections.deployments), "parcels", state)


def told(platform):
    outbox = Path(platform.connections.outbox)
    return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []


class TestCandidate:
    def test_without_a_staging_version_there_is_nothing_to_try(self, platform):
        promote(platform, 2)
        with pytest.raises(NoCandidateError, match="nothing of parcels is in staging"):
            rolling_out.canary(platform, "parcels", percent=10)

    def test_a_version_that_is_named_must_exist(self, platform):
        with pytest.raises(ModelNotFoundError, match="no version 7"):
            rolling_out.shadow(platform, "parcels", version=7)


class TestFinishing:
    def test_what_nobody_promoted_is_not_finished(self, platform):
        with pytest.raises(
            ReleaseRefusedError, match="version 2 of parcels is tried, but version 1 is in prod"
        ) as caught:
            rolling_out.finish(platform, "parcels")
        assert "modelyard model promote parcels" in caught.value.hint

    def test_what_was_taken_back_is_not_finished(self, platform):
        promote(platform, 2)
        take_back(platform)
        with pytest.raises(ReleaseRefusedError, match="was taken back: it failed 30 of 300") as caught:
            rolling_out.finish(platform, "parcels")
        assert "release abort parcels" in caught.value.hint

    def test_where_nothing_is_tried_there_is_nothing_to_finish(self, platform):
        deploy(platform, None)
        promote(platform, 2)
        with pytest.raises(ReleaseRefusedError, match="nothing is tried of parcels"):
            rolling_out.finish(platform, "parcels")


class TestTelling:
    def test_people_are_told_once_that_a_candidate_was_taken_back(self, platform):
        assert rolling_out.status(platform, "parcels").state == "waiting"
        assert told(platform) == []
        take_back(platform)
        for _ in range(3):
            assert rolling_out.status(platform, "parcels").state == "returned"
        (message,) = told(platform)
        assert message["kind"] == "rollout returned"
        assert message["what"] == "it failed 30 of 300 requests"
        assert message["facts"]["rollout"] == CANARY.id

    def test_a_rollout_that_is_ended_unseen_is_told_of_as_well(self, platform):
        take_back(platform)
        assert rolling_out.abort(platform, "parcels").ended == "canary of version 2 at 10%"
        assert len(told(platform)) == 1
        assert rolling_out.abort(platform, "parcels").ended is None

    def test_a_pointer_that_cannot_be_read_is_said_to_be_broken(self, platform):
        (Path(platform.connections.deployments) / "parcels.json").write_bytes(b"{")
        with pytest.raises(InvalidBundleError, match="deployment pointer of parcels is broken"):
            rolling_out.status(platform, "parcels")


class TestShowing:
    def test_nothing_is_tried(self):
        none = replace(STATUS, rollout=None, state="none", reason="version 1 answers everything")
        assert describe(none) == "nothing is tried of parcels: version 1 answers everything"

    def test_a_canary_is_shown_side_by_side(self):
        numbers = memoryview(bytearray(outcome.SIZE * 8)).cast("d")
        for number in range(300):
            is_candidate = number % 10 == 0
            outcome.count_answer(
                numbers,
                0,
                place=number / 300,
                is_candidate=is_candidate,
                seconds=0.004,
                latency_ms=50,
                is_error=False,
                rows=1,
                total=0.5 + number % 7 / 100,
                above=int(is_candidate),
            )
        outcome.count_unassigned(numbers, 0)
        found = outcome.read_outcome(numbers.tolist(), labels=("on time", "late")).to_document()
        shown = describe(replace(STATUS, result=json.loads(json.dumps(found)), reachable=False))
        words = " ".join(shown.split())
        for part in ("canary of version 2 at 10%", "share now 10%", "version 1 version 2", "share of 'late' 0 1"):
            assert part in words
        assert "no difference between the mean predictions is shown" in shown
        assert "1 requests named no caller; version 1 answered them" in shown
        assert "what it wrote down last" in shown

    def test_a_shadow_is_shown_by_its_differences(self):
        numbers = memoryview(bytearray(shadow.SIZE * 8)).cast("d")
        shadow.count_comparison(numbers, 0, given=[0.1, 0.6], shadow=[0.1, 0.4], tolerance=0.01, threshold=0.5)
        rollout = replace(CANARY, mode="shadow", limits=None, tolerance=0.01)
        found = shadow.read_shadow(numbers.tolist()).to_document()
        shown = describe(replace(STATUS, rollout=rollout, result=json.loads(json.dumps(found))))
        assert "label flips" in shown
        assert "50.00% of 2 rows differ" in shown


class TestCommands:
    @pytest.mark.parametrize("words", [(), ("--key", "x-caller", "--feature", "carrier")])
    def test_callers_are_assigned_by_one_thing(self, words):
        ended = CliRunner().invoke(release, ["ab", "parcels", "--percent", "50", *words])
        assert ended.exit_code == 2
        assert "--key HEADER or --feature NAME" in ended.output

    @pytest.mark.parametrize("percent", ["0", "-5", "101", "ten"])
    def test_a_share_is_a_percentage(self, percent):
        assert CliRunner().invoke(release, ["canary", "parcels", "--percent", percent]).exit_code == 2

    def test_every_verb_is_there(self):
        assert {"canary", "shadow", "ab", "rollout", "finish", "abort", "deploy", "status"} <= set(release.commands)
