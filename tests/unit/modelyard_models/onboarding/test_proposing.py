"""A declaration proposed from a table."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.onboarding.proposing import Known, Wanted, propose
from modelyard.models.splitting import HashSplit, TimeSplit


def timed(frame, *, days):
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - a column without a time zone is the usual case
    return frame.with_columns(
        pl.Series("at", [start + timedelta(days=days * row / frame.height) for row in range(frame.height)])
    )


def test_features_get_their_kinds_and_gaps_make_them_optional(proposal):
    assert proposal.features == {
        "number": ("charge", "discount"),
        "integer": ("months",),
        "category": ("contract", "gender"),
        "boolean": ("paperless",),
    }
    assert proposal.optional == ("discount",)
    assert proposal.target.said == "churn=Yes"
    assert proposal.risk == "limited"


def test_what_is_no_feature_has_a_reason(proposal):
    reasons = proposal.left_out
    assert reasons["customer_id"] == "it names an entity"
    assert reasons["note"] == "nearly every value is different"
    assert reasons["currency"] == "it never varies"
    assert reasons["fax"] == "it has no value"


def test_a_leak_is_left_out_whether_its_value_tells_or_that_it_is_missing(proposal):
    assert "nearly tells the answer" in proposal.left_out["refund"]
    assert proposal.left_out["last_call"]
    assert "refund" in proposal.unknown


def test_what_is_only_there_for_who_left_is_a_leak(customers, known):
    frame = customers.with_columns(
        pl.when(pl.col("churn") == "Yes").then(pl.col("charge") + pl.col("months")).alias("farewell")
    )
    assert "nearly tells the answer" in propose(frame, known=known).left_out["farewell"]


def test_columns_that_a_person_calls_unknown_are_left_out(customers, known):
    found = propose(customers, known=known, wanted=Wanted(unknown=("months",)))
    assert found.left_out["months"] == "it is not known when the prediction is made"
    assert found.unknown == ("months",)


def test_groups_of_persons_are_the_first_slices(proposal):
    assert proposal.slices[0] == "gender"


def test_without_a_time_rows_are_split_by_who_they_are_about(proposal):
    assert proposal.split.split == HashSplit(key=("customer_id",))


def test_who_occurs_again_and_again_goes_before_the_rows_key(customers):
    frame = customers.with_columns(shop=pl.int_range(pl.len()) % 300)
    found = propose(frame, known=Known(key=("customer_id",), naming=("customer_id", "shop")))
    assert found.split.split == HashSplit(key=("shop",))


@pytest.mark.parametrize(("days", "every"), [(300, "1mo"), (60, "1w"), (12, "1d"), (1, "1h")])
def test_a_time_gives_the_longest_periods_of_which_there_are_enough(customers, known, days, every):
    split = propose(timed(customers, days=days), known=known).split.split
    assert isinstance(split, TimeSplit)
    assert (split.column, split.every) == ("at", every)


def test_a_time_with_gaps_or_of_one_moment_is_not_split_by(customers, known):
    frame = timed(customers, days=300)
    holes = frame.with_columns(pl.when(pl.col("months") > 3).then("at"))
    assert isinstance(propose(holes, known=known).split.split, HashSplit)
    assert isinstance(propose(frame.with_columns(at=frame["at"][0]), known=known).split.split, HashSplit)


def test_a_person_may_say_what_is_split_by(customers, known):
    frame = timed(customers, days=300)
    assert isinstance(propose(frame, known=known, wanted=Wanted(split=("customer_id",))).split.split, HashSplit)
    assert isinstance(propose(frame, known=known, wanted=Wanted(split=("at",))).split.split, TimeSplit)


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        (Wanted(target="left"), InvalidModelError, "no column 'left'"),
        (Wanted(split=("when",)), InvalidModelError, "no column 'when' to split by"),
        (Wanted(split=("contract",)), DataNotReadyError, "no row is left|the part"),
        (Wanted(split=("charge",)), InvalidModelError, "hash of 'charge'"),
        (Wanted(split=()), InvalidModelError, "to split by"),
        (Wanted(unknown=("fate",)), InvalidModelError, "no column 'fate'"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused_with_the_next_command(customers, known, wanted, error, said):
    with pytest.raises(error, match=said) as caught:
        propose(customers, known=known, wanted=wanted)
    assert caught.value.hint


def test_too_few_rows_are_refused(customers, known):
    with pytest.raises(DataNotReadyError, match="nothing in the table says how to split it"):
        propose(customers.head(40), known=known)


def test_a_table_of_measurements_without_a_key_asks_what_tells_rows_apart():
    dice = np.random.default_rng(2)
    frame = pl.DataFrame({"x": dice.normal(size=500), "y": dice.normal(size=500)})
    with pytest.raises(DataNotReadyError, match="no column that names a row") as caught:
        propose(frame)
    assert "--split" in caught.value.hint


def test_a_table_of_one_useful_column_has_nothing_to_learn_from(customers, known):
    with pytest.raises(InvalidModelError, match="no column is left to learn from: customer_id: it names an entity"):
        propose(customers.select("customer_id", "churn"), known=known)


def test_rows_without_a_key_are_split_by_all_that_tells_them_apart(customers):
    frame = customers.drop("customer_id", "note", "last_call", "refund", "fax")
    visits = pl.Series("visits", np.random.default_rng(3).integers(0, 40, frame.height))
    found = propose(frame.with_columns(visits))
    assert found.split.split == HashSplit(key=("months", "visits"))
    assert "months" in found.features["integer"]


def test_a_wide_table_keeps_the_features_that_tell_most(customers, known):
    dice = np.random.default_rng(5)
    noise = {f"a_rather_long_name_{place:03}": dice.normal(size=customers.height) for place in range(150)}
    found = propose(customers.with_columns(**{name: pl.Series(values) for name, values in noise.items()}), known=known)
    assert {"months", "contract"} <= {name for names in found.features.values() for name in names}
    assert sum(why.startswith("others predict more") for why in found.left_out.values()) > 80


def test_a_number_is_a_regression(customers, known):
    found = propose(customers, known=known, wanted=Wanted(target="charge"))
    assert found.target.task == "regression"
    assert "churn" in found.features["category"]


def test_a_weaker_belief_would_let_the_leak_through(customers, known, monkeypatch):
    from modelyard.models.onboarding import proposing

    monkeypatch.setattr(proposing, "BELIEVABLE", 1.0)
    assert "refund" in propose(customers, known=known).features["number"]
