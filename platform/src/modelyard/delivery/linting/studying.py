"""Expands entry files in every way that their parameters allow, for the rules to look at."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelyard.delivery.entries import entry_files, template_files
from modelyard.delivery.expanding.expansion import Expansion, expand
from modelyard.delivery.expanding.nodes import Items, Scalar, scalars
from modelyard.delivery.expanding.parameters import LISTS, Parameter, read_declarations
from modelyard.delivery.expanding.reading import read_yaml
from modelyard.delivery.expanding.typed.pipelines import read_pipeline
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.repository import read_repository
from modelyard.delivery.linting.sources import Source, mappings_of, read_source, text_of
from modelyard.delivery.linting.study import CommandCheck, Run, Study
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

MOST_VALUES = 8
"""A parameter with more allowed values is tried with its default alone."""
MOST_WAYS = 48
"""With more combinations, each value is tried with the defaults of all others."""
FORK = re.compile(r"\$\{\{\s*(?:else)?if\b", re.IGNORECASE)
QUOTED = re.compile(r"'([^']*)'")
LOOP = re.compile(r"\$\{\{\s*each\s+(\w+)\s+in\b(.*)", re.IGNORECASE | re.DOTALL)
WORD = re.compile(r"[A-Za-z_]\w*")
SOMETHING: Mapping[str, Any] = {"boolean": False, "number": 1, "object": {}, "step": {"bash": "echo"}}
"""What is chosen for a parameter without a default, by its type."""
_LOCATED = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+): (?P<message>.*)", re.DOTALL)
Choice = Mapping[str, Any]


class _Reading:
    """Collects what the files of a study expand to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs: list[Run] = []
        self.files: dict[str, bool] = {}
        self.refusals: list[Problem] = []

    def add(self, file: str) -> None:
        """One entry file, with its defaults and then with everything else that may be chosen."""
        self.files[file] = True
        needed = self._needed(file)
        first = self._expand(file, needed, must=True)
        if first is None:
            return
        for choice in choices_of(first):
            self._expand(file, {**needed, **choice}, must=_may_be_chosen(first, choice))

    def _needed(self, file: str) -> Choice:
        """Something for every parameter that has no default, which a person must choose."""
        try:
            top = read_yaml((self.root / file).read_bytes(), file)
            declared = read_declarations(top.get("parameters"), entry=True)
        except (InvalidPipelineError, OSError):
            return {}
        return {one.name: _something(one) for one in declared if one.default is None}

    def _expand(self, file: str, choice: Choice, *, must: bool) -> Expansion | None:
        """An expansion that is allowed to fail refuses what may not be chosen."""
        try:
            expansion = expand(self.root, file, parameters=choice)
            pipeline = read_pipeline(expansion)
        except InvalidPipelineError as error:
            if must:
                self.refusals.append(_refusal(error, file, choice))
            return None
        self.runs.append(Run(pipeline=pipeline, parameters=choice))
        for name in expansion.sources:
            self.files.setdefault(name, False)
        return expansion

    def sources(self) -> Iterator[Source]:
        """Every file that went in."""
        for name, entry in self.files.items():
            try:
                yield read_source((self.root / name).read_bytes(), name, entry=entry)
            except (InvalidPipelineError, OSError):
                continue


def study_of(root: Path, files: Sequence[str] | None, commands: CommandCheck) -> Study:
    """Everything that the rules look at.

    Args:
        root: the repository.
        files: entry files, from the root; None for all of them, and for a look at templates that nobody uses.
        commands: says what is wrong with the words after `modelyard`.
    """
    reading = _Reading(root)
    for file in entry_files(root) if files is None else files:
        reading.add(file)
    sources = {source.file: source for source in reading.sources()}
    unused = () if files is not None or reading.refusals else tuple(sorted(set(template_files(root)) - set(sources)))
    return Study(
        repository=read_repository(root, commands, unused=unused),
        runs=tuple(reading.runs),
        sources=sources,
        refusals=tuple(reading.refusals),
    )


def choices_of(expansion: Expansion) -> list[Choice]:
    """What else may be chosen when a run is queued.

    Every combination of what can be counted: flags, and parameters with allowed values. Beside that, one at a time, an
    empty list for each list, and for each free text what the files compare anything with.
    """
    counted = {one.name: _others(one) for one in expansion.parameters}
    ways = [[{}, *({name: value} for value in others)] for name, others in counted.items() if others]
    if math.prod(map(len, ways)) > MOST_WAYS:
        found: list[Choice] = [choice for way in ways for choice in way if choice]
    else:
        found = [dict(itertools.chain(*(choice.items() for choice in way))) for way in itertools.product(*ways)]
    for parameter in expansion.parameters:
        if isinstance(parameter.default, Items) and parameter.type not in LISTS:
            found.append({parameter.name: []})
        if parameter.type == "string" and not parameter.values:
            found += [{parameter.name: text} for text in _compared(expansion, parameter.name)]
    return [choice for choice in found if choice]


def _others(parameter: Parameter) -> list[Any]:
    """What else a parameter may be, where that can be counted."""
    default = text_of(parameter.default)
    if parameter.type == "boolean":
        return [default.lower() != "true"]
    values = [value.text for value in parameter.values if value.text != default]
    return values if parameter.type not in LISTS and len(values) < MOST_VALUES else []


def _compared(expansion: Expansion, name: str) -> list[str]:
    """Texts that the files decide by, where what they decide about may be this parameter."""
    names = _names_of(expansion, name)
    forks = {
        scalar.text for source in expansion.sources.values() for scalar in scalars(source) if FORK.match(scalar.text)
    }
    asked = [fork for fork in forks if names & {word.lower() for word in WORD.findall(fork)}]
    return sorted({text for fork in asked for text in QUOTED.findall(fork)})


def _names_of(expansion: Expansion, name: str) -> set[str]:
    """What a parameter of the entry file may be called in templates: every key that is given its value, on and on."""
    entries = [one for source in expansion.sources.values() for fields in mappings_of(source) for one in fields.entries]
    given = [(key.text, value.text) for key, value in entries if isinstance(value, Scalar) and "${{" in value.text]
    given += [(loop[1], loop[2]) for key, _ in entries if (loop := LOOP.match(key.text))]
    names, before = {name.lower()}, 0
    while len(names) > before:
        before = len(names)
        for key, value in given:
            if names & {word.lower() for word in WORD.findall(value)}:
                names |= {word.lower() for word in WORD.findall(key)}
    return names


def _may_be_chosen(expansion: Expansion, choice: Choice) -> bool:
    """Whether everybody may choose it, so that it must expand: a list may be needed, a text may fit nothing."""
    return all(
        name not in choice or _others(parameter) for parameter in expansion.parameters for name in [parameter.name]
    )


def _something(parameter: Parameter) -> object:
    if parameter.values:
        value = parameter.values[0].text
        return [value] if parameter.type in LISTS else value
    return SOMETHING.get(parameter.type, [] if parameter.type in LISTS else "something")


def _refusal(error: InvalidPipelineError, file: str, choice: Choice) -> Problem:
    chosen = ", ".join(f"{name}={value}" for name, value in choice.items())
    said = f" (with {chosen})" if chosen else ""
    located = _LOCATED.fullmatch(error.message)
    if located is None:
        return Problem(Place(file, 1), error.message + said, error.hint)
    place = Place(located["file"], int(located["line"]))
    return Problem(place, located["message"] + said, error.hint)
