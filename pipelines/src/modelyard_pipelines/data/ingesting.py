"""One batch, from the offered file to CLEAN. Killed at any instant, it is repaired by offering the file again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from modelyard.composition import Platform
from modelyard.errors import BatchRefusedError
from modelyard.gates.judge import Judgement, judge
from modelyard.gates.reading import read_batch
from modelyard.gates.report import ValidationReport
from modelyard.gates.rules.engine import RuleEngine
from modelyard.lake.batches import BatchRecord, BatchState, digest_of
from modelyard.lake.engine import Frame
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Layer, Table, short
from modelyard.lake.locks import writing
from modelyard.lake.quarantine import Refusal
from modelyard_pipelines.data.history import accepted_batches, stored_keys
from modelyard_pipelines.data.notices import tell_of_refusal
from modelyard_pipelines.sources.catalog import Source

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ingest:
    """What became of an offered batch."""

    source: str
    digest: str
    accepted: bool
    report: ValidationReport
    versions: tuple[DataVersion, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "source": self.source,
            "digest": self.digest,
            "accepted": self.accepted,
            "versions": {str(one.table): one.version for one in self.versions},
            "report": json.loads(self.report.to_json()),
        }


def validate(platform: Platform, source: Source, path: Path, *, rules: RuleEngine | None = None) -> Judgement:
    """Judges a file as `ingest` would, and stores nothing."""
    return judge(
        path,
        source.contract,
        history=accepted_batches(platform.batches, source.name),
        stored_keys=lambda: stored_keys(platform.engine, source),
        rules=rules or platform.rules(),
        false_alarm_rate=platform.environment.gates.false_alarm_rate,
    )


def ingest(platform: Platform, source: Source, path: Path, *, note: Note, patience: float = 120.0) -> Ingest:
    """Judges a file and, if every gate lets it pass, appends it to RAW and CLEAN.

    A refused batch goes to quarantine with its report, one notification is sent, and no table changes.

    Raises:
        LakeBusyError: another ingest of this source is still running after `patience` seconds.
    """
    with writing(platform.locks, f"source-{source.name}", patience=patience, waiting=note):
        begun = _begun(platform, source, path)
        if begun is not None:
            note("finishing what an earlier run began")
            report = ValidationReport.from_json(json.dumps(begun.report))
            return _store(platform, source, _reread(source, path), begun, report)
        note("judging")
        judgement = validate(platform, source, path)
        if not judgement.report.accepted or judgement.frame is None:
            return _refuse(platform, source, path, judgement)
        note("storing")
        record = _accept(platform, source, judgement)
        return _store(platform, source, judgement.frame, record, judgement.report)


def _begun(platform: Platform, source: Source, path: Path) -> BatchRecord | None:
    """The record of this very batch if an earlier run accepted it and died before every table had it."""
    record = platform.batches.find(source.name, digest_of(path))
    return record if record is not None and record.state is BatchState.ACCEPTED else None


def _reread(source: Source, path: Path) -> pl.DataFrame:
    """The rows of a batch that was judged before; its digest says that not a byte has changed."""
    frame = read_batch(path, source.contract).frame
    if frame is None:
        raise BatchRefusedError(f"{path} could be read when it was accepted, and cannot be read now")
    return frame


def _refuse(platform: Platform, source: Source, path: Path, judgement: Judgement) -> Ingest:
    report, digest = judgement.report, digest_of(path)
    place = path
    if digest:
        refusal = Refusal(source.name, digest, path.name, _now(), json.loads(report.to_json()))
        place = platform.quarantine.keep(refusal, path)
    tell_of_refusal(platform.notifier, report, digest, place)
    return Ingest(source.name, digest, accepted=False, report=report)


def _accept(platform: Platform, source: Source, judgement: Judgement) -> BatchRecord:
    record = BatchRecord(
        source=source.name,
        digest=judgement.digest,
        file=judgement.report.file,
        state=BatchState.ACCEPTED,
        offered_at=_now(),
        report=json.loads(judgement.report.to_json()),
        rows=judgement.report.rows or 0,
        period=judgement.period,
        content=judgement.content,
        profile="" if judgement.profile is None else judgement.profile.to_json(),
    )
    platform.batches.write(record)
    return record


def _store(
    platform: Platform, source: Source, frame: pl.DataFrame, record: BatchRecord, report: ValidationReport
) -> Ingest:
    metadata = {"digest": record.digest, "modelyard.file": record.file}
    raw = nw.from_native(frame.lazy())
    clean = source.clean(raw, pseudonym_key=platform.pseudonym_key)
    write = platform.engine.replace if source.contract.delivery == "snapshot" else platform.engine.append
    written = (
        platform.engine.append(
            Table(Layer.RAW, source.name), _marked(raw, record), transaction=record.digest, metadata=metadata
        ),
        write(Table(Layer.CLEAN, source.name), _marked(clean, record), transaction=record.digest, metadata=metadata),
    )
    versions = tuple(one.version for one in written)
    platform.batches.write(record.reached(BatchState.STORED, {one.table.layer: one.version for one in versions}))
    platform.quarantine.free(source.name, record.digest)
    return Ingest(source.name, record.digest, accepted=True, report=report, versions=versions)


def _marked(frame: Frame, record: BatchRecord) -> Frame:
    """The rows with the batch that they belong to."""
    return frame.with_columns(nw.lit(short(record.digest)).alias(BATCH_COLUMN))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
