"""Expands one entry file: what Azure Pipelines calls the final YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.delivery.expanding.checking import Parsed, check_expressions
from modelyard.delivery.expanding.evaluating import Evaluator
from modelyard.delivery.expanding.files import Files, Reader, reader_of
from modelyard.delivery.expanding.limits import Budget
from modelyard.delivery.expanding.nodes import Fields, Scalar, plain
from modelyard.delivery.expanding.parameters import Parameter, bind, read_declarations, webhook_parameters
from modelyard.delivery.expanding.scopes import Link, Scope
from modelyard.delivery.expanding.settings import given_node
from modelyard.delivery.expanding.structure import Structure
from modelyard.delivery.expanding.templates import Templates
from modelyard.delivery.expressions.values import Value
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

TRAIL_SHOWN = 3
ORDER = (
    "name", "appendCommitMessageToRunName", "trigger", "pr", "schedules", "lockBehavior", "resources", "variables",
    "pool", "stages", "jobs", "strategy", "container", "services", "workspace", "continueOnError", "steps",
)  # fmt: skip
"""How the final YAML begins with what starts a run, and ends with what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """An entry file after its templates and template expressions were worked out."""

    file: str
    """The entry file, from the root of the repository."""
    node: Fields
    """The final YAML; every part knows the line it was written on."""
    parameters: tuple[Parameter, ...]
    """What the entry file declares."""
    values: Mapping[str, Value]
    """What its parameters are, by name; of a webhook, its payload."""
    templates: tuple[str, ...]
    """Every template that went in, in the order of first use."""
    extends: str | None
    """The template that the entry file extends."""
    sources: Mapping[str, Fields]
    """Every file that was read, as it is written: the entry file and the templates."""

    @property
    def document(self) -> dict[str, Any]:
        """The final YAML as texts, lists and dictionaries."""
        return dict(plain(self.node))

    def to_json(self) -> dict[str, Any]:
        """For machines: the final YAML, and what it was made of."""
        return {
            "file": self.file,
            "extends": self.extends,
            "templates": list(self.templates),
            "parameters": dict(self.values),
            "document": self.document,
        }


def expand(
    root: Path,
    file: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
    read: Reader | None = None,
) -> Expansion:
    """Works out templates and template expressions, as the service does before anything runs.

    Args:
        root: the repository.
        file: the entry file, from the root.
        parameters: values for the entry file's parameters, as texts or plain values.
        variables: predefined variables that are known now, such as Build.SourceBranch.
        read: another way to read files, by their name from the root.

    Raises:
        InvalidPipelineError: the pipeline is not valid; the message begins with file and line.
    """
    parsed = Parsed()
    files = Files(root, read or reader_of(root))
    templates = Templates(files, parsed)
    place = Place(file, 1)
    try:
        node = files.load(file, place)
        check_expressions(node, parsed)
        declared = read_declarations(node.get("parameters"), entry=True)
        known = (*declared, *webhook_parameters(node.get("resources"), declared))
        values = bind(known, given_node(known, parameters or {}, place), file=file)
        structure = Structure(Evaluator(Budget(), parsed), templates)
        scope = Scope(parameters=values, variables=dict(variables or {}))
        body = Fields(tuple(entry for entry in node.entries if entry[0].text != "parameters"), node.place)
        final = _ordered(structure.pipeline(body, scope))
    except InvalidPipelineError as error:
        raise _with_trail(error, templates.open) from None
    return Expansion(
        file=file,
        node=final,
        parameters=declared,
        values=values,
        templates=files.names[1:],
        extends=templates.extended,
        sources=files.parsed,
    )


def _ordered(node: Fields) -> Fields:
    known = {name: number for number, name in enumerate(ORDER)}

    def rank(entry: tuple[Scalar, Any]) -> int:
        return known.get(entry[0].text, len(known))

    return Fields(tuple(sorted(node.entries, key=rank)), node.place)


def _with_trail(error: InvalidPipelineError, trail: list[Link]) -> InvalidPipelineError:
    """The same error, and how the line at fault was reached."""
    hint = error.hint or "correct the expression, then run the same command again"
    if not trail:
        return InvalidPipelineError(error.message, hint=hint)
    places = [str(link.place) for link in reversed(trail)]
    if len(places) > TRAIL_SHOWN:
        places = [*places[: TRAIL_SHOWN - 1], f"{len(places) - TRAIL_SHOWN} more", places[-1]]
    return InvalidPipelineError(f"{error.message} [used at {', from '.join(places)}]", hint=hint)
