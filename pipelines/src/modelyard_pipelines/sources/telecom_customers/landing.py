"""Landing of telecom_customers: the whole table, as it stands today."""

from __future__ import annotations

from pathlib import Path

from modelyard_pipelines.sources.packaged import land_packaged


def land(_month: str, to: Path, *, cache: Path | None = None) -> Path:
    """Write the table into the folder `to`; it does not depend on the month."""
    return land_packaged("modeldata", "wa_churn", to / "telecom_customers.csv", key="customer", cache=cache)
