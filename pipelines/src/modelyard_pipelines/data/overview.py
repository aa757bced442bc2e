"""What the lake holds: a table's versions and rows, the batches that made them, and what was scored with what."""

from __future__ import annotations

from typing import Any

from modelyard.composition import Platform
from modelyard.errors import TableNotFoundError
from modelyard.lake.layers import Layer, Table
from modelyard.models.discovery import model_names
from modelyard_pipelines.model.partitions import REPLACES_KEY, SCORES, scores_table
from modelyard_pipelines.purposes.catalog import purpose_names
from modelyard_pipelines.sources.catalog import source_names

Row = dict[str, Any]


def tables(platform: Platform) -> list[Row]:
    """Every table that exists: layer, name, newest version and rows."""
    named = [Table(layer, name) for layer in (Layer.RAW, Layer.CLEAN) for name in source_names(platform.workspace)]
    named += [Table(Layer.CURATED, name) for name in purpose_names(platform.workspace)]
    named += [scores_table(name) for name in model_names(platform.workspace)]
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


def is_scores(name: str) -> bool:
    """Whether a table of this name holds scores."""
    return name.startswith(SCORES)


def scores(platform: Platform, name: str) -> list[Row]:
    """What was scored with which version of a model and when, newest first; `name` is the table's.

    Scores that have given way to others are listed too: the table can be read as it was at any version.

    Raises:
        TableNotFoundError: the model has scored nothing yet.
    """
    model = name.removeprefix(SCORES)
    commits = platform.engine.history(scores_table(model))
    if not commits:
        raise TableNotFoundError(
            f"{scores_table(model)} does not exist: {model} has scored nothing yet",
            hint=f"modelyard model score {model}",
        )
    return [
        {
            "version": one.version,
            "at": one.at,
            "model": one.metadata.get("modelyard.model"),
            "digest": one.metadata.get("modelyard.model.digest"),
            "input": one.metadata.get("modelyard.input"),
            "batch": one.metadata.get("modelyard.batch"),
            "rows": one.rows,
            "replaces": REPLACES_KEY in one.metadata,
        }
        for one in commits
    ]


def commits(platform: Platform, table: Table) -> list[Row]:
    """Every commit of a table, newest first."""
    return [
        {"version": one.version, "at": one.at, "operation": one.operation, "rows": one.rows, **one.metadata}
        for one in platform.engine.history(table)
    ]
