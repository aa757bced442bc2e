"""The comparison as a gate of a pipeline: open where a promotion can rest on it, closed with a sentence where not."""

import json

import pytest
from click.testing import CliRunner

from modelyard.errors import NoCandidateError, PromotionRefusedError
from modelyard_pipelines.commands import model as commands
from modelyard_pipelines.model import gating
from modelyard_pipelines.model.gating import pass_gate, settled_version
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.staging import stage

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def quiet(line):
    del line


@pytest.fixture
def staged(platform, register):
    """Trains a version on some of the features and stages it."""

    def done(features):
        register(features, roc_auc=0.7)
        return stage(platform, NAME)

    return done


@pytest.fixture
def promoted(platform, staged):
    """The same, and in production."""

    def done(features):
        staged(features)
        return promote(platform, NAME, by="Ada", reason="because", note=quiet)

    return done


@pytest.fixture
def run(platform, monkeypatch):
    """`modelyard model …` on the platform of the test."""
    monkeypatch.setattr(commands, "open_platform", lambda _: platform)
    return lambda *words: CliRunner().invoke(commands.model, [*words, "--format", "json"])


def gate(platform):
    return pass_gate(platform, NAME, note=quiet)


def declare(platform, **changes):
    """Change what the model's folder declares."""
    folder = platform.workspace.models / NAME
    words = ", ".join(f"{name}={value}" for name, value in changes.items())
    (folder / "model.py").write_text(
        "from modelyard.models.spec import Floor, Threshold\n"
        "from modelyard.testing.model_fakes import sample_spec\n"
        f"MODEL = sample_spec({words})\n",
        encoding="utf-8",
    )


def test_a_better_version_may_go_on(platform, promoted, staged):
    promoted(WEAK)
    staged(STRONG)
    found = gate(platform)
    assert (found.passed, found.compared.comparison.verdict) == (True, "candidate_wins")


def test_the_first_version_may_go_on(platform, staged):
    staged(STRONG)
    found = gate(platform)
    assert found.passed
    assert found.sentence.startswith("version 1: the first version")


def test_where_the_staging_version_is_in_production_already_there_is_nothing_to_decide(platform, promoted):
    promoted(STRONG)
    found = gate(platform)
    assert (found.passed, found.compared) == (True, None)
    assert found.sentence == f"version 1 of {NAME} is in production, and nothing is in staging: nothing to decide"


def test_without_any_version_there_is_nothing_to_compare(platform):
    with pytest.raises(NoCandidateError):
        gate(platform)


def test_a_worse_version_is_stopped_with_the_verdict(platform, promoted, staged):
    promoted(STRONG)
    staged(WEAK)
    found = gate(platform)
    assert not found.passed
    assert found.sentence.startswith("version 2: production wins: ")
    assert "--override" in found.hint


def test_a_version_that_the_rows_cannot_tell_from_production_is_stopped(platform, promoted, staged):
    promoted(STRONG)
    staged(STRONG)
    found = gate(platform)
    assert (found.passed, found.compared.comparison.verdict) == (False, "not_enough_data")
    assert "not enough data to tell" in found.sentence


def test_a_version_that_fails_a_protected_slice_is_stopped(platform, promoted, staged):
    promoted(WEAK)
    staged(STRONG)
    assert gate(platform).passed
    declare(platform, floors="(Floor(column='depot', metric='roc_auc', at_least=0.999),)")
    found = gate(platform)
    assert (found.passed, found.compared.comparison.verdict) == (False, "fails_a_slice")


def test_a_first_version_that_no_longer_passes_its_thresholds_is_stopped(platform, staged):
    staged(STRONG)
    declare(platform, thresholds="(Threshold(metric='roc_auc', at_least=0.99),)")
    found = gate(platform)
    assert not found.passed
    assert "fails its thresholds: roc_auc is 0.7000, at least 0.99 is needed" in found.sentence


def test_the_weakened_gate_lets_a_worse_version_through(platform, promoted, staged, monkeypatch):
    promoted(STRONG)
    staged(WEAK)
    monkeypatch.setattr(gating, "SUPPORTING", (*gating.SUPPORTING, "production_wins"))
    assert gate(platform).passed


class TestCommands:
    def test_the_gate_ends_with_the_code_of_a_refused_model_after_it_has_shown_the_comparison(
        self, promoted, staged, run
    ):
        promoted(STRONG)
        staged(WEAK)
        ended = run("compare", NAME, "--gate")
        assert isinstance(ended.exception, PromotionRefusedError)
        assert ended.exception.exit_code == 5
        assert "production wins" in ended.exception.message
        document = json.loads(ended.stdout)
        assert (document["gate"]["passed"], document["verdict"]) == (False, "production_wins")
        assert run("compare", NAME).exit_code == 0

    def test_the_whole_chain_run_again_after_everything_was_done_changes_nothing(self, platform, promoted, run):
        entry = promoted(STRONG).entry
        for words in (
            ("stage", NAME, "--if-any"),
            ("compare", NAME, "--gate"),
            ("promote", NAME, "--by", "Ada", "--reason", "because"),
            ("promote", NAME, "--by", "Grace", "--reason", "another run", "--if-any"),
        ):
            ended = run(*words)
            assert ended.exit_code == 0, ended.exception
        assert platform.registry().history(NAME) == (entry,)

    def test_with_nothing_new_and_without_the_flag_it_is_refused_as_ever(self, promoted, run):
        promoted(STRONG)
        assert isinstance(run("stage", NAME).exception, NoCandidateError)
        assert isinstance(run("promote", NAME, "--by", "Grace", "--reason", "x").exception, NoCandidateError)

    def test_the_flag_overlooks_no_candidate_and_no_version_in_staging(self, platform, promoted, register, run):
        assert isinstance(run("stage", NAME, "--if-any").exception, NoCandidateError)
        promoted(WEAK)
        assert settled_version(platform, NAME).version == 1
        register(STRONG, roc_auc=0.7)
        assert settled_version(platform, NAME) is None
        assert json.loads(run("stage", NAME, "--if-any").stdout)["version"] == 2
        assert settled_version(platform, NAME) is None
        done = json.loads(run("promote", NAME, "--by", "Ada", "--reason", "better", "--if-any").stdout)
        assert (done["version"], done["changed"]) == (2, True)


def test_a_promotion_that_was_killed_after_the_ledger_was_written_is_ended_by_the_same_again(
    platform, staged, monkeypatch
):
    """One entry, the same evidence; the team is told."""
    staged(STRONG)

    class Killed(BaseException):
        pass

    registry = platform.registry()
    changes = []

    def kill(change):
        changes.append(change)
        if len(changes) == 2:
            raise Killed

    monkeypatch.setattr(registry.store, "on_change", kill)
    with pytest.raises(Killed):
        promote(platform, NAME, by="Ada", reason="because", note=quiet)
    monkeypatch.undo()
    assert len(registry.history(NAME)) == 1
    for _ in range(2):
        done = promote(platform, NAME, by="Ada", reason="because", note=quiet)
        assert done.entry.sequence == 1
    assert len(registry.history(NAME)) == 1
    assert registry.production(NAME).version == 1
