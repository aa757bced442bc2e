"""Landing of planes: the whole table, as it stands today."""

from __future__ import annotations

from pathlib import Path

from modelyard_pipelines.sources.nycflights13 import land_snapshot


def land(_month: str, to: Path, *, cache: Path | None = None) -> Path:
    """Write the table into the folder `to`; it does not depend on the month."""
    return land_snapshot("planes", to, cache=cache)
