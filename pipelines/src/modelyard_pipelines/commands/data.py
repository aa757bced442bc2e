"""`modelyard data`: new, land, validate, ingest, curate, run, drift, history, quarantine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform, rule_engine
from modelyard.environment.workspace import Workspace
from modelyard.errors import BatchRefusedError, DataError
from modelyard.gates.contract import Clean, Delivery
from modelyard.gates.drafting.draft import Wishes
from modelyard.gates.rendering import render
from modelyard.gates.rules.engine import EngineName
from modelyard.lake.layers import Layer, Table
from modelyard_pipelines.data import overview
from modelyard_pipelines.data.curating import curate as curate_purpose
from modelyard_pipelines.data.drafting import NewSource, new_source
from modelyard_pipelines.data.drifting import Drift
from modelyard_pipelines.data.drifting import drift as measure_drift
from modelyard_pipelines.data.ingesting import ingest as ingest_file
from modelyard_pipelines.data.ingesting import validate as validate_file
from modelyard_pipelines.data.running import data_workflow, deliver_all, refused
from modelyard_pipelines.data.running import land as land_delivery
from modelyard_pipelines.purposes.catalog import find_purpose, purpose_names
from modelyard_pipelines.sources.catalog import find_source, source_names

MONTH = "one month, as 2013-01; may be given several times"
FORMATS = "CSV, gzipped CSV, Parquet or JSON lines"


@click.group()
def data() -> None:
    """Source → gates → RAW → CLEAN → CURATED."""


@data.command()
@click.argument("source")
@click.option("--from", "path", required=True, type=click.Path(path_type=Path), help=f"a sample: {FORMATS}")
@click.option("--key", default=None, help="the columns that name a row, with commas between; default: found out")
@click.option(
    "--delivery",
    type=click.Choice(["increment", "snapshot"]),
    default=None,
    help="whether a delivery adds rows or replaces the last; default: increment where rows have a time",
)
@click.option(
    "--personal",
    "wished",
    multiple=True,
    metavar="COLUMN=drop|hash|keep",
    help="what CLEAN does with a column, in place of what its name and values suggest; may be given several times",
)
@format_option
def new(
    source: str, path: Path, key: str | None, delivery: Delivery | None, wished: tuple[str, ...], output_format: str
) -> None:
    """Writes the folder of a new SOURCE: the contract that a sample suggests, for a person to review."""
    wishes = Wishes(key=_names(key), delivery=delivery, personal=_personal(wished))
    with step(f"looking at {path.name}"):
        done = new_source(Workspace.find(), source, path, wishes=wishes)
    emit(done, lambda: _drafted(done), output_format)


@data.command()
@click.argument("source")
@click.option("--month", default=None, help="the month to land, as 2013-01; snapshots have none")
@environment_option
@format_option
def land(source: str, month: str | None, environment_name: str, output_format: str) -> None:
    """Puts one delivery of SOURCE into the lake's source folder, as its scheduled ETL would."""
    platform = open_platform(environment_name)
    with step(f"landing {source}"):
        path = land_delivery(platform, find_source(source, platform.workspace), month)
    emit({"source": source, "month": month, "file": str(path)}, str(path), output_format)


@data.command()
@click.argument("source")
@click.option("--file", "path", required=True, type=click.Path(path_type=Path), help=FORMATS)
@click.option(
    "--rules-engine",
    type=click.Choice(["compiled", "great_expectations"]),
    default=None,
    help="who judges the contract's rules; default: as the environment says",
)
@environment_option
@format_option
def validate(
    source: str, path: Path, rules_engine: EngineName | None, environment_name: str, output_format: str
) -> None:
    """Judges a file as a batch of SOURCE and stores nothing."""
    platform = open_platform(environment_name)
    rules = rule_engine(rules_engine) if rules_engine else None
    with step(f"judging {path.name}"):
        report = validate_file(platform, find_source(source, platform.workspace), path, rules=rules).report
    emit(json.loads(report.to_json()), lambda: render(report), output_format)
    if not report.accepted:
        raise BatchRefusedError(report.summary(), hint="correct the file, or the contract if the file is right")


@data.command()
@click.argument("source")
@click.option(
    "--file", "path", default=None, type=click.Path(path_type=Path), help="default: whatever the source delivers"
)
@click.option("--month", default=None, help="without --file: the month to deliver, as 2013-01; snapshots have none")
@click.option("--wait", default=120.0, show_default=True, help="seconds to wait for another ingest of this source")
@environment_option
@format_option
def ingest(
    source: str, path: Path | None, month: str | None, wait: float, environment_name: str, output_format: str
) -> None:
    """Offers a file as a batch of SOURCE: judged by every gate, then appended to RAW and CLEAN.

    Without --file it takes what the source delivers, from where its contract or its landing says.
    """
    platform = open_platform(environment_name)
    found = find_source(source, platform.workspace)
    if path is None:
        with step(f"ingesting {source}") as note:
            done = deliver_all(platform, found, month, note)
        emit(done.facts or {"changed": False, "summary": done.summary}, done.summary, output_format)
        return
    with step(f"ingesting {path.name}") as note:
        result = ingest_file(platform, found, path, note=note, patience=wait)
    emit(result, lambda: render(result.report), output_format)
    if not result.accepted:
        raise refused(result)


