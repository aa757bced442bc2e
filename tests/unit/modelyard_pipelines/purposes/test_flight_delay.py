from datetime import UTC, datetime

import narwhals as nw
import polars as pl
import pytest

from modelyard.errors import PurposeNotFoundError
from modelyard.gates.reading import read_batch
from modelyard_pipelines.purposes.catalog import find_purpose, purpose_names
from modelyard_pipelines.sources.catalog import find_source, source_names


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")

    def load(name):
        source = find_source(name)
        frame = read_batch(source.land("2013-02", folder, cache=folder / "cache"), source.contract).frame
        return source.clean(nw.from_native(frame.with_columns(_batch=pl.lit(name)).lazy()))

    return {name: load(name) for name in find_purpose("flight_delay").sources}


@pytest.fixture(scope="module")
def curated(tables):
    purpose = find_purpose("flight_delay")
    return purpose.join(*(tables[name] for name in purpose.sources)).collect().to_native()


def test_a_purpose_names_its_sources_and_its_key():
    assert "flight_delay" in purpose_names()
    purpose = find_purpose("flight_delay")
    assert purpose.sources == ("flights", "weather", "planes")
    assert set(purpose.sources) <= set(source_names())


@pytest.mark.parametrize("name", ["delay", "", "../flight_delay"])
def test_an_unknown_purpose_is_refused(name):
    with pytest.raises(PurposeNotFoundError, match="flight_delay"):
        find_purpose(name)


def test_every_flight_is_one_row_and_keeps_its_batch(tables, curated):
    flights = tables["flights"].collect().to_native()
    assert curated.height == flights.height
    assert curated.select(find_purpose("flight_delay").key).n_unique() == flights.height
    assert set(curated["_batch"]) == {"flights"}
    facts = flights.columns
    key = list(find_purpose("flight_delay").key)
    assert curated.select(facts).sort(key).equals(flights.sort(key))


def test_weather_is_that_of_the_origin_in_the_scheduled_hour(tables, curated):
    weather = tables["weather"].collect().to_native()
    hour = datetime(2013, 2, 5, 17, tzinfo=UTC)
    for origin in ("EWR", "JFK", "LGA"):
        there = (pl.col("origin") == origin, pl.col("scheduled_hour") == hour)
        expected = weather.filter(origin=origin, observed_hour=hour)["temperature_fahrenheit"].to_list()
        assert curated.filter(*there)["temperature_fahrenheit"].unique().to_list() == expected
    assert curated["temperature_fahrenheit"].null_count() < 0.01 * curated.height


def test_the_age_of_an_aircraft_is_in_years_and_never_negative(curated):
    age = curated["aircraft_age_years"]
    assert age.min() >= 0
    assert 5 < age.mean() < 20
    assert age.null_count() < 0.25 * curated.height


def test_repeated_weather_or_aircraft_never_multiply_flights(tables, curated):
    twice = {name: nw.concat([table, table]) for name, table in tables.items() if name != "flights"}
    joined = find_purpose("flight_delay").join(tables["flights"], twice["weather"], twice["planes"]).collect()
    assert joined.shape == curated.shape
