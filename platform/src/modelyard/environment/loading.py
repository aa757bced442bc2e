"""Loads an environment: base.yaml, the environment's own file over it, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.environment.document import Document, Finding, KeyPath, Place, describe_value, read_document
from modelyard.environment.explaining import Explainer
from modelyard.environment.models import Environment
from modelyard.environment.secret_shapes import secrets_in
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError, UnknownEnvironmentError

BASE = "base"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the files of one environment say, or what is wrong with them."""

    name: str
    """The environment's name."""
    environment: Environment | None
    """The typed environment; None where there are findings."""
    findings: tuple[Finding, ...]
    """Everything that is wrong, in the order of files and lines."""
    places: Mapping[KeyPath, Place]
    """Where each setting comes from."""


def environment_names(workspace: Workspace) -> list[str]:
    """The environments that have a file, in alphabetical order."""
    return sorted(file.stem for file in workspace.environments.glob("*.yaml") if file.stem != BASE)


def load_environment(workspace: Workspace, name: str) -> Environment:
    """The environment of this name, complete and checked.

    Raises:
        UnknownEnvironmentError: there is no such file.
        InvalidSettingsError: a file says something that is not allowed; the message names every such place.
    """
    settings = read_settings(workspace, name)
    if settings.environment is None:
        raise InvalidSettingsError(
            _message(workspace, settings), hint=f"correct the files named above, then run: modelyard env check {name}"
        )
    return settings.environment


def read_settings(workspace: Workspace, name: str) -> Settings:
    """Read and check the files of one environment; what is wrong is returned, not raised.

    Raises:
        UnknownEnvironmentError: there is no such file.
    """
    known = environment_names(workspace)
    if name not in known:
        raise UnknownEnvironmentError(
            f"there is no environment {name!r} in {workspace.environments}; there are: {', '.join(known) or 'none'}",
            hint="see them with: modelyard env list",
        )
    own_file = workspace.environments / f"{name}.yaml"
    base, own = read_document(workspace.environments / f"{BASE}.yaml"), read_document(own_file)
    values = merged(base.values, own.values)
    places = {**base.places, **own.places}
    findings = [*base.findings, *own.findings]
    environment = None
    if _readable(base) and _readable(own):
        environment, more = _checked(values, places, file=own_file)
        findings += more
    ordered = sorted(findings, key=lambda finding: (finding.place.file != own_file, finding.place.line, finding.key))
    return Settings(name, None if findings else environment, tuple(ordered), places)


def _readable(document: Document) -> bool:
    return bool(document.values)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested mappings, the second laid over the first: sections key by key, anything else replaces."""
    result = dict(below)
    for key, value in above.items():
        lower = result.get(key)
        if isinstance(value, Mapping) and isinstance(lower, Mapping):
            result[key] = merged(lower, value)
        else:
            result[key] = value
    return result


def _checked(
    values: dict[str, Any], places: Mapping[KeyPath, Place], *, file: Path
) -> tuple[Environment | None, list[Finding]]:
    """The typed environment and what is wrong, of settings that are laid over each other."""
    environment, findings = None, []
    explainer = Explainer({}, values, places, file=file)
    misplaced = list(_misplaced_sections(values, explainer))
    for finding in misplaced:
        values = {key: value for key, value in values.items() if key != finding.key}
    try:
        environment = Environment.model_validate(values)
    except ValidationError as error:
        from modelyard.environment.described import environment_schema  # reads our source: only when something is wrong

        explainer = Explainer(environment_schema(), values, places, file=file)
        findings = explainer.findings(error)
    secret = {finding.key: finding for finding in _secret_findings(values, explainer)}
    own = [*_name_findings(values, explainer, file), *misplaced, *secret.values()]
    return environment, [*own, *_without(findings, secret)]


def _misplaced_sections(values: Mapping[str, Any], explainer: Explainer) -> Iterator[Finding]:
    """A section of the other kind, which base.yaml may have brought: one finding, not one for each of its keys."""
    other = {"local": "azure", "azure": "local"}.get(str(values.get("kind")), "")
    if isinstance(values.get(other), Mapping):
        kind = values["kind"]
        allowed = f"{other}: null in {explainer.file.name}, because kind is {kind}"
        yield Finding(Place(explainer.file, 0), other, "a section (perhaps from base.yaml)", allowed)


def _without(findings: list[Finding], already: Mapping[str, Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.key not in already)


def _name_findings(values: Mapping[str, Any], explainer: Explainer, file: Path) -> Iterator[Finding]:
    name = values.get("name")
    if isinstance(name, str) and name != file.stem:
        yield Finding(explainer.place(("name",)), "name", describe_value(name), f"{file.stem}, as the file is called")


def _secret_findings(values: Mapping[str, Any], explainer: Explainer) -> Iterator[Finding]:
    for path in secrets_in(values):
        key = ".".join(str(part) for part in path)
        found = "what looks like a secret (not repeated here; treat it as known to others and replace it at its source)"
        allowed = "no secret in a file: the NAME of a Key Vault secret, or in local of an environment variable"
        yield Finding(explainer.place(path), key, found, allowed)


def _message(workspace: Workspace, settings: Settings) -> str:
    count = len(settings.findings)
    head = f"environment {settings.name} is not valid: {count} {'problem' if count == 1 else 'problems'}"
    return "\n".join([head, *(f"  {finding_line(workspace, finding)}" for finding in settings.findings)])


def finding_line(workspace: Workspace, finding: Finding) -> str:
    """One finding as one line: file, line, key, what was found, what is allowed."""
    file = finding.place.file
    shown = file.relative_to(workspace.root) if file.is_relative_to(workspace.root) else file
    where = f"{shown}:{finding.place.line}" if finding.place.line else str(shown)
    key = f" {finding.key}" if finding.key else ""
    return f"{where}{key}: found {finding.found}; allowed: {finding.allowed}"