@data.command()
@click.argument("purpose")
@environment_option
@format_option
def curate(purpose: str, environment_name: str, output_format: str) -> None:
    """Joins every stored batch that CURATED/PURPOSE does not hold yet."""
    platform = open_platform(environment_name)
    with step(f"curating {purpose}") as note:
        done = curate_purpose(platform, find_purpose(purpose, platform.workspace), note=note)
    version = "no version yet" if done.version is None else f"{done.version}, {done.rows:,} rows"
    lines = [f"{len(done.added)} batches joined; {version}", *(f"not yet: {one}" for one in done.waiting)]
    emit(done, "\n".join(lines), output_format)


@data.command()
@click.argument("name")
@click.option("--month", "months", multiple=True, help=MONTH)
@environment_option
@format_option
def run(name: str, months: tuple[str, ...], environment_name: str, output_format: str) -> None:
    """Runs the whole data workflow of a purpose, or the deliveries of a source; without --month, all that are known.

    Run again, it continues: what is stored already is left alone.
    """
    platform = open_platform(environment_name)
    if name not in purpose_names(platform.workspace):
        source = find_source(name, platform.workspace)
        done = []
        for month in months or source.months or (None,):
            with step(f"{name} {month or ''}".strip()) as note:
                done.append(deliver_all(platform, source, month, note))
        emit([one.facts for one in done], "\n".join(one.summary for one in done), output_format)
        return
    runs = list(data_workflow(platform, find_purpose(name, platform.workspace), months).run(step))
    rows = [(one.name, "changed" if one.outcome.changed else "as it was", one.outcome.summary) for one in runs]
    facts = [{"step": one.name, "changed": one.outcome.changed, "seconds": round(one.seconds, 3)} for one in runs]
    emit(facts, lambda: table(["step", "", "what"], rows), output_format)


@data.command()
@click.argument("source")
@click.option("--reference", type=click.IntRange(min=1), default=None, help="how many of the first batches")
@environment_option
@format_option
def drift(source: str, reference: int | None, environment_name: str, output_format: str) -> None:
    """Measures how far SOURCE's newest batch lies from its first ones. Exit code 4: beyond the gate's limit."""
    platform = open_platform(environment_name)
    with step(f"measuring {source}"):
        found = measure_drift(platform, find_source(source, platform.workspace), reference=reference)
    emit(found, lambda: _drifted(found), output_format)
    if found.drifted:
        raise DataError(
            f"{source} has walked away from where it began",
            hint=f"modelyard data history {source}; if the world has changed and the data is right, train again",
        )


@data.command()
@click.argument("name", required=False)
@environment_option
@format_option
def history(name: str | None, environment_name: str, output_format: str) -> None:
    """What the lake holds; with NAME, every batch of a source or every commit of a purpose.

    With scores_MODEL as NAME: what was scored, with which version of the model, and when.
    """
    platform = open_platform(environment_name)
    if name is None:
        rows = overview.tables(platform)
    elif name in source_names(platform.workspace):
        rows = overview.history(platform, name)
    elif overview.is_scores(name) and name not in purpose_names(platform.workspace):
        rows = overview.scores(platform, name)
    else:
        rows = overview.commits(platform, Table(Layer.CURATED, find_purpose(name, platform.workspace).name))
    emit(rows, lambda: _text(rows), output_format)


@data.command()
@click.argument("source", required=False)
@environment_option
@format_option
def quarantine(source: str | None, environment_name: str, output_format: str) -> None:
    """Every refused batch and why it was refused."""
    platform = open_platform(environment_name)
    refusals = platform.quarantine.of(source)
    reasons = [(one.refused_at, one.source, one.file, _first_reason(one.report)) for one in refusals]
    emit(
        [one.to_json() for one in refusals],
        lambda: table(["when", "source", "file", "first reason"], reasons) if reasons else "quarantine is empty",
        output_format,
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _personal(wished: tuple[str, ...]) -> dict[str, Clean]:
    """`COLUMN=drop` and the like, as a mapping."""
    allowed: dict[str, Clean] = {"drop": "drop", "hash": "hash", "keep": "keep"}
    found = {}
    for wish in wished:
        column, _, what = wish.rpartition("=")
        if not column or what not in allowed:
            raise click.BadParameter(f"found {wish!r}; allowed: COLUMN=drop, COLUMN=hash or COLUMN=keep")
        found[column] = allowed[what]
    return found


def _drafted(done: NewSource) -> str:
    draft = done.draft
    rows = [
        (one.name, one.clean_name, one.physical, one.key_position, one.personal.clean if one.personal else None)
        for one in draft.columns
    ]
    return "\n".join(
        [
            table(["column", "in CLEAN", "type", "key", "personal"], rows),
            "",
            f"{done.contract} was drafted from {draft.rows:,} rows; please review:",
            *(f"  - {one}" for one in draft.review),
            "",
            *(f"next: {command}" for command in done.next_steps),
        ]
    )


def _drifted(found: Drift) -> str:
    rows = [(one.subject, one.name, one.measured, one.limit, one.p_value, one.outcome) for one in found.checks]
    lines = [table(["column", "what", "distance", "limit", "p", ""], rows), ""] if rows else []
    return "\n".join([*lines, found.sentence()])


def _first_reason(report: Mapping[str, Any]) -> str:
    findings = [one for one in report["findings"] if one["severity"] == "refusal"]
    return f"[{findings[0]['gate']}] {findings[0]['subject']}: {findings[0]['message']}" if findings else "-"


def _text(rows: list[overview.Row]) -> str:
    if not rows:
        return "nothing yet"
    headings = list(dict.fromkeys(key for row in rows for key in row))
    return table(headings, [[row.get(key) for key in headings] for row in rows])
