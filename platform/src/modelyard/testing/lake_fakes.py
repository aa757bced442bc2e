"""A lake in memory: an engine that keeps every version as a Polars frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import narwhals as nw
import polars as pl

from modelyard.errors import TableNotFoundError
from modelyard.lake.engine import Commit, Frame, Written
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Table


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of a table, whole."""

    frame: pl.DataFrame
    transaction: str
    metadata: Mapping[str, str]
    operation: str
    added: int


@dataclass(slots=True)
class InMemoryEngine:
    """Keeps the promises of `Engine` without a disk."""

    tables: dict[Table, list[Kept]] = field(default_factory=dict)

    def version(self, table: Table) -> DataVersion | None:
        """The newest version of a table; None if there is no table."""
        return DataVersion(table, len(self.tables[table]) - 1) if table in self.tables else None

    def scan(self, table: Table, *, version: int | None = None, batches: Sequence[str] | None = None) -> Frame:
        """The rows of a table, at its newest version or at `version`."""
        kept = self.tables.get(table, [])
        if not kept or (version is not None and not 0 <= version < len(kept)):
            raise TableNotFoundError(f"{table} has no version {version}", hint="modelyard data history")
        frame = kept[-1 if version is None else version].frame.lazy()
        if batches is not None:
            frame = frame.filter(pl.col(BATCH_COLUMN).is_in(list(batches)))
        return nw.from_native(frame)

    def rows(self, table: Table) -> int:
        """How many rows the newest version holds."""
        return self.tables[table][-1].frame.height if table in self.tables else 0

    def append(self, table: Table, frame: Frame, *, transaction: str, metadata: Mapping[str, str]) -> Written:
        """Adds rows as a new version."""
        new = frame.collect().to_polars()
        old = self.tables[table][-1].frame if table in self.tables else new.clear()
        return self._keep(table, Kept(old.vstack(new), transaction, metadata, "append", new.height))

    def replace(
        self,
        table: Table,
        frame: Frame,
        *,
        transaction: str,
        metadata: Mapping[str, str],
        batches: Sequence[str] | None = None,
    ) -> Written:
        """Keeps these rows, and with `batches` those of the others, as a new version."""
        new = frame.collect().to_polars()
        whole = new
        if batches is not None and table in self.tables:
            stays = self.tables[table][-1].frame.filter(~pl.col(BATCH_COLUMN).is_in(list(batches)))
            whole = stays.vstack(new)
        return self._keep(table, Kept(whole, transaction, metadata, "replace", new.height))

    def committed(self, table: Table, transaction: str) -> bool:
        """Whether this transaction is part of the table."""
        return any(kept.transaction == transaction for kept in self.tables.get(table, []))

    def history(self, table: Table) -> tuple[Commit, ...]:
        """Every version, newest first."""
        kept = self.tables.get(table, [])
        stamp = "2013-01-01T00:00:00+00:00"
        commits = [Commit(i, stamp, one.operation, one.added, one.metadata) for i, one in enumerate(kept)]
        return tuple(reversed(commits))

    def _keep(self, table: Table, kept: Kept) -> Written:
        versions = self.tables.setdefault(table, [])
        for number, old in enumerate(versions):
            if old.transaction == kept.transaction:
                return Written(DataVersion(table, number), fresh=False)
        versions.append(kept)
        return Written(DataVersion(table, len(versions) - 1), fresh=True)
