"""What is stored already, as the gates and the models need to know it."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from modelyard.composition import Platform
from modelyard.gates.history import AcceptedBatch
from modelyard.gates.profile import Profile
from modelyard.lake.batches import BatchLog, BatchState
from modelyard.lake.engine import Engine
from modelyard.lake.layers import Layer, Table
from modelyard_pipelines.purposes.catalog import Purpose
from modelyard_pipelines.sources.catalog import Source


def accepted_batches(log: BatchLog, source: str) -> tuple[AcceptedBatch, ...]:
    """Every batch of a source that is stored, oldest first; one whose storing was cut short is not among them."""
    return tuple(
        AcceptedBatch(
            digest=record.digest,
            content=record.content,
            file=record.file,
            rows=record.rows,
            period=record.period,
            accepted_at=datetime.fromisoformat(record.offered_at),
            profile=Profile.from_json(record.profile),
        )
        for record in log.of(source)
        if record.state is BatchState.STORED
    )


def stored_keys(engine: Engine, source: Source) -> pl.DataFrame:
    """The primary keys of every stored row: one row per key, the contract's key columns."""
    table = Table(Layer.RAW, source.name)
    keys = list(source.contract.key)
    if engine.version(table) is None:
        return pl.DataFrame(schema=keys)
    return engine.scan(table).select(*keys).collect().to_polars()


def version_after(platform: Platform, purpose: Purpose, period: str) -> int | None:
    """The version of CURATED that the driving source's batch of a period made; None if it is not there yet."""
    digests = {one.digest for one in platform.batches.of(purpose.driving) if one.period == period}
    for commit in platform.engine.history(Table(Layer.CURATED, purpose.name)):
        if commit.metadata.get("digest") in digests:
            return commit.version
    return None
