"""Who may promote is the environment's to say: a person with a reason, a person who confirms, or a policy."""

from dataclasses import replace

import pytest

from modelyard.errors import PromotionRefusedError
from modelyard_pipelines.model.promoting import POLICY, promote, promote_by_policy
from modelyard_pipelines.model.staging import stage

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def quiet(line):
    del line


@pytest.fixture
def automated(platform):
    """The same platform, with another automation."""

    def changed(automation):
        settings = platform.environment.promotion.model_copy(update={"automation": automation})
        return replace(platform, environment=platform.environment.model_copy(update={"promotion": settings}))

    return changed


@pytest.fixture
def rivals(platform, register):
    """One version in production, by a person, and one in staging."""

    def staged(first, second):
        for features in (first, second):
            register(features, roc_auc=0.7)
            stage(platform, NAME)
            if features is first:
                promote(platform, NAME, by="Ada", reason="the first", note=quiet)

    return staged


def test_where_automation_is_automatic_a_winner_is_promoted_and_the_ledger_names_the_policy(
    automated, rivals, platform, told
):
    rivals(WEAK, STRONG)
    done = promote_by_policy(automated("automatic"), NAME, note=quiet)
    said = done.entry.decision
    assert (said.decided_by, said.by, said.version) == ("policy", POLICY, 2)
    assert "roc_auc" in said.reason
    assert told()[-1] == "model promoted"
    again = promote_by_policy(automated("automatic"), NAME, note=quiet)
    assert (again.changed, again.entry) == (False, done.entry)


@pytest.mark.parametrize("automation", ["manual", "assisted"])
def test_where_it_is_not_a_policy_is_refused(automated, rivals, platform, automation):
    rivals(WEAK, STRONG)
    with pytest.raises(PromotionRefusedError, match=f"automation is {automation}: a person must promote"):
        promote_by_policy(automated(automation), NAME, note=quiet)
    assert platform.registry().production(NAME).version == 1


def test_a_policy_promotes_no_first_version_and_no_loser(automated, register, rivals, platform):
    register(WEAK, roc_auc=0.7)
    stage(platform, NAME)
    with pytest.raises(PromotionRefusedError, match="verdict is first: a person must promote"):
        promote_by_policy(automated("automatic"), NAME, note=quiet)
    promote(platform, NAME, by="Ada", reason="the first", note=quiet)
    register(WEAK, roc_auc=0.7)
    stage(platform, NAME)
    with pytest.raises(PromotionRefusedError, match="the verdict is"):
        promote_by_policy(automated("automatic"), NAME, note=quiet)
    assert platform.registry().production(NAME).version == 1


def test_where_automation_is_assisted_a_name_confirms_what_the_comparison_proposes(automated, rivals):
    rivals(WEAK, STRONG)
    done = promote(automated("assisted"), NAME, by="Grace", reason="", note=quiet)
    assert (done.entry.decision.by, done.entry.decision.decided_by) == ("Grace", "person")
    assert done.entry.decision.reason
    again = promote(automated("assisted"), NAME, by="Grace", reason="", note=quiet)
    assert (again.changed, again.entry) == (False, done.entry)


def test_a_decision_that_was_made_from_other_evidence_is_refused(platform, rivals):
    rivals(WEAK, STRONG)
    with pytest.raises(PromotionRefusedError, match="read the new page"):
        promote(platform, NAME, by="Grace", reason="better", seen="f" * 64, note=quiet)
