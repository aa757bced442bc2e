"""`modelyard model`: list, check, train, stage, compare, promote, history."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError
from modelyard.models.discovery import find_model, model_names
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.checking import check_folder
from modelyard_pipelines.model.comparing import Compared, compare_model
from modelyard_pipelines.model.promoting import promote as promote_model
from modelyard_pipelines.model.staging import stage as stage_model
from modelyard_pipelines.model.training import train as train_model


@click.group()
def model() -> None:
    """Train, stage, compare, promote."""


@model.command(name="list")
@format_option
def list_models(output_format: str) -> None:
    """Every model folder, and what it says of itself."""
    workspace = Workspace.find()
    specs = [find_model(workspace, name) for name in model_names(workspace)]
    rows = [(one.name, one.purpose, one.task, one.metric, one.owner, one.risk) for one in specs]
    headings = ["model", "purpose", "task", "metric", "owner", "risk"]
    emit([dict(zip(headings, row, strict=True)) for row in rows], lambda: table(headings, rows), output_format)


@model.command()
@click.argument("name")
@click.option("--rows", default=20_000, show_default=True, help="rows of the CURATED table to check on")
@environment_option
@format_option
def check(name: str, rows: int, environment_name: str, output_format: str) -> None:
    """Runs the contract suite that every model passes on NAME: interface, determinism, leakage, trusted types."""
    platform = open_platform(environment_name)
    with step(f"checking {name}"):
        report = check_folder(platform, name, rows=rows)
    told = [("passed" if one.passed else "FAILED", one.name, one.detail) for one in report.checks]
    emit(asdict(report), lambda: table(["", "check", "found"], told), output_format)
    if not report.passed:
        failed = "; ".join(f"{one.name}: {one.detail}" for one in report.failures)
        raise InvalidModelError(f"{name} breaks the model contract: {failed}", hint=f"change ml/models/{name}/model.py")


@model.command()
@click.argument("name")
@click.option("--data-version", type=int, default=None, help="version of the CURATED table; default: the newest")
@click.option("--seed", type=int, default=None, help="of search and estimator; default: as the model declares")
@environment_option
@format_option
def train(name: str, data_version: int | None, seed: int | None, environment_name: str, output_format: str) -> None:
    """Searches, fits and registers a candidate of NAME; the same training is not done twice."""
    platform = open_platform(environment_name)
    with step(f"training {name}") as note:
        done = train_model(platform, name, data_version=data_version, seed=seed, note=note)
    how = "trained" if done.fresh else "was trained before from the same code, data and seed"
    text = f"{name} version {done.version} {how}\n{_metrics(done.metrics)}"
    emit(done.to_json(), text, output_format)


@model.command()
@click.argument("name")
@environment_option
@format_option
def stage(name: str, environment_name: str, output_format: str) -> None:
    """Moves the best candidate of NAME that passes its thresholds into staging."""
    platform = open_platform(environment_name)
    with step(f"staging {name}"):
        done = stage_model(platform, name)
    how = "is in staging" if done.changed else "is in staging already; there is no new candidate"
    emit(done, f"{name} version {done.version.version} {how}\n{_metrics(done.version.metrics)}", output_format)


@model.command()
@click.argument("name")
@environment_option
@format_option
def compare(name: str, environment_name: str, output_format: str) -> None:
    """Compares staging with production on the same untouched rows, and writes a page to decide from."""
    platform = open_platform(environment_name)
    with step(f"comparing {name}") as note:
        done = compare_model(platform, name, note=note)
    emit(done, lambda: _compared(done), output_format)


@model.command()
@click.argument("name")
@click.option("--by", required=True, help="the person who decides")
@click.option("--reason", required=True, help="why")
@click.option("--override", is_flag=True, help="promote although the comparison does not support it")
@environment_option
@format_option
def promote(name: str, by: str, reason: str, override: bool, environment_name: str, output_format: str) -> None:  # noqa: FBT001 - click's flag
    """Makes the version in staging production, by a person's name and reason."""
    platform = open_platform(environment_name)
    with step(f"promoting {name}") as note:
        done = promote_model(platform, name, by=by, reason=reason, note=note, override=override)
    said = done.entry.promotion
    how = "is in production" if done.changed else "was promoted before"
    text = f"{name} version {said.version} {how}, by {said.by}\nnext: modelyard release deploy {name}"
    emit(done, text, output_format)


@model.command()
@click.argument("name")
@environment_option
@format_option
def history(name: str, environment_name: str, output_format: str) -> None:
    """Every version of NAME and every promotion, from the registry and the verified ledger."""
    platform = open_platform(environment_name)
    registry = platform.registry()
    versions = [_row(one) for one in registry.versions(find_model(platform.workspace, name).name)]
    promotions = [asdict(entry.promotion) for entry in registry.history(name)]
    told = [(one["at"], one["version"], one["replaces"], one["by"], one["reason"]) for one in promotions]
    emit(
        {"versions": versions, "promotions": promotions},
        lambda: "\n\n".join(
            [
                table(["version", "stage", "data", "registered"], [list(one.values()) for one in versions]),
                table(["promoted", "version", "replaces", "by", "reason"], told),
            ]
        ),
        output_format,
    )


def _row(one: ModelVersion) -> dict[str, Any]:
    data = ", ".join(f"{name}@{version}" for name, version in one.data_versions.items())
    return {"version": one.version, "stage": one.stage, "data": data, "registered": one.created_at}


def _metrics(metrics: Any) -> str:  # noqa: ANN401 - any mapping of names to numbers
    return table(["metric", "on validation rows"], sorted(metrics.items())) if metrics else ""


def _compared(done: Compared) -> str:
    said = done.comparison
    rows = [("candidate", said.candidate, said.candidate_value), ("production", said.production, said.production_value)]
    lines = [f"verdict: {said.verdict}", *(f"  {reason}" for reason in said.reasons)]
    return "\n".join([*lines, "", table(["", "version", said.metric], rows), "", f"page: {done.page}"])
