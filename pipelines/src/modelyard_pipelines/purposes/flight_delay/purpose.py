"""The declaration of `flight_delay`."""

from __future__ import annotations

from modelyard_pipelines.purposes.catalog import Purpose
from modelyard_pipelines.purposes.flight_delay.joining import join

PURPOSE = Purpose(
    name="flight_delay",
    driving="flights",
    increments=("weather",),
    snapshots=("planes",),
    join=join,
    key=("scheduled_hour", "carrier", "flight_number"),
)
