"""Bad inputs of training: each has a declared outcome, and a message that names the next step."""

import json

import numpy as np
import polars as pl
import pytest

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.storage import dump_pipeline
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard_training.documents import documents_of
from modelyard_training.fitting import fit_model


def fit(frame, spec=None, progress=lambda _: None):
    return fit_model(spec or sample_spec(), frame, data_versions={}, progress=progress)


def test_one_class_only_is_refused():
    with pytest.raises(DataNotReadyError, match="every label of model parcel_delay is the same"):
        fit(sample_frame().with_columns(hours_late=pl.lit(1.0)))


def test_a_feature_without_any_value_is_refused_with_the_next_step():
    frame = sample_frame().with_columns(weight=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(DataNotReadyError, match=r"weight has no value in any of the \d+ rows") as refused:
        fit(frame)
    assert "take it out of ml/models/parcel_delay/model.py" in refused.value.hint


def test_a_feature_whose_values_only_come_later_is_refused_too():
    late = pl.col("sent_at") >= pl.lit("2013-05-01").str.to_datetime()
    with pytest.raises(DataNotReadyError, match="weight has no value"):
        fit(sample_frame().with_columns(weight=pl.when(late).then(pl.col("weight"))))


def test_a_constant_feature_is_noted_and_no_more():
    said = []
    trained = fit(sample_frame().with_columns(distance=pl.lit(5.0)), progress=said.append)
    assert said[0].startswith("note: distance has one value only in the training rows")
    assert trained.test_metrics["roc_auc"] > 0.6


def grouped(**changes):
    return sample_spec(by=("depot",), fewest=50, **changes)


def test_a_group_without_any_value_of_a_feature_is_left_to_the_pooled_model_and_training_says_so():
    said = []
    lost = sample_frame().with_columns(weight=pl.when(pl.col("depot") != "north").then("weight"))
    trained = fit(lost, grouped(), progress=said.append)
    assert "note: left to the pooled model, 1 group (north): no value of weight" in said
    assert sorted(trained.model.pipeline.groups_) == ["harbour", "south"]
    document = json.loads(documents_of(trained, dump_pipeline(trained.model.pipeline))["groups.json"])
    assert {group["values"]["depot"]: (group["pipeline"], group["because"]) for group in document["groups"]} == {
        "harbour": ("own", ""),
        "north": ("pooled", "no value of weight"),
        "south": ("own", ""),
    }
    north = trained.parts.test.filter(pl.col("depot") == "north").with_columns(weight=pl.lit(3.0))
    assert np.isfinite(trained.model.predict(north)).all()


def test_a_feature_that_is_constant_in_one_group_is_noted_and_the_group_keeps_its_own_model():
    said = []
    still = sample_frame().with_columns(distance=pl.when(pl.col("depot") == "south").then(7.0).otherwise("distance"))
    trained = fit(still, grouped(), progress=said.append)
    assert "note: distance has one value only in 1 group (south), so nothing is learned from it there" in said
    assert sorted(trained.model.pipeline.groups_) == ["harbour", "north", "south"]


def test_groups_that_have_everything_are_not_talked_about():
    said = []
    fit(sample_frame(), grouped(), progress=said.append)
    assert [line for line in said if line.startswith("note")] == []


def test_groups_that_are_too_small_are_counted_in_one_line():
    said = []
    fit(sample_frame(), sample_spec(by=("depot",), fewest=10_000), progress=said.append)
    assert said[0] == "note: left to the pooled model, 3 groups (harbour, north, south): fewer than 10000 rows"


def test_a_target_that_leaked_into_a_feature_is_refused_with_the_next_step():
    leaked = sample_frame().with_columns(distance=pl.col("hours_late").fill_null(0.0) * 3 + 100)
    with pytest.raises(InvalidModelError, match=r"alone nearly tells the label: distance \(1\.000\)") as refused:
        fit(leaked)
    assert "forbidden" in refused.value.hint
    assert "modelyard model check parcel_delay" in refused.value.hint


def test_a_weaker_belief_would_let_the_leak_through():
    leaked = sample_frame().with_columns(distance=pl.col("hours_late").fill_null(0.0) * 3 + 100)
    assert fit(leaked, sample_spec(believable=1.0)).test_metrics["roc_auc"] > 0.99


def test_too_few_rows_to_split_are_refused_with_the_next_step():
    with pytest.raises(DataNotReadyError, match="no row is left for") as refused:
        fit(sample_frame(months=2))
    assert "ingest more data" in refused.value.hint
