"""Landing of weather: one file per month, as a scheduled job of the source system would write it."""

from __future__ import annotations

from pathlib import Path

from modelyard_pipelines.sources.nycflights13 import MONTHS, land_month

__all__ = ["MONTHS", "land"]


def land(month: str, to: Path, *, cache: Path | None = None) -> Path:
    """Write one month, such as 2013-01, into the folder `to`; the same month always gives the same bytes.

    Raises:
        DataError: the month is malformed, or nothing was recorded in it.
    """
    return land_month("weather", month, to, cache=cache)
