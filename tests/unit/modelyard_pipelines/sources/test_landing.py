import hashlib

import polars as pl
import pytest

from modelyard.errors import DataError
from modelyard_pipelines.sources.catalog import find_source, source_names
from modelyard_pipelines.sources.nycflights13 import land_month, read_table


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", [name for name in source_names() if find_source(name).own_landing])
def test_landing_again_writes_the_same_bytes_and_leaves_nothing_else(tmp_path, cache, name):
    source = find_source(name)
    path = source.land("2013-02", tmp_path / "a", cache=cache)
    before = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    assert source.land("2013-02", tmp_path / "a", cache=cache) == path
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before
    assert [file.name for file in (tmp_path / "a").iterdir()] == [path.name]


def test_landing_with_and_without_a_cache_gives_the_same_bytes(tmp_path, cache):
    land = find_source("weather").land
    cached, direct = land("2013-03", tmp_path / "a", cache=cache), land("2013-03", tmp_path / "b")
    assert cached.read_bytes() == direct.read_bytes()
    assert cached.name == "weather-2013-03.csv"


def test_a_damaged_file_is_replaced(tmp_path, cache):
    land = find_source("airlines").land
    path = land("2013-01", tmp_path, cache=cache)
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    assert land("2013-01", tmp_path, cache=cache).read_bytes() == whole


def test_months_add_up_to_the_year(cache, tmp_path):
    land = find_source("flights").land
    rows = [pl.read_csv(land(f"2013-{m:02d}", tmp_path, cache=cache), infer_schema=False).height for m in range(1, 13)]
    assert sum(rows) == 336_776
    assert rows[:2] == [27_004, 24_951]


def test_whole_numbers_are_whole_and_missing_values_are_na(tmp_path, cache):
    text = find_source("flights").land("2013-01", tmp_path, cache=cache).read_text()
    header, first, *_ = text.splitlines()
    assert header.startswith("year,month,day,dep_time,sched_dep_time,dep_delay")
    assert "rownames" not in header
    assert first == "2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z"
    assert ",NA," in text


@pytest.mark.parametrize("month", ["2013-13", "2012-01", "2013-1", "January", ""])
def test_a_month_that_is_none_is_refused(tmp_path, cache, month):
    with pytest.raises(DataError, match=r"2013-01|2013"):
        land_month("flights", month, tmp_path, cache=cache)
    assert list(tmp_path.iterdir()) == []


def test_a_table_has_nulls_not_nans():
    frame = read_table("weather")
    assert frame["wind_gust"].null_count() == 20_778
    assert frame["wind_gust"].is_nan().sum() == 0
