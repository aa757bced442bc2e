"""Flights on their way into CLEAN: whole words, units in the names, and points in time instead of clock readings."""

from __future__ import annotations

from typing import Any

import narwhals as nw

NAMES = {
    "year": "year",
    "month": "month",
    "day": "day",
    "dep_time": "departure_clock",
    "sched_dep_time": "scheduled_departure_clock",
    "dep_delay": "departure_delay_minutes",
    "arr_time": "arrival_clock",
    "sched_arr_time": "scheduled_arrival_clock",
    "arr_delay": "arrival_delay_minutes",
    "carrier": "carrier",
    "flight": "flight_number",
    "tailnum": "tail_number",
    "origin": "origin",
    "dest": "destination",
    "air_time": "air_time_minutes",
    "distance": "distance_miles",
    "hour": "scheduled_departure_hour",
    "minute": "scheduled_departure_minute",
    "time_hour": "scheduled_hour",
}


def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rename and cast; keep whatever else RAW carries, such as the batch.

    `scheduled_hour` is UTC. The clocks stay local HHMM readings, as arrivals are given in the destination's time;
    `scheduled_arrival_minute_of_day` and `scheduled_departure_minute_of_day` say them as minutes since midnight.
    """
    present = set(raw.collect_schema().names())
    renamed = raw.rename({old: new for old, new in NAMES.items() if old in present and old != new})
    small = ["year", "month", "day", "flight_number", "distance_miles", "air_time_minutes"]
    small += [
        "departure_delay_minutes",
        "arrival_delay_minutes",
        "scheduled_departure_hour",
        "scheduled_departure_minute",
    ]
    small += [name for name in NAMES.values() if name.endswith("_clock")]
    departure, arrival = nw.col("scheduled_departure_clock"), nw.col("scheduled_arrival_clock")
    return renamed.with_columns(
        *(nw.col(name).cast(nw.Int32) for name in small),
        (departure // 100 * 60 + departure % 100).cast(nw.Int32).alias("scheduled_departure_minute_of_day"),
        ((arrival // 100 * 60 + arrival % 100) % 1440).cast(nw.Int32).alias("scheduled_arrival_minute_of_day"),
        nw.col("departure_clock").is_null().alias("cancelled"),
    )
