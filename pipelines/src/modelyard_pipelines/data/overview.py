"""What the lake holds: a table's versions and rows, and the batches that made them."""

from __future__ import annotations

from typing import Any

from modelyard.composition import Platform
from modelyard.lake.layers import Layer, Table
from modelyard_pipelines.purposes.catalog import purpose_names
from modelyard_pipelines.sources.catalog import source_names

Row = dict[str, Any]


def tables(platform: Platform) -> list[Row]:
    """Every table that exists: layer, name, newest version and rows."""
    named = [Table(layer, name) for layer in (Layer.RAW, Layer.CLEAN) for name in source_names(platform.workspace)]
    named += [Table(Layer.CURATED, name) for name in purpose_names(platform.workspace)]
    found = [(table, platform.engine.version(table)) for table in named]
    return [
        {"layer": str(table.layer), "name": table.name, "version": at.version, "rows": platform.engine.rows(table)}
        for table, at in found
        if at is not None
    ]


def history(platform: Platform, source: str) -> list[Row]:
    """Every batch of a source, oldest first: accepted ones with their versions, refused ones with the reason."""
    accepted: list[Row] = [
        {
            "at": one.offered_at,
            "file": one.file,
            "batch": one.digest[:16],
            "state": str(one.state),
            "period": one.period,
            "rows": one.rows,
            "versions": dict(one.versions),
        }
        for one in platform.batches.of(source)
    ]
    refused: list[Row] = [
        {
            "at": one.refused_at,
            "file": one.file,
            "batch": one.digest[:16],
            "state": "refused",
            "period": one.report.get("period"),
            "rows": one.report.get("rows"),
            "versions": {},
        }
        for one in platform.quarantine.of(source)
    ]
    return sorted([*accepted, *refused], key=lambda row: str(row["at"]))


def commits(platform: Platform, table: Table) -> list[Row]:
    """Every commit of a table, newest first."""
    return [
        {"version": one.version, "at": one.at, "operation": one.operation, "rows": one.rows, **one.metadata}
        for one in platform.engine.history(table)
    ]
