"""`modelyard env`: environments as their files describe them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from modelyard.cli.options import environment_argument, format_option
from modelyard.cli.output import emit, table
from modelyard.environment.document import KeyPath, Place, dotted
from modelyard.environment.loading import Settings, environment_names, finding_line, load_environment, read_settings
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, InvalidSettingsError


@click.group()
def env() -> None:
    """Environments: list, show, check."""


@env.command("list")
@format_option
def list_environments(output_format: str) -> None:
    """Every environment, and whether its files are valid."""
    workspace = Workspace.find()
    rows = [_summary(read_settings(workspace, name)) for name in environment_names(workspace)]
    headings = ("name", "kind", "place", "valid")
    emit(rows, lambda: table(headings, [[row[heading] for heading in headings] for row in rows]), output_format)


def _summary(settings: Settings) -> dict[str, Any]:
    environment = settings.environment
    if environment is None:
        return {"name": settings.name, "kind": "?", "place": "?", "valid": False}
    place = environment.azure.location if environment.azure else "this machine"
    return {"name": settings.name, "kind": environment.kind, "place": place, "valid": True}


@env.command()
@environment_argument
@format_option
def show(environment_name: str, output_format: str) -> None:
    """Every setting of one environment, and the file and line that it comes from."""
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    places = read_settings(workspace, environment_name).places
    document = environment.model_dump(mode="json")
    emit(document, lambda: table(("setting", "value", "from"), list(_rows(document, places))), output_format)


def _rows(values: Mapping[str, Any], places: Mapping[KeyPath, Place], path: KeyPath = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, Mapping) and value:
            yield from _rows(value, places, here)
        else:
            place = places.get(here)
            yield dotted(here), _shown(value), f"{place.file.name}:{place.line}" if place else ""


def _shown(value: object) -> str:
    """A value as the file spells it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "[]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


@env.command()
@click.argument("environment_name", metavar="[NAME]", required=False)
@format_option
def check(environment_name: str | None, output_format: str) -> None:
    """Are the files of one environment, or of all, valid? Names every problem at once."""
    workspace = Workspace.find()
    names = [environment_name] if environment_name else environment_names(workspace)
    if not names:
        raise ConfigurationError(f"no environment in {workspace.environments}", hint="add environments/local.yaml")
    checked = [read_settings(workspace, name) for name in names]
    reports = [_report(workspace, settings) for settings in checked]
    emit(reports, lambda: "\n".join(_lines(workspace, checked)), output_format)
    bad = [settings.name for settings in checked if settings.environment is None]
    if bad:
        hint = f"correct the lines named above, then run: modelyard env check {bad[0]}"
        raise InvalidSettingsError(f"not valid: {', '.join(bad)}", hint=hint)


def _report(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    findings = [
        {
            "file": finding.place.file.relative_to(workspace.root).as_posix(),
            "line": finding.place.line,
            "key": finding.key,
            "found": finding.found,
            "allowed": finding.allowed,
        }
        for finding in settings.findings
    ]
    examples = settings.environment.example_values() if settings.environment else []
    return {"name": settings.name, "valid": not findings, "findings": findings, "example_values": examples}


def _lines(workspace: Workspace, checked: list[Settings]) -> Iterator[str]:
    for settings in checked:
        yield f"{settings.name}: {'valid' if settings.environment else 'not valid'}"
        yield from (f"  {finding_line(workspace, finding)}" for finding in settings.findings)
        left = settings.environment.example_values() if settings.environment else []
        if left:
            yield f"  {len(left)} example values are left to be replaced before it is provisioned: {', '.join(left)}"
