from datetime import UTC, datetime

import narwhals as nw
import polars as pl
import pytest

from modelyard.gates.personal import pseudonym
from modelyard.gates.reading import read_batch
from modelyard_pipelines.sources.catalog import find_source, source_names


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")

    def read(name):
        source = find_source(name)
        frame = read_batch(source.land("2013-02", folder, cache=folder / "cache"), source.contract).frame
        return frame.with_columns(_batch=pl.lit("0123456789abcdef"))

    return read


@pytest.fixture
def cleaned(raw):
    return lambda name, **options: (
        find_source(name).clean(nw.from_native(raw(name).lazy()), **options).collect().to_native()
    )


@pytest.mark.parametrize("name", [name for name in source_names() if find_source(name).own_landing])
def test_cleaning_keeps_every_row_and_the_batch_and_says_names_in_whole_words(raw, cleaned, name):
    frame = cleaned(name)
    assert frame.height == raw(name).height
    assert frame["_batch"].equals(raw(name)["_batch"])
    assert all(column.replace("_", "").isalpha() and column.islower() for column in frame.columns)
    short = {
        "dep",
        "arr",
        "dest",
        "sched",
        "temp",
        "dewp",
        "humid",
        "dir",
        "precip",
        "visib",
        "alt",
        "lat",
        "lon",
        "tz",
    }
    assert not short & {part for column in frame.columns for part in column.split("_")}


@pytest.mark.parametrize("name", [name for name in source_names() if find_source(name).own_landing])
def test_no_personal_value_is_left_in_clean(raw, cleaned, name):
    personal = {
        value
        for column in find_source(name).contract.personal
        for value in raw(name)[column.name].drop_nulls().to_list()
    }
    frame = cleaned(name)
    for column in frame.columns:
        if frame.schema[column] == pl.String:
            assert not personal & set(frame[column].drop_nulls().to_list())


def test_flights_get_points_in_time_and_units(cleaned):
    frame = cleaned("flights")
    first = frame.row(0, named=True)
    assert first["scheduled_hour"] == datetime(2013, 2, 2, 4, tzinfo=UTC) or first["scheduled_hour"].tzinfo is not None
    assert first["scheduled_departure_minute_of_day"] == (
        first["scheduled_departure_hour"] * 60 + first["scheduled_departure_minute"]
    )
    assert frame["cancelled"].sum() == 1_261
    assert frame.schema["arrival_delay_minutes"] == pl.Int32


def test_tail_numbers_still_join_after_hashing(cleaned):
    flights, planes = cleaned("flights", pseudonym_key="k"), cleaned("planes", pseudonym_key="k")
    assert flights.join(planes, on="tail_number", how="semi").height > 0.8 * flights.height
    assert pseudonym("N10156", key="k") in planes["tail_number"]


def test_a_wind_that_no_station_can_have_seen_is_blanked(raw, cleaned):
    assert raw("weather")["wind_speed"].max() > 1_000
    assert cleaned("weather")["wind_speed_mph"].max() < 100
    assert cleaned("weather")["wind_speed_mph"].null_count() == raw("weather")["wind_speed"].null_count() + 1
