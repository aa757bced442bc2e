"""Aircraft on their way into CLEAN. Personal columns are gone or hashed before this runs."""

from __future__ import annotations

from typing import Any

import narwhals as nw

NAMES = {
    "tailnum": "tail_number",
    "year": "year_built",
    "type": "aircraft_type",
    "model": "aircraft_model",
    "speed": "cruising_speed_mph",
    "engine": "engine_type",
}


def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rename and cast."""
    numbers = ("year_built", "engines", "seats", "cruising_speed_mph")
    return raw.rename(NAMES).with_columns(nw.col(name).cast(nw.Int32) for name in numbers)
