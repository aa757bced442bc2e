"""From a candidate to production: every decision says yes where it must and no where it must."""

import hashlib
import json

import pytest

from modelyard.errors import NoCandidateError, NoProductionModelError, PromotionRefusedError, StagingRefusedError
from modelyard.registry.ledger import Ledger
from modelyard_pipelines.model.comparing import compare_model, evidence_file
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.staging import stage
from modelyard_pipelines.release.releasing import build

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def quiet(line):
    del line


def to_production(platform, by="Ada", reason="because"):
    return promote(platform, NAME, by=by, reason=reason, note=quiet)


def test_a_candidate_that_passes_its_thresholds_becomes_staging_and_the_team_is_told_once(platform, register, told):
    version = register()
    first, again = stage(platform, NAME), stage(platform, NAME)
    assert (first.version.version, first.changed) == (version.version, True)
    assert (again.version.version, again.changed) == (version.version, False)
    assert told() == ["model staged"]


def test_a_candidate_that_fails_a_threshold_is_refused_with_the_number(platform, register):
    register(roc_auc=0.55)
    with pytest.raises(StagingRefusedError, match=r"roc_auc is 0\.5500, at least 0\.6 is needed"):
        stage(platform, NAME)
    assert platform.registry().staging(NAME) is None


def test_without_a_candidate_there_is_nothing_to_stage(platform):
    with pytest.raises(NoCandidateError) as refused:
        stage(platform, NAME)
    assert refused.value.hint == f"modelyard model train {NAME}"


def test_the_first_version_is_promoted_by_a_name_and_a_reason(platform, register, told):
    register()
    stage(platform, NAME)
    done = to_production(platform, by="Ada", reason="the first")
    assert done.verdict == "first"
    said = done.entry.decision
    assert (said.by, said.reason, said.replaces) == ("Ada", "the first", None)
    assert platform.registry().production(NAME).version == said.version
    assert told() == ["model staged", "model promoted"]


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ada", ""), (" ", " ")])
def test_nobody_promotes_without_a_name_and_a_reason(platform, register, by, reason):
    register()
    stage(platform, NAME)
    with pytest.raises(PromotionRefusedError, match="a promotion needs"):
        to_production(platform, by=by, reason=reason)
    assert platform.registry().production(NAME) is None


def test_a_better_version_replaces_production_and_archives_it(platform, register):
    for features in (WEAK, STRONG):
        register(features, roc_auc=0.7)
        stage(platform, NAME)
        done = to_production(platform)
    assert done.verdict == "candidate_wins"
    assert [one.stage for one in platform.registry().versions(NAME)] == ["archived", "production"]


def test_a_worse_version_is_not_promoted_unless_a_person_overrides(platform, register):
    for features in (STRONG, WEAK):
        register(features, roc_auc=0.7)
        stage(platform, NAME)
        if features is STRONG:
            to_production(platform)
    with pytest.raises(PromotionRefusedError, match="production_wins"):
        to_production(platform)
    assert platform.registry().production(NAME).version == 1
    entry = promote(platform, NAME, by="Ada", reason="a law asks for it", note=quiet, override=True).entry
    assert "against the comparison" in entry.decision.reason


def test_the_same_comparison_gives_the_same_evidence_and_a_page(platform, register):
    register()
    stage(platform, NAME)
    first, again = compare_model(platform, NAME, note=quiet), compare_model(platform, NAME, note=quiet)
    assert first.comparison.digest == again.comparison.digest
    assert "<html" in first.page.read_text(encoding="utf-8")
    kept = json.loads(first.page.with_suffix(".json").read_text(encoding="utf-8"))
    assert kept == first.comparison.to_document()


def test_the_ledger_names_the_evidence_and_verifies(platform, register):
    register()
    stage(platform, NAME)
    done = to_production(platform)
    ledger = Ledger(platform.lake / "ledger" / f"{NAME}.jsonl")
    assert ledger.verify() is None
    evidence = evidence_file(platform, NAME, 1, None).read_text(encoding="utf-8")
    canonical = json.dumps(json.loads(evidence), sort_keys=True, separators=(",", ":"))
    assert done.entry.decision.evidence == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_same_promotion_again_changes_nothing_and_another_has_nothing_to_promote(platform, register, told):
    register()
    stage(platform, NAME)
    first, again = to_production(platform), to_production(platform)
    assert (first.changed, again.changed) == (True, False)
    assert first.entry == again.entry
    assert told().count("model promoted") == 1
    with pytest.raises(NoCandidateError):
        to_production(platform, by="Grace")


def test_a_bundle_is_built_from_production_alone_and_only_once(platform, register):
    register()
    stage(platform, NAME)
    with pytest.raises(NoProductionModelError):
        build(platform, NAME)
    to_production(platform)
    first, again = build(platform, NAME), build(platform, NAME)
    assert (first.changed, again.changed) == (True, False)
    assert first.manifest.digest == platform.registry().production(NAME).digest
