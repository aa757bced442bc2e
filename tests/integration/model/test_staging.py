"""Candidates compete on validation rows, with what is in staging already; whatever loses is no candidate any more."""

import pytest

from modelyard.errors import StagingRefusedError
from modelyard.notify.outbox import read_outbox
from modelyard_pipelines.model.staging import stage

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def stages(platform):
    return [version.stage for version in platform.registry().versions(NAME)]


@pytest.fixture
def declared(platform):
    """Declares the sample model with some of it changed."""

    def change(words):
        (platform.workspace.models / NAME / "model.py").write_text(
            "from modelyard.models.spec import Floor\n"
            "from modelyard.testing.model_fakes import sample_spec\n"
            f"MODEL = sample_spec({words})\n",
            encoding="utf-8",
        )

    return change


def test_of_several_candidates_the_best_is_staged_and_the_others_are_archived(platform, register, told):
    for value in (0.70, 0.75, 0.72):
        register(roc_auc=value)
    done = stage(platform, NAME)
    assert (done.version.version, done.changed) == (2, True)
    assert stages(platform) == ["archived", "staging", "archived"]
    assert platform.registry().candidates(NAME) == ()
    assert told() == ["model staged"]


def test_a_candidate_that_is_worse_than_what_is_in_staging_does_not_push_it_out(platform, register, told):
    register(roc_auc=0.75)
    stage(platform, NAME)
    register(roc_auc=0.70)
    done = stage(platform, NAME)
    assert (done.version.version, done.changed) == (1, False)
    assert stages(platform) == ["staging", "archived"]
    assert told() == ["model staged"]


def test_a_better_candidate_archives_what_was_in_staging_and_says_so(platform, register):
    register(roc_auc=0.70)
    stage(platform, NAME)
    register(roc_auc=0.75)
    assert stage(platform, NAME).version.version == 2
    assert stages(platform) == ["archived", "staging"]
    said = [one["what"] for one in read_outbox(platform.lake.parent / "outbox.jsonl")]
    assert "version 1 was archived" in said[-1]


def test_where_nothing_passes_the_candidates_stay_for_a_person_to_look_at(platform, register):
    register(roc_auc=0.5)
    register(roc_auc=0.4)
    for _ in range(2):
        with pytest.raises(StagingRefusedError, match=r"version 1: roc_auc is 0\.5000"):
            stage(platform, NAME)
    assert stages(platform) == ["candidate", "candidate"]


def test_a_team_that_was_not_told_because_of_a_kill_is_told_by_the_next_run_and_once(platform, register, told):
    register()
    platform.registry().stage(NAME, 1)  # as a run that was killed before it told anybody
    assert told() == []
    assert not stage(platform, NAME).changed
    assert not stage(platform, NAME).changed
    assert told() == ["model staged"]


def test_a_model_that_fails_a_slice_is_not_staged_whatever_it_is_overall(platform, register, declared):
    declared("floors=(Floor(column='depot', metric='roc_auc', at_least=0.85),)")
    register(WEAK, roc_auc=0.9)
    with pytest.raises(StagingRefusedError, match=r"in depot = \w+ \(\d+ rows\) roc_auc is 0\.7\d+, at least 0\.85"):
        stage(platform, NAME)
    register(STRONG, roc_auc=0.7)
    assert stage(platform, NAME).version.version == 2


def test_a_floor_that_is_set_after_training_asks_for_another_training(platform, register, declared):
    register(STRONG)
    declared("floors=(Floor(column='depot', metric='roc_auc', at_least=0.85),)")
    with pytest.raises(StagingRefusedError, match="was not measured within depot: train again"):
        stage(platform, NAME)
    register(STRONG)
    assert stage(platform, NAME).version.version == 2
