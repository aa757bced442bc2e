"""What keeps data in an Azure environment: lake account, key vault, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Problem, Section, refuse

Redundancy = Literal["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]
ZONE_REDUNDANT: frozenset[str] = frozenset({"ZRS", "GZRS", "RAGZRS"})
GEO_REDUNDANT: frozenset[str] = frozenset({"GRS", "RAGRS", "GZRS", "RAGZRS"})


class Lifecycle(Section):
    """When files of the lake move to cheaper tiers, in days after the last change."""

    cool_after_days: int = Field(ge=1, le=36_500)
    """Landed files in source/ move to the cool tier."""
    cold_after_days: int | None = Field(ge=1, le=36_500)
    """Landed files in source/ move to the cold tier; null for never."""
    archive_after_days: int | None = Field(ge=1, le=36_500)
    """Landed files in source/ move to the archive tier, from which reading takes hours; null for never."""
    delete_quarantine_after_days: int = Field(ge=1, le=36_500)
    """Refused batches are deleted."""

    @model_validator(mode="after")
    def _in_order(self) -> Lifecycle:
        latest = self.cool_after_days
        for name, days in (("cold_after_days", self.cold_after_days), ("archive_after_days", self.archive_after_days)):
            if days is not None and days <= latest:
                refuse([Problem(name, str(days), f"more than {latest}")])
            latest = days or latest
        return self


class LakeAccount(Section):
    """The ADLS Gen2 account. Shared keys and public blobs are always off: that is no setting."""

    redundancy: Redundancy
    """How often and where each byte is kept."""
    soft_delete_days: int = Field(ge=1, le=365)
    """How long a deleted file can be brought back."""
    container_soft_delete_days: int = Field(ge=1, le=365)
    """How long a deleted file system can be brought back."""
    lifecycle: Lifecycle
    """Cheaper tiers for old files."""

    @model_validator(mode="after")
    def _tiers_exist(self) -> LakeAccount:
        days = self.lifecycle.archive_after_days
        if days is not None and self.redundancy in ZONE_REDUNDANT:
            allowed = f"null, because accounts of redundancy {self.redundancy} have no archive tier"
            refuse([Problem("lifecycle.archive_after_days", str(days), allowed)])
        return self


class KeyVault(Section):
    """The vault of the environment's secrets. Access is by role only."""

    sku: Literal["standard", "premium"]
    """premium keeps keys in hardware."""
    soft_delete_days: int = Field(ge=7, le=90)
    """How long a deleted secret or vault can be brought back; Azure never changes it afterwards."""
    purge_protection: bool
    """Whether nobody, not even an owner, can end that time early. Cannot be switched off again."""


class Postgres(Section):
    """The PostgreSQL flexible server behind MLflow. Sign-in is by identity: there is no password."""

    version: Literal["14", "15", "16", "17"]
    """Major version, in quotes."""
    tier: Literal["Burstable", "GeneralPurpose", "MemoryOptimized"]
    """Tier of the size below."""
    size: str = Field(pattern=r"^Standard_[BDE]\d+[a-z]*(_v\d)?$")
    """Azure's name of the size: Standard_B… is Burstable, Standard_D… GeneralPurpose, Standard_E… MemoryOptimized."""
    storage_gb: Literal[32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
    """Disk. It can grow, never shrink."""
    backup_days: int = Field(ge=7, le=35)
    """How far back a point in time can be restored."""
    geo_redundant_backup: bool
    """Whether backups are kept in the paired region too. Cannot be changed afterwards."""
    high_availability: Literal["Disabled", "SameZone", "ZoneRedundant"]
    """Whether a second server stands by, and where."""

    @model_validator(mode="after")
    def _size_fits(self) -> Postgres:
        refuse(_postgres_problems(self))
        return self


def _postgres_problems(postgres: Postgres) -> Iterator[Problem]:
    family = {"Burstable": "B", "GeneralPurpose": "D", "MemoryOptimized": "E"}[postgres.tier]
    if not postgres.size.startswith(f"Standard_{family}"):
        yield Problem("size", postgres.size, f"a size that starts with Standard_{family} for tier {postgres.tier}")
    if postgres.tier == "Burstable" and postgres.high_availability != "Disabled":
        yield Problem("high_availability", postgres.high_availability, "Disabled: Burstable has no standby")
