"""From CLEAN to CURATED: every stored batch of the driving source, joined once with what its purpose asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from modelyard.composition import Platform
from modelyard.lake.batches import BatchRecord, BatchState
from modelyard.lake.engine import Frame
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Layer, Table, short
from modelyard.lake.locks import writing
from modelyard_pipelines.purposes.catalog import Purpose

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that cannot be joined yet."""

    batch: str
    period: str | None
    missing: tuple[str, ...]
    """The sources that have not delivered this period."""

    def __str__(self) -> str:
        return f"{self.period or self.batch} waits for {', '.join(self.missing)}"


@dataclass(frozen=True, slots=True)
class Curation:
    """What a run of `curate` did."""

    purpose: str
    added: tuple[DataVersion, ...]
    """The versions that this run wrote, one for each batch."""
    waiting: tuple[Waiting, ...]
    version: DataVersion | None
    """The newest version of the curated table."""
    rows: int

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "purpose": self.purpose,
            "added": [one.version for one in self.added],
            "waiting": [{"period": one.period, "missing": list(one.missing)} for one in self.waiting],
            "version": None if self.version is None else self.version.version,
            "rows": self.rows,
        }


def curate(platform: Platform, purpose: Purpose, *, note: Note, patience: float = 120.0) -> Curation:
    """Joins every batch of the driving source that CURATED does not hold yet, one Delta commit for each.

    Of a driving source that delivers snapshots, only the newest is of interest: it replaces what CURATED held.

    Raises:
        LakeBusyError: the purpose is being curated by another process that does not end within `patience` seconds.
    """
    table = Table(Layer.CURATED, purpose.name)
    added: list[DataVersion] = []
    waiting: list[Waiting] = []
    with writing(platform.locks, f"purpose-{purpose.name}", patience=patience, waiting=note):
        for record in _pending(platform, purpose, table):
            missing = _missing(platform, purpose, record)
            if missing:
                waiting.append(Waiting(short(record.digest), record.period, missing))
                continue
            note(f"joining {record.period or record.file}")
            added.append(_join(platform, purpose, table, record))
    version, rows = platform.engine.version(table), platform.engine.rows(table)
    return Curation(purpose.name, tuple(added), tuple(waiting), version, rows)


def _pending(platform: Platform, purpose: Purpose, table: Table) -> list[BatchRecord]:
    stored = [one for one in platform.batches.of(purpose.driving) if one.state is BatchState.STORED]
    stored = stored[-1:] if purpose.replaces else stored
    return [one for one in stored if not platform.engine.committed(table, one.digest)]


def _missing(platform: Platform, purpose: Purpose, record: BatchRecord) -> tuple[str, ...]:
    late = [name for name in purpose.increments if not _batches_of_period(platform, name, record.period)]
    absent = [name for name in purpose.snapshots if platform.engine.version(Table(Layer.CLEAN, name)) is None]
    return (*late, *absent)


def _batches_of_period(platform: Platform, source: str, period: str | None) -> list[str]:
    records = platform.batches.of(source)
    return [short(one.digest) for one in records if one.period == period and one.state is BatchState.STORED]


def _join(platform: Platform, purpose: Purpose, table: Table, record: BatchRecord) -> DataVersion:
    # Pinned before anything is read, so that the commit names the very versions that it was made from.
    pinned = _clean_versions(platform, purpose)

    def clean(source: str, batches: list[str] | None = None) -> Frame:
        return platform.engine.scan(Table(Layer.CLEAN, source), version=pinned[source], batches=batches)

    inputs = [clean(purpose.driving, [short(record.digest)])]
    inputs += [clean(name, _batches_of_period(platform, name, record.period)) for name in purpose.increments]
    inputs += [clean(name) for name in purpose.snapshots]
    joined = purpose.join(*(frame.drop(BATCH_COLUMN) for frame in inputs))
    marked = joined.with_columns(nw.lit(short(record.digest)).alias(BATCH_COLUMN))
    lineage = {f"modelyard.input.{name}": str(version) for name, version in pinned.items()}
    metadata = {"digest": record.digest, **lineage}
    write = platform.engine.replace if purpose.replaces else platform.engine.append
    return write(table, marked, transaction=record.digest, metadata=metadata).version


def _clean_versions(platform: Platform, purpose: Purpose) -> dict[str, int]:
    """The newest CLEAN version of every source of a purpose; none is missing, or the batch would wait."""
    found = ((name, platform.engine.version(Table(Layer.CLEAN, name))) for name in purpose.sources)
    return {name: at.version for name, at in found if at is not None}
