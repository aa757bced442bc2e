"""The join behind `flight_delay`: one row per flight, whatever is known about its weather and its aircraft."""

from __future__ import annotations

from typing import Any

import narwhals as nw

WEATHER = (
    "temperature_fahrenheit",
    "dew_point_fahrenheit",
    "relative_humidity_percent",
    "wind_direction_degrees",
    "wind_speed_mph",
    "wind_gust_mph",
    "precipitation_inches",
    "pressure_millibars",
    "visibility_miles",
)
"""What is observed at the origin in the scheduled hour of departure. Missing where no observation was made."""
AIRCRAFT = ("aircraft_type", "engine_type", "engines", "seats", "year_built")
"""What the register knows. Missing where the carrier reports fleet numbers that the register does not know."""


def join(flights: nw.LazyFrame[Any], weather: nw.LazyFrame[Any], planes: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Flights with weather and aircraft, one row per flight and none lost.

    Facts that are only known after departure (delays, air time, actual clocks) are kept: they are what a model
    predicts. Which columns a model may read is the model's own declaration.
    """
    observed = weather.select(
        nw.col("origin"), nw.col("observed_hour").alias("scheduled_hour"), *(nw.col(name) for name in WEATHER)
    ).unique(subset=["origin", "scheduled_hour"], keep="any")
    aircraft = planes.select("tail_number", *AIRCRAFT).unique(subset=["tail_number"], keep="any")
    joined = flights.join(observed, on=["origin", "scheduled_hour"], how="left").join(
        aircraft, on="tail_number", how="left"
    )
    age = nw.col("year") - nw.col("year_built")
    return joined.with_columns(nw.when(age >= 0).then(age).alias("aircraft_age_years"))
