"""What a source promises: columns and types, keys, personal data, rules, and how much it may change.

A contract is written in Open Data Contract Standard YAML (v3.1). `loading.load_contract` reads one; the rest of the
platform sees only the frozen types of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modelyard.gates.expectations import Rule

if TYPE_CHECKING:
    import polars as pl

Physical = Literal["string", "int", "bigint", "double", "boolean", "date", "timestamp", "timestamptz"]
Clean = Literal["keep", "drop", "hash"]
Delivery = Literal["increment", "snapshot"]

DEFAULT_MARGIN = 0.1
"""Distance between two distributions (0 to 1) below which nobody cares, where a contract says nothing."""
DEFAULT_NULL_MARGIN = 0.1
"""Change of a column's share of nulls below which nobody cares."""
DEFAULT_NOVEL_MARGIN = 0.05
"""Share of rows with categories that were never stored before, below which nobody cares."""
DEFAULT_VOLUME_MARGIN = 0.5
"""Change of the number of rows, as a share of the usual number, below which nobody cares."""
DEFAULT_VANISHED_MARGIN = 0.05
"""Share of the stored keys that a new snapshot may lack."""


@dataclass(frozen=True, slots=True)
class Significance:
    """How much of a change in one column matters."""

    margin: float | None = None
    """Largest distance (Kolmogorov-Smirnov or total variation, 0 to 1) that is not material."""
    null_margin: float | None = None
    """Largest change of the share of nulls that is not material."""
    novel_margin: float | None = None
    """Largest share of rows with categories never stored before that is not material."""
    excluded: str = ""
    """Why the column is not compared with stored data; empty where it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a batch as it arrives."""

    name: str
    physical: Physical
    required: bool = False
    unique: bool = False
    key_position: int | None = None
    """Place in the primary key, from 1; None outside the key."""
    classification: str = "public"
    clean: Clean = "keep"
    """What CLEAN does with the column; anything but `keep` only for personal data."""
    significance: Significance = Significance()
    description: str = ""
    clean_name: str = ""
    """What CLEAN calls the column where no cleaning of the source's own says so; empty where the name stays."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A column that exists only while rules are checked, such as the gap between two clocks."""

    name: str
    sql: str
    """A SQL expression over the contract's columns; `x // 100` divides without a remainder."""
    timezone: str | None = None
    """Where given, timestamps are this zone's wall clock inside the expression."""
    description: str = ""
    significance: Significance | None = None
    """Where given, the column is also compared with stored data, as if it had been delivered."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where deliveries of a source come from."""

    name: str
    path: str
    """A file, or a folder of files; `{month}` in it stands for the month. Relative to the workspace's root."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that the gates know about a source."""

    id: str
    version: str
    source: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    delivery: Delivery
    period: tuple[str, ...] = ()
    """The columns that name a batch's period, such as year and month. Empty for snapshots."""
    missing: frozenset[str] = frozenset({""})
    """The texts that mean "no value" in a CSV file."""
    derived: tuple[Derived, ...] = ()
    margin: float = DEFAULT_MARGIN
    null_margin: float = DEFAULT_NULL_MARGIN
    novel_margin: float = DEFAULT_NOVEL_MARGIN
    volume_margin: float = DEFAULT_VOLUME_MARGIN
    vanished_margin: float = DEFAULT_VANISHED_MARGIN
    description: str = ""
    servers: tuple[Server, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names as they arrive."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key, in order; empty where there is none."""
        keyed = [column for column in self.columns if column.key_position is not None]
        return tuple(column.name for column in sorted(keyed, key=lambda column: column.key_position or 0))

    @property
    def personal(self) -> tuple[Column, ...]:
        """The columns that CLEAN must drop or hash."""
        return tuple(column for column in self.columns if column.clean != "keep")

    @property
    def compared(self) -> Mapping[str, Significance]:
        """The columns, delivered and derived, that are compared with stored data, and how much they may change."""
        delivered = {column.name: column.significance for column in self.columns if not self.why_not_compared(column)}
        return {**delivered, **{each.name: each.significance for each in self.derived if each.significance is not None}}

    def why_not_compared(self, column: Column) -> str:
        """Why a delivered column is not compared with stored data; empty where it is."""
        if column.name in self.period:
            return "it names the period"
        moving = column.physical in {"date", "timestamp", "timestamptz"}
        return column.significance.excluded or ("points in time always move" if moving else "")

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            KeyError: the contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def polars_schema(self) -> Mapping[str, pl.DataType]:
        """The columns' Polars types, in the contract's order."""
        return {column.name: polars_type(column.physical) for column in self.columns}


def polars_type(physical: Physical) -> pl.DataType:
    """The Polars type in which RAW keeps a physical type. Timestamps are microseconds; `timestamptz` is UTC."""
    import polars as pl

    types: Mapping[Physical, pl.DataType] = {
        "string": pl.String(),
        "int": pl.Int32(),
        "bigint": pl.Int64(),
        "double": pl.Float64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("us"),
        "timestamptz": pl.Datetime("us", "UTC"),
    }
    return types[physical]
