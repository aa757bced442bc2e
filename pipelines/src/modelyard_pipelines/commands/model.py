"""`modelyard model`: list, train, stage, compare, promote; the verbs around them stand beside this module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.environment.workspace import Workspace
from modelyard.errors import PromotionRefusedError
from modelyard.models.discovery import find_model, model_names
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.commands.ledger import history, rollback, verify
from modelyard_pipelines.commands.onboarding import check, new, upgrade
from modelyard_pipelines.commands.versions import reproduce, score
from modelyard_pipelines.model.comparing import Compared, compare_model
from modelyard_pipelines.model.gating import Gate, pass_gate, settled_version
from modelyard_pipelines.model.promoting import promote as promote_model
from modelyard_pipelines.model.promoting import promote_by_policy
from modelyard_pipelines.model.staging import stage as stage_model
from modelyard_pipelines.model.training import train as train_model

if_any_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--if-any", is_flag=True, help="end well where nothing is new and a version is in production"
)


@click.group()
def model() -> None:
    """Make, train, stage, compare, promote, score; look back and go back."""


for _beside in (new, upgrade, check, history, verify, rollback, reproduce, score):
    model.add_command(_beside)


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
@click.option("--data-version", type=int, default=None, help="version of the CURATED table; default: the newest")
@click.option("--seed", type=int, default=None, help="of search and estimator; default: as the model declares")
@click.option("--variant", default=None, help="only this of the model's variants; default: all of them")
@environment_option
@format_option
def train(
    name: str,
    data_version: int | None,
    seed: int | None,
    variant: str | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Searches, fits and registers a candidate of NAME; the same training is not done twice."""
    platform = open_platform(environment_name)
    with step(f"training {name}") as note:
        done = train_model(platform, name, data_version=data_version, seed=seed, variant=variant, note=note)
    how = "trained" if done.fresh else "was trained before from the same code, data and seed"
    text = f"{name} version {done.version} {how}\n{_metrics(done.metrics)}"
    emit(done.to_json(), text, output_format)


@model.command()
@click.argument("name")
@if_any_option
@environment_option
@format_option
def stage(name: str, *, if_any: bool, environment_name: str, output_format: str) -> None:
    """Moves the best candidate of NAME that passes its thresholds into staging."""
    platform = open_platform(environment_name)
    if if_any and (settled := settled_version(platform, name)) is not None:
        _emit_settled(settled, output_format)
        return
    with step(f"staging {name}"):
        done = stage_model(platform, name)
    how = "is in staging" if done.changed else "is in staging already; there is no new candidate"
    emit(done, f"{name} version {done.version.version} {how}\n{_metrics(done.version.metrics)}", output_format)


@model.command()
@click.argument("name")
@click.option("--gate", is_flag=True, help="end with exit code 5 unless a promotion can rest on the comparison")
@environment_option
@format_option
def compare(name: str, *, gate: bool, environment_name: str, output_format: str) -> None:
    """Compares staging with production on the same untouched rows, and writes a page to decide from."""
    platform = open_platform(environment_name)
    if gate:
        with step(f"comparing {name}") as note:
            report = pass_gate(platform, name, note=note)
        emit(report, lambda: _gated(report), output_format)
        if not report.passed:
            raise PromotionRefusedError(f"{name} does not pass: {report.sentence}", hint=report.hint)
        return
    with step(f"comparing {name}") as note:
        done = compare_model(platform, name, note=note)
    emit(done, lambda: _compared(done), output_format)


@model.command()
@click.argument("name")
@click.option("--by", default="", help="the person who decides")
@click.option("--reason", default="", help="why; where automation is assisted, the comparison's reasons will do")
@click.option("--evidence", "seen", default=None, help="digest of the comparison that was decided from")
@click.option("--override", is_flag=True, help="promote although the comparison does not support it")
@click.option("--by-policy", is_flag=True, help="no person decides: a candidate that wins is promoted")
@if_any_option
@environment_option
@format_option
def promote(
    name: str,
    *,
    by: str,
    reason: str,
    seen: str | None,
    override: bool,
    by_policy: bool,
    if_any: bool,
    environment_name: str,
    output_format: str,
) -> None:
    """Makes the version in staging production, by a person's name and reason, or by policy."""
    if by_policy and (by or reason or override or seen):
        raise click.UsageError("--by-policy stands alone: a policy has no name, reason or evidence but its own")
    if not (by_policy or by):
        raise click.UsageError("who decides? --by YOUR_NAME, or --by-policy where the environment allows it")
    platform = open_platform(environment_name)
    if if_any and (settled := settled_version(platform, name)) is not None:
        _emit_settled(settled, output_format)
        return
    with step(f"promoting {name}") as note:
        if by_policy:
            done = promote_by_policy(platform, name, note=note)
        else:
            done = promote_model(platform, name, by=by, reason=reason, note=note, override=override, seen=seen)
    said = done.entry.decision
    how = "is in production" if done.changed else "was promoted before"
    text = f"{name} version {said.version} {how}, by {said.by}\nnext: modelyard release deploy {name}"
    emit(done, text, output_format)


def _metrics(metrics: Any) -> str:  # noqa: ANN401 - any mapping of names to numbers
    return table(["metric", "on validation rows"], sorted(metrics.items())) if metrics else ""


def _emit_settled(settled: ModelVersion, output_format: str) -> None:
    document = {"model": settled.model, "version": settled.version, "stage": "production", "changed": False}
    emit(document, f"{settled.model} version {settled.version} is in production, and nothing is new", output_format)


def _gated(report: Gate) -> str:
    shown = "" if report.compared is None else f"{_compared(report.compared)}\n\n"
    return f"{shown}{report.sentence}"


def _compared(done: Compared) -> str:
    said = done.comparison
    rows = [("candidate", said.candidate, said.candidate_value), ("production", said.production, said.production_value)]
    lines = [f"verdict: {said.verdict}", *(f"  {reason}" for reason in said.reasons)]
    return "\n".join([*lines, "", table(["", "version", said.metric], rows), "", f"page: {done.page}"])
