"""Staging and promotion are decided by rules that say why."""

from dataclasses import dataclass, field, replace

import pytest

from modelyard.evaluation.promotion import decide_promotion
from modelyard.evaluation.staging import choose_staging


@dataclass(frozen=True)
class Version:
    version: int
    metrics: dict
    validation_rows: dict = field(
        default_factory=lambda: {"end": "2013-06-01T00:00:00", "data_versions": {"CURATED/parcels": 3}}
    )
    slices: tuple = ()


@dataclass(frozen=True)
class Limit:
    metric: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class SliceLimit(Limit):
    column: str = "depot"
    fewest: int = 50


LIMITS = (Limit("roc_auc", at_least=0.6), Limit("log_loss", at_most=0.5))
LATER = {"end": "2013-12-01T00:00:00", "data_versions": {"CURATED/parcels": 9}}


def version(number, auc, loss=0.4, **more):
    return Version(number, {"roc_auc": auc, "log_loss": loss}, **more)


def test_the_best_that_passes_is_staged():
    decision = choose_staging([version(1, 0.7), version(2, 0.8), version(3, 0.75)], LIMITS, metric="roc_auc")
    assert decision.version == 2
    assert decision.reasons[2][-1] == "best by roc_auc on the latest validation rows"


def test_the_best_that_fails_a_threshold_is_not():
    decision = choose_staging([version(1, 0.7), version(2, 0.8, loss=0.6)], LIMITS, metric="roc_auc")
    assert decision.version == 1
    assert decision.reasons[2] == ("log_loss is 0.6000, at most 0.5 is allowed",)


def test_nothing_is_staged_where_nothing_passes_and_every_reason_is_given():
    decision = choose_staging([version(1, 0.5, loss=0.9)], LIMITS, metric="roc_auc")
    assert not decision.accepted
    assert "roc_auc is 0.5000, at least 0.6 is needed" in decision.summary
    assert "log_loss" in decision.summary


@pytest.mark.parametrize("metrics", [{}, {"roc_auc": float("nan"), "log_loss": 0.1}])
def test_what_was_not_measured_does_not_pass(metrics):
    assert "roc_auc was not measured" in choose_staging([Version(1, metrics)], LIMITS, metric="roc_auc").summary


def test_no_candidate_is_no_version():
    assert choose_staging([], LIMITS, metric="roc_auc").version is None


def test_metrics_on_other_rows_do_not_compare_so_the_latest_rows_go_first():
    old, new = version(1, 0.9), version(2, 0.7, validation_rows=LATER)
    for order in ([old, new], [new, old]):
        assert choose_staging(order, LIMITS, metric="roc_auc").version == 2


def test_an_older_candidate_is_staged_where_the_later_one_fails():
    assert (
        choose_staging([version(1, 0.9), version(2, 0.5, validation_rows=LATER)], LIMITS, metric="roc_auc").version == 1
    )


def test_equals_change_nothing():
    assert choose_staging([version(2, 0.7), version(1, 0.7)], LIMITS, metric="roc_auc").version == 1


def test_lower_is_better_for_a_loss():
    found = choose_staging([version(1, 0.7, loss=0.4), version(2, 0.7, loss=0.3)], LIMITS, metric="log_loss")
    assert found.version == 2


FLOORS = (SliceLimit("roc_auc", at_least=0.6),)


def within(value, found, rows=100, metric="roc_auc"):
    return {"column": "depot", "value": value, "rows": rows, "metric": metric, "found": found}


def test_the_best_overall_that_fails_somebody_is_not_staged():
    fair = version(1, 0.7, slices=(within("north", 0.7), within("south", 0.65)))
    unfair = version(2, 0.8, slices=(within("north", 0.9), within("south", 0.55)))
    decision = choose_staging([fair, unfair], LIMITS, metric="roc_auc", floors=FLOORS)
    assert decision.version == 1
    said = "in depot = south (100 rows) roc_auc is 0.5500, at least 0.6 is needed"
    assert decision.reasons[2] == (said,)


@pytest.mark.parametrize("found", [within("south", 0.1, rows=49), within("south", None)])
def test_a_slice_that_is_too_small_or_has_no_such_metric_is_not_held_to_its_floor(found):
    tried = version(1, 0.7, slices=(within("north", 0.7), found))
    assert choose_staging([tried], LIMITS, metric="roc_auc", floors=FLOORS).version == 1


@pytest.mark.parametrize("slices", [(), (within("north", 0.1, metric="brier"),)])
def test_a_floor_that_was_not_measured_in_training_is_not_met(slices):
    decision = choose_staging([version(1, 0.7, slices=slices)], LIMITS, metric="roc_auc", floors=FLOORS)
    assert not decision.accepted
    assert "was not measured within depot: train again" in decision.summary


