"""The table of prices and assumptions, as a file says them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """A part of the file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(Row):
    """One list price."""

    unit: str
    """What is counted."""
    price: float = Field(ge=0)
    """For one unit."""
    basis: str = Field(pattern="^(recorded|remembered)")
    """Where the number comes from."""


class Grant(Row):
    """What Container Apps gives free in a month."""

    vcpu_seconds: float
    gib_seconds: float
    requests_million: float


class Assumptions(Row):
    """What is used in a month. Hours are of one month, gigabytes too."""

    lake_gb: float = Field(ge=0)
    lake_writes_10k: float = Field(ge=0)
    lake_reads_10k: float = Field(ge=0)
    database_backup_gb: float = Field(ge=0)
    busy_share: float = Field(ge=0, le=1)
    on_demand_hours: float = Field(ge=0, le=744)
    requests_million: float = Field(ge=0)
    job_hours: float = Field(ge=0)
    databricks_hours: float = Field(ge=0)
    databricks_workers: float = Field(ge=0)
    log_gb: float = Field(ge=0)
    internet_gb: float = Field(ge=0)
    private_gb: float = Field(ge=0)
    vault_operations_10k: float = Field(ge=0)


class PriceTable(Row):
    """Everything that the file says."""

    noted: date
    """When the prices were written down."""
    currency: str
    region: str
    """The region that the prices are for."""
    says: str
    """What the estimate is and is not."""
    hours: float
    """Hours of a month."""
    prices: Mapping[str, Price]
    """By meter."""
    free: Mapping[str, str]
    """Kinds of resources that cost nothing, and why."""
    grant: Grant
    assumptions: Mapping[str, Assumptions]
    """By environment."""


@cache
def load_prices() -> PriceTable:
    """The table that is shipped."""
    return PriceTable.model_validate(yaml.safe_load((files(__package__) / "prices.yaml").read_text(encoding="utf-8")))
