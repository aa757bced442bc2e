"""The embedded engine: Polars and delta-rs in this process, no JVM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import narwhals as nw
import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.exceptions import TableNotFoundError as NoDeltaTableError

from modelyard.errors import TableNotFoundError
from modelyard.lake.engine import Commit, Frame, Written
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Table

TRANSACTION_KEY = "modelyard.transaction"


@dataclass(frozen=True, slots=True)
class EmbeddedEngine:
    """Tables below one root: a folder, or any address that delta-rs can open."""

    root: str
    _opened: dict[str, DeltaTable] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Tables that were opened before: to read what is new in a log is cheaper than to read the log again."""

    def version(self, table: Table) -> DataVersion | None:
        """The newest version of a table; None if there is no table."""
        delta = self._open(table)
        return None if delta is None else DataVersion(table, delta.version())

    def scan(self, table: Table, *, version: int | None = None, batches: Sequence[str] | None = None) -> Frame:
        """The rows of a table, read only when they are asked for."""
        delta = self._at(table, version)
        frame = pl.scan_delta(delta)
        if batches is not None:
            frame = frame.filter(pl.col(BATCH_COLUMN).is_in(list(batches)))
        return nw.from_native(frame)

    def rows(self, table: Table) -> int:
        """How many rows the newest version holds, from the log's own counts."""
        delta = self._open(table)
        if delta is None:
            return 0
        counts = pl.DataFrame(delta.get_add_actions(flatten=True))["num_records"]
        return int(counts.sum())

    def append(self, table: Table, frame: Frame, *, transaction: str, metadata: Mapping[str, str]) -> Written:
        """Adds rows in one commit that carries the transaction's identifier."""
        return self._write(table, frame, transaction, metadata, write=partial(write_deltalake, mode="append"))

    def replace(
        self,
        table: Table,
        frame: Frame,
        *,
        transaction: str,
        metadata: Mapping[str, str],
        batches: Sequence[str] | None = None,
    ) -> Written:
        """Puts these rows in the place of all others, or of those of some batches, in one commit."""
        write = partial(write_deltalake, mode="overwrite", schema_mode="overwrite")
        if batches is not None:
            write = partial(write_deltalake, mode="overwrite", predicate=_of_batches(batches))
        return self._write(table, frame, transaction, metadata, write=write)

    def committed(self, table: Table, transaction: str) -> bool:
        """Whether this transaction is part of the table."""
        delta = self._open(table)
        return delta is not None and delta.transaction_version(transaction) is not None

    def history(self, table: Table) -> tuple[Commit, ...]:
        """Every commit that the table's log still holds, newest first."""
        delta = self._open(table)
        return () if delta is None else tuple(_commit(entry) for entry in delta.history())

    def _write(
        self,
        table: Table,
        frame: Frame,
        transaction: str,
        metadata: Mapping[str, str],
        *,
        write: Callable[..., None],
    ) -> Written:
        delta = self._open(table)
        if delta is not None and delta.transaction_version(transaction) is not None:
            return Written(_version_of(delta, table, transaction), fresh=False)
        properties = CommitProperties(
            custom_metadata={TRANSACTION_KEY: transaction, **metadata},
            # A writer that raced us past the check above loses here: delta-rs refuses a transaction that it has seen.
            app_transactions=[Transaction(transaction, 1)],
        )
        rows = _collect(frame)
        write(delta or self._uri(table), rows, commit_properties=properties)
        written = delta or DeltaTable(self._uri(table))
        return Written(DataVersion(table, written.version()), fresh=True)

    def _uri(self, table: Table) -> str:
        return f"{self.root.rstrip('/')}/{table.path}"

    def _open(self, table: Table) -> DeltaTable | None:
        """The table at its newest version, for questions about its log. Rows are never read through this handle."""
        uri = self._uri(table)
        known = self._opened.pop(uri, None)
        try:
            if known is not None:
                known.update_incremental()
            opened = known or DeltaTable(uri)
        except NoDeltaTableError:
            return None
        self._opened[uri] = opened
        return opened

    def _at(self, table: Table, version: int | None) -> DeltaTable:
        """A handle of its own for each scan: rows are read later, when the table may have moved on."""
        try:
            return DeltaTable(self._uri(table), version=version)
        except NoDeltaTableError:
            raise TableNotFoundError(
                f"{table} does not exist in {self.root}", hint="modelyard data history, to see what does"
            ) from None
        except DeltaError as error:
            newest = self.version(table)
            raise TableNotFoundError(
                f"{table} has no version {version}; its newest is {'none' if newest is None else newest.version}",
                hint=f"modelyard data history {table.name}",
            ) from error


def _collect(frame: Frame) -> pl.DataFrame:
    native = frame.to_native()
    return native.collect() if isinstance(native, pl.LazyFrame) else pl.DataFrame(native)


def _of_batches(batches: Sequence[str]) -> str:
    """The rows of these batches, in SQL."""
    named = ", ".join("'" + batch.replace("'", "''") + "'" for batch in batches)
    return f"{BATCH_COLUMN} IN ({named})"


def _version_of(delta: DeltaTable, table: Table, transaction: str) -> DataVersion:
    for entry in delta.history():
        if entry.get(TRANSACTION_KEY) == transaction:
            return DataVersion(table, int(entry["version"]))
    return DataVersion(table, delta.version())


def _commit(entry: Mapping[str, object]) -> Commit:
    metrics = entry.get("operationMetrics")
    stamp = entry.get("timestamp")
    return Commit(
        version=int(str(entry["version"])),
        at=datetime.fromtimestamp(int(str(stamp)) / 1000, UTC).isoformat(timespec="seconds"),
        operation=str(entry.get("operation", "")),
        rows=metrics.get("num_added_rows") if isinstance(metrics, dict) else None,
        metadata={key: str(value) for key, value in entry.items() if key.startswith("modelyard.") or key == "digest"},
    )
