"""Parameters: declared with a type, and used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.delivery.expanding.nodes import Fields, Node
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_source
from modelyard.delivery.linting.sources import Source, entry_of, items_of, text_of
from modelyard.delivery.linting.study import Study

COMPILED = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
MENTION = re.compile(r"\bparameters(?:\.([A-Za-z_]\w*)|\[\s*'([^']+)'\s*\])", re.IGNORECASE)
FORK = re.compile(r"\$\{\{\s*(?:else)?if\b.*?\bvariables\b", re.IGNORECASE | re.DOTALL)
"""A fork of a template that asks for variables."""
WHOLE = re.compile(r"\bparameters\b(?!\s*[.\[])", re.IGNORECASE)


def declared_in(source: Source) -> dict[str, Node]:
    """Declared parameters by name; those of the old form (name: default) too."""
    found = entry_of(source.top, "parameters")
    if found is None:
        return {}
    listed = {text_of(name[1]): item for item in items_of(found[1]) if (name := entry_of(item, "name"))}
    return listed or {key.text: key for key, _ in getattr(found[1], "entries", ())}


def _is_open(source: Source) -> bool:
    """The old form, names with defaults, takes whatever a caller gives."""
    found = entry_of(source.top, "parameters")
    return found is not None and isinstance(found[1], Fields)


def webhooks_in(source: Source) -> set[str]:
    """Names of webhooks, whose payload is a parameter."""
    resources = entry_of(source.top, "resources")
    hooks = entry_of(resources[1], "webhooks") if resources else None
    named = (entry_of(item, "webhook") for item in items_of(hooks[1] if hooks else None))
    return {text_of(name[1]).lower() for name in named if name}


def mentions_in(source: Source) -> Iterator[tuple[str, Problem]]:
    """Every parameter that a file asks for, with what to say if it has none of that name."""
    for scalar in source.texts:
        for expression in COMPILED.finditer(scalar.text):
            for mention in MENTION.finditer(expression.group(0)):
                name = mention.group(1) or mention.group(2)
                place = scalar.at(expression.start())
                yield name, Problem(place, f"parameter `{name}` is not declared in this file", "declare it, or correct")


def undeclared(source: Source, study: Study) -> Iterator[Problem]:
    """Parameters that a file asks for but does not declare: the service takes them for empty."""
    del study
    if _is_open(source):
        return
    known = {name.lower() for name in declared_in(source)} | webhooks_in(source)
    for name, problem in mentions_in(source):
        if name.lower() not in known:
            shown = ", ".join(sorted(known)) or "none"
            yield Problem(problem.place, problem.message, f"declared here: {shown}")


def untyped(source: Source, study: Study) -> Iterator[Problem]:
    """Parameters without a type."""
    del study
    for name, node in declared_in(source).items():
        if entry_of(node, "type") is None:
            yield Problem(node.place, f"parameter `{name}` has no type", "add type: string, or what it is")


def without_default(source: Source, study: Study) -> Iterator[Problem]:
    """Parameters of a run that somebody has to choose."""
    del study
    for name, node in declared_in(source).items() if source.entry else ():
        if entry_of(node, "name") and entry_of(node, "default") is None:
            message = f"parameter `{name}` of an entry file has no default"
            yield Problem(node.place, message, "add one: nobody is there to choose when a trigger starts a run")


def unused(source: Source, study: Study) -> Iterator[Problem]:
    """Parameters that nothing asks for."""
    del study
    asked = {name.lower() for name, _ in mentions_in(source)}
    for scalar in source.texts:
        if any(WHOLE.search(expression) for expression in COMPILED.findall(scalar.text)):
            return
    for name, node in declared_in(source).items():
        if name.lower() not in asked:
            yield Problem(node.place, f"parameter `{name}` is declared and nothing uses it", "use it, or take it out")


def by_variables(source: Source, study: Study) -> Iterator[Problem]:
    """Forks that a branch, a commit or a setting of the service decides."""
    del study
    for scalar in source.texts:
        if FORK.match(scalar.text):
            message = f"`{scalar.text.strip()}` is decided by a variable, whose values nobody knows here"
            yield Problem(scalar.place, message, "decide it by a parameter with values, or by a condition")


RULES = (
    Rule(
        id="decided-by-parameters",
        kind="house",
        what="Templates decide (`if`, `elseif`) by parameters, not by variables.",
        why="Every way in which a file can expand is looked at, and a branch called hotfix would be another one.",
        check=each_source(by_variables),
    ),
    Rule(
        id="parameter-declared",
        kind="correctness",
        what="`parameters.NAME` names a parameter that the same file declares.",
        why="The service takes an unknown one for empty, so a condition on it is silently false.",
        check=each_source(undeclared),
    ),
    Rule(
        id="parameter-typed",
        kind="house",
        what="Every parameter has a type.",
        why="Whoever queues a run is told at once what does not fit.",
        check=each_source(untyped),
    ),
    Rule(
        id="parameter-default",
        kind="house",
        what="Parameters of entry files have a default.",
        why="A run that a trigger or a schedule starts would fail before it begins.",
        check=each_source(without_default),
    ),
    Rule(
        id="parameter-used",
        kind="house",
        what="Every declared parameter is used in its file.",
        why="Somebody would set it and nothing would change.",
        check=each_source(unused),
    ),
)