def test_a_choice_that_forgets_the_floors_is_caught():
    unfair = version(2, 0.8, slices=(within("south", 0.55),))
    assert choose_staging([unfair], LIMITS, metric="roc_auc").accepted
    assert not choose_staging([unfair], LIMITS, metric="roc_auc", floors=FLOORS).accepted


@pytest.fixture
def winning(draw, judge):
    return judge(*draw(1, gain=1.0))


@pytest.fixture
def wish():
    return {"staging": 2, "production": 1, "by": "Ada", "reason": "better on the last month"}


def test_a_win_is_promoted_by_a_person_with_a_reason(winning, wish):
    decision = decide_promotion(winning, **wish)
    assert (decision.accepted, decision.version) == (True, 2)
    assert decision.reasons == winning.reasons


def test_the_first_version_is_promoted(draw, judge, wish):
    labels, scores, _ = draw(1)
    assert decide_promotion(judge(labels, scores, None), **{**wish, "production": None}).accepted


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by": " "}, "needs a name"),
        ({"reason": ""}, "needs a reason"),
        ({"staging": 3}, "staging is version 3 now, but version 2 was compared"),
        ({"staging": None}, "staging is empty now"),
        ({"production": 5}, "production is version 5 now, but the comparison was with version 1"),
        ({"production": None}, "production is empty now"),
        ({"person": False}, "automation is manual: a person must promote"),
        ({"person": False, "automation": "assisted"}, "automation is assisted"),
        ({"person": False, "automation": "automatic", "override": True}, "only a person may override"),
    ],
)
def test_refuses_what_is_not_in_order(winning, wish, changes, said):
    decision = decide_promotion(winning, **{**wish, **changes})
    assert not decision.accepted
    assert said in "; ".join(decision.reasons)


def test_a_policy_promotes_where_the_environment_lets_it(winning, wish):
    said = decide_promotion(winning, **{**wish, "reason": ""}, person=False, automation="automatic")
    assert (said.accepted, said.reason) == (True, "; ".join(winning.reasons))


@pytest.mark.parametrize("verdict", ["first", "not_worse", "not_enough_data", "fails_a_slice"])
def test_a_policy_promotes_nothing_but_a_clear_winner(winning, wish, verdict):
    decision = decide_promotion(replace(winning, verdict=verdict), **wish, person=False, automation="automatic")
    assert not decision.accepted
    assert f"the verdict is {verdict}" in "; ".join(decision.reasons)


def test_where_people_are_assisted_a_name_confirms_what_the_comparison_proposes(winning, wish):
    unsaid = {**wish, "reason": " "}
    assert not decide_promotion(winning, **unsaid, automation="manual").accepted
    confirmed = decide_promotion(winning, **unsaid, automation="assisted")
    assert (confirmed.accepted, confirmed.reason) == (True, "; ".join(winning.reasons))
    assert not decide_promotion(winning, **{**unsaid, "by": ""}, automation="assisted").accepted


def test_against_the_comparison_a_reason_is_needed_also_where_people_are_assisted(winning, wish):
    against = replace(winning, verdict="production_wins")
    unsaid = {**wish, "reason": ""}
    assert not decide_promotion(against, **unsaid, automation="assisted", override=True).accepted
    assert decide_promotion(against, **wish, automation="assisted", override=True).accepted


def test_what_was_decided_from_other_evidence_is_refused(winning, wish):
    assert decide_promotion(winning, **wish, seen=winning.digest).accepted
    decision = decide_promotion(winning, **wish, seen="0" * 64, override=True)
    assert not decision.accepted
    assert "the decision was made from evidence 000000000000" in decision.reasons[0]


def test_a_version_whose_scores_are_no_numbers_is_promoted_by_nobody(winning, wish):
    assert not decide_promotion(replace(winning, verdict="invalid_scores"), **wish, override=True).accepted


@pytest.mark.parametrize("verdict", ["production_wins", "not_enough_data", "fails_a_slice", "not_comparable"])
def test_without_a_win_only_an_override_by_a_person_promotes(winning, wish, verdict):
    comparison = replace(winning, verdict=verdict)
    assert f"the verdict is {verdict}" in decide_promotion(comparison, **wish).reasons
    assert decide_promotion(comparison, **wish, override=True).accepted


def test_a_version_that_is_not_worse_by_more_than_the_margin_is_promoted_by_a_person(winning, wish):
    assert decide_promotion(replace(winning, verdict="not_worse"), **wish).accepted


def test_an_override_is_no_way_around_outdated_evidence(winning, wish):
    assert not decide_promotion(winning, **{**wish, "production": 5}, override=True).accepted
