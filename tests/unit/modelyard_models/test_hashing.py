"""Splitting by hash: an entity has its place for all time, and frozen rows are found again."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.hashing import shares
from modelyard.models.preparing import labelled_parts, labelled_rows
from modelyard.models.splitting import FrozenRows, HashSplit, split_rows
from modelyard.testing.model_fakes import sample_frame, sample_spec

SPLIT = HashSplit(key=("customer",))


def customers(count, per=1):
    names = [f"customer {number}" for number in range(count) for _ in range(per)]
    return pl.DataFrame({"customer": names, "row": range(count * per)})


def test_places_are_the_same_for_all_time():
    frame = pl.DataFrame({"customer": ["a", "b", "ä"], "branch": [1, 2, 3]})
    assert shares(frame, ["customer"]).to_list() == [0.05721030787996595, 0.3592224694637325, 0.37418837013944106]
    assert shares(frame, ["customer", "branch"])[0] == 0.8494442286808108


def test_places_are_spread_evenly():
    places = shares(customers(20_000), ["customer"]).to_numpy()
    counts, _ = np.histogram(places, bins=20, range=(0, 1))
    assert places.min() >= 0
    assert places.max() < 1
    assert (abs(counts - 1000) < 5 * 1000**0.5).all()


def test_other_key_columns_give_other_places():
    frame = customers(100).with_columns(pl.col("customer").alias("client"))
    assert shares(frame, ["customer"]).to_list() != shares(frame, ["client"]).to_list()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=200, max_size=300, unique=True), st.integers(1, 100))
def test_rows_stay_where_they_are_when_data_grows(keys, late):
    frame = pl.DataFrame({"customer": keys})
    before = split_rows(frame[:-late], SPLIT, data_versions={})
    after = split_rows(frame, SPLIT, data_versions={})
    for part in ("train", "validation", "test"):
        assert set(getattr(before, part)["customer"]) <= set(getattr(after, part)["customer"])


def test_no_entity_falls_apart_and_no_row_is_lost():
    frame = customers(200, per=7)
    parts = split_rows(frame, SPLIT, data_versions={})
    names = [set(getattr(parts, part)["customer"]) for part in ("train", "validation", "test")]
    assert sum(map(len, names)) == 200
    assert len(set.union(*names)) == 200
    assert parts.train.height + parts.validation.height + parts.test.height == 1400


def test_shares_are_about_what_was_asked_for():
    parts = split_rows(customers(5000), HashSplit(key=("customer",), validation=0.1, test=0.3), data_versions={})
    assert parts.validation.height == pytest.approx(500, rel=0.15)
    assert parts.test.height == pytest.approx(1500, rel=0.1)


def test_frozen_rows_are_found_again_after_a_round_trip_through_json():
    frame = customers(500)
    frozen = split_rows(frame, SPLIT, data_versions={"CURATED/customers": 4}).test_rows
    again = FrozenRows.from_document(json.loads(json.dumps(frozen.to_document())))
    assert again == frozen
    assert (again.column, again.start, again.end) == ("hash(customer)", "0.8 of hash(customer)", "1 of hash(customer)")
    assert again.select(frame).height == frozen.rows


def test_frozen_rows_refuse_another_version_of_the_data():
    frame = customers(500)
    frozen = split_rows(frame, SPLIT, data_versions={"CURATED/customers": 4}).test_rows
    gone = frozen.select(frame)["row"][0]
    with pytest.raises(DataNotReadyError, match="they belong to CURATED/customers version 4"):
        frozen.select(frame.filter(pl.col("row") != gone))


def test_what_was_learned_ends_where_the_test_rows_begin():
    parts = split_rows(customers(500), SPLIT, data_versions={})
    assert parts.learned_until == parts.test_rows.start
    assert parts.validation_rows.end == parts.test_rows.start


def test_a_model_is_prepared_by_hash_like_by_time():
    frame = sample_frame().with_columns(parcel=pl.int_range(1200))
    spec = sample_spec(split=HashSplit(key=("parcel",)))
    parts = labelled_parts(spec, frame, data_versions={})
    assert labelled_rows(spec, parts.test_rows.select(frame)).equals(parts.test)
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=1)
    assert labelled_parts(spec, mixed, data_versions={}).train.equals(parts.train)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (HashSplit(key=()), "hash of no column"),
        (HashSplit(key=("depot",), test=0), "no validation or no test share"),
        (HashSplit(key=("depot",), validation=0.5, test=0.5), "leaves nothing to learn from"),
    ],
)
def test_refuses_a_declaration_that_cannot_be_split_by(split, said):
    with pytest.raises(InvalidModelError, match=said):
        sample_spec(split=split)


@pytest.mark.parametrize(
    ("frame", "error", "said"),
    [
        (pl.DataFrame({"client": [1]}), InvalidModelError, "'customer', which is no column; found client"),
        (pl.DataFrame({"customer": [1.5]}), InvalidModelError, "holds Float64; allowed are texts"),
        (pl.DataFrame({"customer": ["a", None]}), DataNotReadyError, "1 of 2 rows have no customer"),
        (pl.DataFrame({"customer": ["a", "b"]}), DataNotReadyError, "no row is left for"),
    ],
)
def test_refuses_data_that_cannot_be_split(frame, error, said):
    with pytest.raises(error, match=said):
        split_rows(frame, SPLIT, data_versions={})
