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


@dataclass(frozen=True)
class Limit:
    metric: str
    at_least: float | None = None
    at_most: float | None = None


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
    assert decide_promotion(winning, **wish, person=False, automation="automatic").accepted


@pytest.mark.parametrize("verdict", ["production_wins", "not_enough_data"])
def test_without_a_win_only_an_override_by_a_person_promotes(winning, wish, verdict):
    comparison = replace(winning, verdict=verdict)
    assert f"the verdict is {verdict}" in decide_promotion(comparison, **wish).reasons
    assert decide_promotion(comparison, **wish, override=True).accepted


def test_an_override_is_no_way_around_outdated_evidence(winning, wish):
    assert not decide_promotion(winning, **{**wish, "production": 5}, override=True).accepted
