"""Secrets and variable groups of a rehearsal, from a file that only its owner can read.

As `NAME=value` lines, or as YAML, where a mapping is a variable group:

    TEAMS_URL: https://...
    modelyard-dev:                     # a group
      registry-password: ...
      region: {value: westeurope, secret: false}
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from modelyard.delivery.rehearsing.planning.variables import Held
from modelyard.errors import ConfigurationError

YAML_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the service would keep in variable groups and secret variables."""

    variables: tuple[Held, ...] = ()
    groups: Mapping[str, tuple[Held, ...]] = field(default_factory=dict)

    @property
    def values(self) -> list[str]:
        """Every secret value."""
        everything = [*self.variables, *(held for group in self.groups.values() for held in group)]
        return [held.value for held in everything if held.secret]


def read_secrets(file: Path) -> Secrets:
    """The secrets of a file.

    Raises:
        ConfigurationError: it is not there, others can read it, or it is neither YAML nor NAME=value lines.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the secrets in {file} cannot be read: {error}", hint="name a text file") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            f"the secrets in {file} can be read by others (mode {mode:o}); only its owner may",
            hint=f"chmod 600 {file}",
        )
    return _from_yaml(file, text) if file.suffix in YAML_SUFFIXES else Secrets(tuple(_lines(file, text)))


def _lines(file: Path, text: str) -> list[Held]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ")
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals or not name.strip():
            # The line may hold a secret, so it is not shown.
            raise ConfigurationError(f"{file}:{number}: no NAME=value", hint=f"correct line {number} of {file}")
        found.append(Held(name.strip(), _unquoted(value.strip()), secret=True))
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def _from_yaml(file: Path, text: str) -> Secrets:
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        # PyYAML's message quotes the line, which may hold a secret.
        raise ConfigurationError(f"{file}{line}: not YAML", hint=f"correct {file}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"{file}: a mapping from names to values is needed", hint="one NAME: value on each line"
        )
    groups = {str(name): value for name, value in document.items() if _is_group(value)}
    single = tuple(_held(str(name), value) for name, value in document.items() if not _is_group(value))
    return Secrets(single, {name: _group(value) for name, value in groups.items()})


def _is_group(value: object) -> bool:
    return isinstance(value, dict) and "value" not in value


def _group(document: Mapping[Any, Any]) -> tuple[Held, ...]:
    return tuple(_held(str(name), value) for name, value in document.items())


def _held(name: str, value: object) -> Held:
    if isinstance(value, dict):
        return Held(name, _text(value.get("value")), secret=value.get("secret") is not False)
    return Held(name, _text(value), secret=True)


def _text(value: object) -> str:
    return "" if value is None else str(value)
