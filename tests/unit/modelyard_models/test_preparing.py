"""From a table to labelled rows, or a message that names what is wrong with it."""

import polars as pl
import pytest

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.features import boolean, category, integer, number, seen_features
from modelyard.models.preparing import LABEL, labelled_parts, labelled_rows, signature_of
from modelyard.testing.model_fakes import sample_frame, sample_spec


def test_rows_without_a_label_are_left_out():
    frame = sample_frame()
    rows = labelled_rows(sample_spec(), frame)
    assert rows.height == frame["hours_late"].drop_nulls().len() < frame.height
    assert set(rows[LABEL].unique()) == {0.0, 1.0}


def test_only_declared_columns_come_along():
    assert "received_at" not in labelled_rows(sample_spec(), sample_frame()).columns


def test_the_order_of_the_table_does_not_matter():
    frame, spec = sample_frame(), sample_spec()
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=5)
    assert labelled_rows(spec, mixed).equals(labelled_rows(spec, frame))


def test_frozen_rows_are_rows_of_the_table_so_that_others_find_them_in_it():
    frame, spec = sample_frame(), sample_spec()
    parts = labelled_parts(spec, frame, data_versions={"CURATED/parcels": 1})
    assert labelled_rows(spec, parts.test_rows.select(frame)).equals(parts.test)
    assert parts.test_rows.rows > parts.test.height


def test_a_missing_column_is_named_with_those_that_are_there():
    with pytest.raises(InvalidModelError, match=r"reads depot, which CURATED/parcels does not have; it has .*weight"):
        labelled_rows(sample_spec(), sample_frame().drop("depot"))


def test_a_column_of_another_type_is_refused():
    with pytest.raises(InvalidModelError, match="types are not those declared"):
        labelled_rows(sample_spec(), sample_frame().with_columns(distance=pl.lit("far")))


def test_a_gap_in_a_feature_that_is_not_optional_is_refused():
    frame = sample_frame().with_columns(distance=pl.when(pl.col("distance") > 800).then(pl.col("distance")))
    with pytest.raises(DataNotReadyError, match=r"distance is missing in .* but model parcel_delay needs it"):
        labelled_rows(sample_spec(), frame)


def test_nan_counts_as_missing():
    with pytest.raises(DataNotReadyError, match="distance is missing in"):
        labelled_rows(sample_spec(), sample_frame().with_columns(distance=pl.lit(float("nan"))))


def test_one_class_is_nothing_to_learn_from():
    with pytest.raises(DataNotReadyError, match="every label of model parcel_delay is the same"):
        labelled_rows(sample_spec(), sample_frame().with_columns(hours_late=pl.lit(1.0)))


def test_a_table_without_labels_is_refused():
    with pytest.raises(DataNotReadyError, match="no row with a label"):
        labelled_rows(sample_spec(), sample_frame().with_columns(hours_late=pl.lit(None, dtype=pl.Float64)))


def test_the_signature_says_what_training_has_seen():
    rows = labelled_rows(sample_spec(), sample_frame())
    weight, distance, depot = signature_of(sample_spec(), rows).features
    assert depot.categories == ("harbour", "north", "south")
    assert distance.minimum == rows["distance"].min()
    assert weight.nullable
    assert not distance.nullable


def test_what_has_no_range_has_none_in_the_signature():
    frame = pl.DataFrame({"a": [None], "b": [True], "c": [None], "d": [3]}, schema_overrides={"a": pl.Float64})
    kinds = (number("a"), boolean("b"), category("c"), integer("d"))
    seen = seen_features(frame, kinds)
    assert [(one.minimum, one.maximum, one.categories) for one in seen[:3]] == [(None, None, None)] * 3
    assert (seen[3].minimum, seen[3].maximum) == (3, 3)
