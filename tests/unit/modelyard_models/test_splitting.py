"""Splitting by time: no row of the future in train, and frozen rows that are found again."""

# ruff: noqa: DTZ001 - columns without a time zone are what is tested here

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.splitting import FrozenRows, TimeSplit, split_by_time

SPLIT = TimeSplit(column="at")


def frame_of(times):
    return pl.DataFrame({"at": times, "row": range(len(times))})


def daily(first, days):
    return [first + timedelta(days=day) for day in range(days)]


def test_the_last_month_is_for_test_and_the_one_before_for_validation():
    parts = split_by_time(frame_of(daily(datetime(2013, 1, 1), 120)), SPLIT, data_versions={"CURATED/parcels": 4})
    assert parts.train["at"].max() == datetime(2013, 2, 28)
    assert parts.validation["at"].min() == datetime(2013, 3, 1)
    assert parts.test["at"].min() == datetime(2013, 4, 1)
    assert parts.learned_until == "2013-04-01T00:00:00"
    assert parts.test_rows == FrozenRows(
        data_versions={"CURATED/parcels": 4},
        column="at",
        start="2013-04-01T00:00:00",
        end="2013-05-01T00:00:00",
        rows=30,
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.datetimes(datetime(2013, 1, 1), datetime(2013, 12, 31)), min_size=20, max_size=60), st.integers(1, 2)
)
def test_no_row_of_the_future_is_in_an_earlier_part_and_none_is_lost(times, test):
    split = TimeSplit(column="at", test=test)
    frame = frame_of(
        [*times, datetime(2013, 1, 1), datetime(2013, 11, 2), datetime(2013, 10, 2), datetime(2013, 12, 2)]
    )
    parts = split_by_time(frame, split, data_versions={})
    assert parts.train["at"].max() < parts.validation["at"].min()
    assert parts.validation["at"].max() < parts.test["at"].min()
    rows = pl.concat([parts.train, parts.validation, parts.test])["row"].sort().to_list()
    assert rows == sorted(frame["row"].to_list())


def test_months_begin_at_local_midnight_where_the_split_names_a_time_zone():
    late_in_june = datetime(2013, 6, 30, 23, 30, tzinfo=ZoneInfo("America/New_York"))
    times = pl.Series(
        [
            *[datetime(2013, month, 5, tzinfo=ZoneInfo("UTC")) for month in range(1, 7)],
            late_in_june.astimezone(ZoneInfo("UTC")),
        ]
    ).dt.convert_time_zone("UTC")
    local = split_by_time(frame_of(times), TimeSplit(column="at", timezone="America/New_York"), data_versions={})
    assert local.test.height == 2
    assert local.test_rows.end == "2013-07-01T00:00:00-04:00"
    assert split_by_time(frame_of(times), SPLIT, data_versions={}).test.height == 1


def test_splits_dates_and_weeks():
    parts = split_by_time(frame_of(daily(date(2013, 1, 1), 30)), TimeSplit(column="at", every="1w"), data_versions={})
    assert parts.test["at"].min().weekday() == 0
    assert parts.validation.height == 7


def test_frozen_rows_are_found_again_after_a_round_trip_through_json():
    frame = frame_of(daily(datetime(2013, 1, 1), 120))
    frozen = split_by_time(frame, SPLIT, data_versions={"CURATED/parcels": 4}).test_rows
    again = FrozenRows.from_document(json.loads(json.dumps(frozen.to_document())))
    assert again.select(frame).height == 30


def test_frozen_rows_refuse_another_version_of_the_data():
    frame = frame_of(daily(datetime(2013, 1, 1), 120))
    frozen = split_by_time(frame, SPLIT, data_versions={"CURATED/parcels": 4}).test_rows
    with pytest.raises(DataNotReadyError, match="were 30, but 29 were found; they belong to CURATED/parcels version 4"):
        frozen.select(frame.filter(pl.col("row") != 100))


def test_refuses_data_that_spans_too_few_periods():
    with pytest.raises(DataNotReadyError, match="no row is left for train"):
        split_by_time(frame_of(daily(datetime(2013, 1, 1), 40)), SPLIT, data_versions={})


def test_refuses_a_hole_where_validation_should_be():
    times = [datetime(2013, 1, 5), datetime(2013, 3, 5)]
    with pytest.raises(DataNotReadyError, match="no row is left for validation"):
        split_by_time(frame_of(times), SPLIT, data_versions={})


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"when": [1]}), "'at', which is no column; found when"),
        (pl.DataFrame({"at": ["2013-01-01"]}), "holds String, not dates or times"),
    ],
)
def test_refuses_a_column_that_is_no_time(frame, said):
    with pytest.raises(InvalidModelError, match=said):
        split_by_time(frame, SPLIT, data_versions={})


def test_refuses_rows_without_a_time():
    with pytest.raises(DataNotReadyError, match="1 of 2 rows have no at"):
        split_by_time(frame_of([datetime(2013, 1, 1), None]), SPLIT, data_versions={})
