"""What an engine must do for the lake. The embedded engine does it in this process, Spark on a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import narwhals as nw

from modelyard.lake.layers import DataVersion, Table

Frame = nw.LazyFrame[Any]
"""Rows that an engine has not computed yet; transformations are written against this type alone."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left behind."""

    version: DataVersion
    fresh: bool
    """False if this transaction had been committed before, so that nothing was written now."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of a table's history."""

    version: int
    at: str
    """ISO 8601, UTC."""
    operation: str
    rows: int | None
    metadata: Mapping[str, str]


class Engine(Protocol):
    """Reads and writes Delta tables. Every write is one commit that carries its transaction's identifier."""

    def version(self, table: Table) -> DataVersion | None:
        """The newest version of a table; None if there is no table."""

    def scan(self, table: Table, *, version: int | None = None, batches: Sequence[str] | None = None) -> Frame:
        """The rows of a table, at its newest version or at `version`, of all batches or of some.

        Raises:
            TableNotFoundError: there is no such table, or no such version of it.
        """

    def rows(self, table: Table) -> int:
        """How many rows the newest version holds, read from the table's log; 0 without a table."""

    def append(self, table: Table, frame: Frame, *, transaction: str, metadata: Mapping[str, str]) -> Written:
        """Adds rows in one commit; a transaction that was committed before changes nothing."""

    def replace(
        self,
        table: Table,
        frame: Frame,
        *,
        transaction: str,
        metadata: Mapping[str, str],
        batches: Sequence[str] | None = None,
    ) -> Written:
        """Puts these rows in the place of all others, in one commit; else as `append`.

        With `batches`, only the rows of these batches give way, and the new ones must belong to them. Without, the new
        rows may have other columns.
        """

    def committed(self, table: Table, transaction: str) -> bool:
        """Whether this transaction is part of the table."""

    def history(self, table: Table) -> tuple[Commit, ...]:
        """Every commit that the table's log still holds, newest first."""
