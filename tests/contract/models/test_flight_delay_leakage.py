"""No feature of flight_delay is, or derives from, anything that is known only after departure."""

import polars as pl
import pytest

from modelyard.models.discovery import find_model
from modelyard.models.features import feature_frame
from modelyard_pipelines.sources.flights.cleaning import NAMES

AFTER_DEPARTURE = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
"""RAW columns of flights that nobody knows before a flight has departed."""


@pytest.fixture(scope="module")
def spec(workspace):
    return find_model(workspace, "flight_delay")


def rewritten(raw):
    """The same flights, but with another flight's fate, of those that landed. Some are cancelled after all."""
    fate = raw.select(AFTER_DEPARTURE).drop_nulls()
    other = fate.sample(raw.height, with_replacement=True, shuffle=True, seed=11)
    return raw.with_columns(
        other.with_row_index().select(pl.when(pl.col("index") % 7 > 0).then(pl.col(AFTER_DEPARTURE)))
    )


def differing(spec, before, after):
    """The features whose values are not the same for the same flights."""
    key = ["scheduled_hour", "carrier", "flight_number", "origin", "destination"]
    frames = [feature_frame(frame.sort(key), spec.features) for frame in (before, after)]
    return [name for name in spec.feature_names if not frames[0][name].equals(frames[1][name], null_equal=True)]


def test_whatever_happens_after_departure_no_feature_changes(spec, curated):
    before, after = curated("flight_delay"), curated("flight_delay", changed=rewritten)
    assert before.height == after.height
    assert differing(spec, before, after) == []


def test_the_fate_was_really_another_one(curated):
    before, after = curated("flight_delay"), curated("flight_delay", changed=rewritten)
    for name in AFTER_DEPARTURE:
        column = NAMES[name]
        assert not before[column].equals(after[column], null_equal=True), column


@pytest.mark.parametrize("source", ["departure_delay_minutes", "air_time_minutes", "cancelled"])
def test_a_feature_that_derives_from_the_fate_would_be_found(spec, curated, source):
    def leaking(frame):
        leak = pl.col("seats").fill_null(0) + pl.col(source).cast(pl.Float64).fill_null(0) / 100
        return frame.with_columns(seats=leak.cast(pl.Float64).round(2) * 100)

    before, after = curated("flight_delay"), curated("flight_delay", changed=rewritten)
    assert differing(spec, leaking(before), leaking(after)) == ["seats"]


def test_every_column_that_carries_the_fate_is_forbidden_to_every_later_change_of_the_declaration(spec, curated):
    before, after = curated("flight_delay"), curated("flight_delay", changed=rewritten)
    key = ["scheduled_hour", "carrier", "flight_number", "origin", "destination"]
    one, other = before.sort(key), after.sort(key)
    moved = {name for name in one.columns if not one[name].equals(other[name], null_equal=True)}
    assert moved == set(spec.forbidden)


def test_the_label_is_late_by_more_than_fifteen_minutes_and_nothing_for_who_never_arrives(spec):
    frame = pl.DataFrame({"arrival_delay_minutes": [15, 16, -20, None]})
    assert frame.select(spec.target).to_series().to_list() == [False, True, False, None]
