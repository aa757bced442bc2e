"""`modelyard release canary`, `shadow`, `ab`, `rollout`, `finish` and `abort`: a version is tried beside another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.errors import ReleaseRefusedError
from modelyard.release.deployment import DeploymentReport
from modelyard.release.rollout_status import RolloutStatus
from modelyard.release.rollouts import RolloutReport
from modelyard_bundle.errors import BundleError
from modelyard_bundle.rollout import Key, KeySource
from modelyard_pipelines.commands.folders import from_option, name_argument, named
from modelyard_pipelines.release import rolling_out, travelling
from modelyard_pipelines.release.travelling import Tried

percent_option = click.option(
    "--percent", type=click.FloatRange(0, 100, min_open=True), required=True, help="the candidate's share"
)
version_option = click.option("--version", type=int, help="a registered version; else the one in staging")


@click.command()
@name_argument
@from_option
@percent_option
@version_option
@environment_option
@format_option
def canary(
    name: str | None,
    folder: Path | None,
    *,
    percent: float,
    version: int | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Gives a new version of NAME some of the requests; it is taken back by itself if it does badly."""
    if folder is not None:
        if version is not None:
            raise click.UsageError("--from says which version: leave --version out")
        _canary_from(folder, name, percent=percent, environment_name=environment_name, output_format=output_format)
        return
    model = named(name)
    platform = open_platform(environment_name)
    with step(f"rehearsing the candidate of {model}"):
        report = rolling_out.canary(platform, model, percent=percent, version=version)
    emit(report.to_document(), lambda: _begun(report), output_format)


def _canary_from(folder: Path, name: str | None, *, percent: float, environment_name: str, output_format: str) -> None:
    platform = open_platform(environment_name)
    with step(f"rehearsing {name or 'releases'}"):
        done = travelling.canary_from(platform, folder, name, percent=percent)
    emit({"releases": [one.to_document() for one in done]}, lambda: "\n".join(map(_tried, done)), output_format)


@click.command()
@click.argument("name")
@click.option(
    "--percent", type=click.FloatRange(0, 100, min_open=True), default=100.0, help="share of the requests it is shown"
)
@version_option
@environment_option
@format_option
def shadow(name: str, *, percent: float, version: int | None, environment_name: str, output_format: str) -> None:
    """Shows a new version of NAME the requests and compares; its answers are given to nobody."""
    platform = open_platform(environment_name)
    with step(f"rehearsing the candidate of {name}"):
        report = rolling_out.shadow(platform, name, percent=percent, version=version)
    emit(report.to_document(), lambda: _begun(report), output_format)


