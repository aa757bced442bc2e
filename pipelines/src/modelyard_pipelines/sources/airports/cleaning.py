"""Airports on their way into CLEAN."""

from __future__ import annotations

from typing import Any

import narwhals as nw

NAMES = {
    "faa": "airport",
    "name": "airport_name",
    "lat": "latitude_degrees",
    "lon": "longitude_degrees",
    "alt": "altitude_feet",
    "tz": "utc_offset_hours",
    "dst": "daylight_saving",
    "tzone": "time_zone",
}


def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rename and cast."""
    return raw.rename(NAMES).with_columns(nw.col(name).cast(nw.Int32) for name in ("altitude_feet", "utc_offset_hours"))
