"""Many pipelines behind the face of one: each row is answered by its own group's, and a stranger by the pool."""

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from modelyard_bundle.trust import TRUSTED_TYPES
from modelyard_steps import ByGroup
from modelyard_steps.groups import SEPARATOR, group_rows

SLOPES = {"a": 1.0, "b": -2.0, "c": 5.0}


def line(estimator=None):
    columns = ColumnTransformer([("x", "passthrough", ["x"])])
    return Pipeline([("columns", columns), ("estimator", estimator or LinearRegression())])


@pytest.fixture
def frame():
    generator = np.random.default_rng(0)
    return pl.DataFrame({"x": generator.normal(size=300), "group": generator.choice([*"abc"], 300)})


@pytest.fixture
def labels(frame):
    return (frame["x"] * frame["group"].replace_strict(SLOPES)).to_numpy()


@pytest.fixture
def fitted(frame, labels):
    return ByGroup(line(), by=["group"], fewest=20).fit(frame, labels)


def test_each_group_has_a_line_of_its_own(fitted, frame, labels):
    assert np.allclose(fitted.predict(frame), labels)
    assert sorted(fitted.groups_) == ["a", "b", "c"]


def test_a_row_is_answered_the_same_alone_and_in_any_order(fitted, frame):
    together = fitted.predict(frame)
    alone = np.concatenate([fitted.predict(frame[row]) for row in range(20)])
    assert np.array_equal(alone, together[:20])
    backwards = fitted.predict(frame.reverse())
    assert np.array_equal(backwards[::-1], together)


@pytest.mark.parametrize("stranger", ["z", None, ""])
def test_a_stranger_is_answered_by_the_pool(fitted, frame, stranger):
    strange = frame.with_columns(group=pl.lit(stranger, dtype=pl.String))
    assert np.array_equal(fitted.predict(strange), fitted.pool_.predict(frame))


def test_a_group_that_is_too_small_is_left_to_the_pool(frame, labels):
    small = frame.with_columns(group=pl.when(pl.int_range(300) < 19).then(pl.lit("small")).otherwise("group"))
    fitted = ByGroup(line(), by=["group"], fewest=20).fit(small, labels)
    assert "small" not in fitted.groups_
    assert np.array_equal(fitted.predict(small[:19]), fitted.pool_.predict(small[:19]))


def test_a_group_with_one_label_only_is_left_to_the_pool(frame):
    ones = ((frame["x"] > 0) | (frame["group"] == "a")).cast(pl.Float64).to_numpy()
    fitted = ByGroup(line(LogisticRegression()), by=["group"], fewest=20).fit(frame, ones)
    assert sorted(fitted.groups_) == ["b", "c"]
    scores = fitted.predict_proba(frame)
    assert scores.shape == (300, 2)
    assert np.allclose(scores.sum(axis=1), 1)


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_group_without_any_value_of_a_feature_is_left_to_the_pool(frame, labels, nothing):
    gone = pl.when(pl.col("group") == "a").then(pl.lit(nothing, dtype=pl.Float64)).otherwise("x")
    extra = frame.with_columns(extra=gone)
    fitted = ByGroup(line(), by=["group"], fewest=20).fit(extra, labels)
    assert sorted(fitted.groups_) == ["b", "c"]
    assert fitted.pooled(extra, labels) == {"a": "no value of extra"}
    of_a = extra.filter(pl.col("group") == "a")
    assert np.array_equal(fitted.predict(of_a), fitted.pool_.predict(of_a))


def test_one_value_of_a_feature_is_enough_for_a_group_to_stand_alone(frame, labels):
    first = pl.int_range(300) == int((frame["group"] == "a").arg_true()[0])
    kept = pl.when((pl.col("group") != "a") | first).then("x")
    assert ByGroup(line(), by=["group"], fewest=20).pooled(frame.with_columns(extra=kept), labels) == {}


def test_every_group_that_is_left_to_the_pool_says_why(frame):
    odd = pl.when(pl.int_range(300) < 10).then(pl.lit("d")).otherwise("group")
    mixed = frame.with_columns(odd.alias("group")).with_columns(
        pl.when(pl.col("group") != "b").then("x").alias("y"), pl.when(pl.col("group") != "b").then("x").alias("z")
    )
    labels = ((mixed["x"] > 0) | (mixed["group"] == "c")).cast(pl.Float64).to_numpy()
    assert ByGroup(line(), by=["group"], fewest=20).pooled(mixed, labels) == {
        "b": "no value of y and z",
        "c": "one label only",
        "d": "fewer than 20 rows",
    }


def test_whoever_fits_the_groups_the_model_is_the_same(fitted, frame, labels):
    other = ByGroup(line(), by=["group"], fewest=20)
    ready = other.ready(frame, labels)
    groups = {key: other.fit_group(frame, labels, rows) for key, rows in reversed(ready.items())}
    other.take(other.fit_pool(frame, labels), groups)
    assert list(other.groups_) == list(fitted.groups_)
    assert np.array_equal(other.predict(frame), fitted.predict(frame))


def test_groups_by_several_columns_are_pairs_that_occur():
    frame = pl.DataFrame({"one": ["a", "a", "b", None, "a"], "two": [1, 2, 1, 1, 1]})
    found = {key: rows.tolist() for key, rows in group_rows(frame, ["one", "two"]).items()}
    assert found == {
        f"a{SEPARATOR}1": [0, 4],
        f"a{SEPARATOR}2": [1],
        f"b{SEPARATOR}1": [2],
        f"{SEPARATOR}1": [3],
    }


def test_many_columns_with_many_values_do_not_overflow():
    generator = np.random.default_rng(1)
    columns = {f"c{number}": [str(value) for value in generator.integers(0, 10_000, 500)] for number in range(8)}
    found = group_rows(pl.DataFrame(columns), list(columns))
    assert sum(len(rows) for rows in found.values()) == 500
    assert len(found) == 500


def test_an_empty_frame_has_no_groups():
    assert group_rows(pl.DataFrame({"group": []}, schema={"group": pl.String}), ["group"]) == {}


def test_travels_as_skops_of_trusted_types(fitted, frame):
    loaded = skops.io.loads(skops.io.dumps(fitted), trusted=sorted(TRUSTED_TYPES))
    assert np.array_equal(loaded.predict(frame), fitted.predict(frame))


def test_is_cloned_and_asked_before_it_is_fitted_as_estimators_are(fitted, frame):
    fresh = clone(fitted)
    assert fresh.get_params()["fewest"] == 20
    with pytest.raises(NotFittedError):
        fresh.predict(frame)
