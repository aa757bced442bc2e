"""Values for the parameters of an entry file, as people and programs give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from modelyard.delivery.expanding.located import to_node
from modelyard.delivery.expanding.nodes import Fields, Node, Scalar
from modelyard.delivery.expanding.parameters import LISTS, OLD_FORM, SINGLES, Parameter
from modelyard.delivery.expanding.reading import read_value
from modelyard.delivery.places import Place
from modelyard.errors import ConfigurationError


def parse_settings(words: Iterable[str], *, option: str = "--set") -> dict[str, str]:
    """Reads `name=value` words; what a value means is the business of its parameter's type.

    Args:
        words: as the command line has them.
        option: what to call them in messages.

    Raises:
        ConfigurationError: a word is not of this form, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not name:
            hint = f"write for example: {option} flow=main"
            raise ConfigurationError(f"{option} takes name=value, found '{word}'", hint=hint)
        if name.lower() in {known.lower() for known in found}:
            raise ConfigurationError(f"{option} gives '{name}' twice", hint="keep one of the two")
        found[name] = value
    return found


def entry_file(root: Path, file: Path) -> str:
    """A file that somebody named from where they stand, named from the root of the repository.

    Raises:
        ConfigurationError: it is not inside the repository.
    """
    top = root.resolve()
    near = file.resolve()
    path = near if file.is_absolute() or near.is_file() else (top / file).resolve()
    if not path.is_relative_to(top):
        raise ConfigurationError(f"{file} is not in {root}", hint="name a pipeline file of this workspace")
    return path.relative_to(top).as_posix()


def given_node(declared: tuple[Parameter, ...], values: Mapping[str, Any], place: Place) -> Fields:
    """Values from outside as a call of the entry file has them; texts are YAML where the type is more than a text.

    Raises:
        InvalidPipelineError: a text for an object or a list is not YAML.
    """
    types = {parameter.name.lower(): parameter for parameter in declared}
    entries: list[tuple[Scalar, Node]] = []
    for name, value in values.items():
        parameter = types.get(name.lower())
        where = parameter.place if parameter else place
        entries.append((Scalar(name, place), _node(parameter, value, where)))
    return Fields(tuple(entries), place)


def _node(parameter: Parameter | None, value: object, place: Place) -> Node:
    structured = parameter is not None and parameter.type in ("object", OLD_FORM, *LISTS, *SINGLES)
    if structured:
        return read_value(value if isinstance(value, str) else json.dumps(value, default=str), place)
    return to_node(value, place)