@click.command()
@click.argument("name")
@percent_option
@click.option("--key", "header", help="the request header that names the caller")
@click.option("--feature", help="the feature that names the caller, instead of a header")
@version_option
@environment_option
@format_option
def ab(
    name: str,
    *,
    percent: float,
    header: str | None,
    feature: str | None,
    version: int | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Gives a new version of NAME some of the callers, each of whom gets the same version every time."""
    key = _key(header, feature)
    platform = open_platform(environment_name)
    with step(f"rehearsing the candidate of {name}"):
        report = rolling_out.ab(platform, name, percent=percent, key=key, version=version)
    emit(report.to_document(), lambda: _begun(report), output_format)


@click.command()
@click.argument("name")
@click.option("--azure", "revision", metavar="REVISION", help="show it as lines of an environment in Azure instead")
@environment_option
@format_option
def rollout(name: str, revision: str | None, environment_name: str, output_format: str) -> None:
    """How the candidate of NAME does beside the deployed version."""
    platform = open_platform(environment_name)
    found = rolling_out.status(platform, name)
    if revision is not None:
        lines = rolling_out.lines_for_azure(platform, name, revision=revision)
        emit({"lines": lines.splitlines()}, lines, output_format)
        return
    emit(found.to_document(), lambda: describe(found), output_format)


@click.command()
@name_argument
@from_option
@environment_option
@format_option
def finish(name: str | None, folder: Path | None, *, environment_name: str, output_format: str) -> None:
    """Deploys the candidate of NAME: rehearsed, smoked, all requests. It must have been promoted."""
    model = name if folder is not None else named(name)
    platform = open_platform(environment_name)
    with step(f"deploying the candidate{'s' if model is None else f' of {model}'}"):
        if folder is not None:
            done = travelling.finish_from(platform, folder, name)
        else:
            done = (rolling_out.finish(platform, named(name)),)
    documents = [one.to_document() for one in done]
    emit(
        {"releases": documents} if folder is not None else documents[0], "\n".join(map(_finished, done)), output_format
    )


@click.command()
@click.argument("name")
@environment_option
@format_option
def abort(name: str, environment_name: str, output_format: str) -> None:
    """Ends the rollout of NAME: the deployed version answers everything."""
    report = rolling_out.abort(open_platform(environment_name), name)
    document = {"model": name, "version": report.version, "ended": report.ended, "seen": report.seen}
    if report.ended is None:
        emit(document, f"nothing is tried of {name}", output_format)
        return
    seen = "" if report.seen else "; the model API does not answer, and will know when it starts"
    emit(document, f"ended the {report.ended}: version {report.version} answers everything{seen}", output_format)


COMMANDS = (canary, shadow, ab, rollout, finish, abort)
"""What `modelyard release` gets from here."""


def describe(found: RolloutStatus) -> str:
    """A rollout for people."""
    if found.rollout is None:
        return f"nothing is tried of {found.model}: {found.reason}"
    rows: list[tuple[str, object]] = [
        ("state", found.state),
        ("reason", found.reason),
        ("since", found.since),
        ("share now", None if found.weight is None else f"{100 * found.weight:g}%"),
        ("beside", f"version {found.beside}"),
        ("id", found.rollout.id),
    ]
    if not found.reachable:
        rows.append(("model API", "does not answer; this is what it wrote down last"))
    parts = [table(["", found.rollout.title], rows)]
    if found.result is not None:
        parts.append(_compared(found) if found.rollout.mode == "shadow" else _sides(found))
    return "\n\n".join(parts)


def _begun(report: RolloutReport) -> str:
    if not report.changed:
        return f"the {report.rollout.title} is under way already, beside version {report.beside}"
    checks = 0 if report.rehearsal is None else len(report.rehearsal.checks)
    return (
        f"the {report.rollout.title} has begun, beside version {report.beside}: {checks} checks passed before, "
        f"taken up after {report.seconds:.1f} s\nmodelyard release rollout {report.model} shows how it does"
    )


def _tried(done: Tried) -> str:
    if done.rollout is not None:
        return _begun(done.rollout)
    report = done.deployment
    if report is None:
        return "nothing was done"
    if done.first:
        return (
            f"{report.model} version {report.version} is the first one: there was nothing to try it beside, so it was "
            "deployed at once, after the whole suite"
        )
    return f"{report.model} version {report.version} is deployed already: there is nothing to try"


def _finished(done: DeploymentReport) -> str:
    how = f"answers everything after {done.seconds:.1f} s" if done.changed else "answered everything already"
    return f"{done.model} version {done.version} {how}"


def _key(header: str | None, feature: str | None) -> Key:
    if (header is None) == (feature is None):
        raise click.UsageError("give either --key HEADER or --feature NAME: callers are assigned by its value")
    source: KeySource = "header" if header is not None else "feature"
    try:
        return Key(source=source, name=(header or "").lower() or (feature or ""))
    except BundleError as error:
        raise ReleaseRefusedError(f"callers cannot be assigned by it: {error}", hint="name another") from error


def _sides(found: RolloutStatus) -> str:
    result: Mapping[str, Any] = found.result or {}
    sides = [result["primary"], result["candidate"]]
    rows: list[tuple[object, ...]] = [
        (name, *(side[key] for side in sides))
        for name, key in (
            ("requests", "requests"),
            ("errors", "errors"),
            ("slow", "slow"),
            ("rows", "rows"),
            ("p50 ms", "p50_ms"),
            ("p95 ms", "p95_ms"),
            ("mean prediction", "mean"),
            ("standard error", "standard_error"),
        )
    ]
    rows += [(f"share of {label!r}", *(side["labels"].get(label) for side in sides)) for label in sides[0]["labels"]]
    version = found.rollout.candidate.version if found.rollout else ""
    text = table(["", f"version {found.beside}", f"version {version}"], rows)
    unassigned = result["unassigned"]
    note = f"\n{unassigned:,} requests named no caller; version {found.beside} answered them" if unassigned else ""
    return f"{text}\n\n{result['sentence']}{note}"


def _compared(found: RolloutStatus) -> str:
    result: Mapping[str, Any] = found.result or {}
    rows = [(key.replace("_", " "), value) for key, value in result.items() if key != "sentence"]
    return f"{table(['', 'compared'], rows)}\n\n{result['sentence']}"
