"""Weather on its way into CLEAN: whole words, and units in the names."""

from __future__ import annotations

from typing import Any

import narwhals as nw

NAMES = {
    "temp": "temperature_fahrenheit",
    "dewp": "dew_point_fahrenheit",
    "humid": "relative_humidity_percent",
    "wind_dir": "wind_direction_degrees",
    "wind_speed": "wind_speed_mph",
    "wind_gust": "wind_gust_mph",
    "precip": "precipitation_inches",
    "pressure": "pressure_millibars",
    "visib": "visibility_miles",
    "time_hour": "observed_hour",
}
STRONGEST_WIND = 250.0
"""mph; the strongest wind ever measured at the ground had 253 (Barrow Island 1996). More is a fault of the station."""


def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rename, cast, and blank wind speeds that no wind has. `observed_hour` is UTC; year to hour are local."""
    renamed = raw.rename(NAMES)
    wind = nw.col("wind_speed_mph")
    return renamed.with_columns(
        *(nw.col(name).cast(nw.Int32) for name in ("year", "month", "day", "hour")),
        nw.when(wind <= STRONGEST_WIND).then(wind).alias("wind_speed_mph"),
    )
