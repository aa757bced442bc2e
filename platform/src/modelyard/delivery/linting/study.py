"""What the rules look at: files as they are written, what they expand to, and what the repository has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelyard.delivery.expanding.nodes import Scalar
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.sources import Source
from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step
from modelyard.delivery.places import Place

CommandCheck = Callable[[Sequence[str]], str | None]
"""Takes the words after `modelyard` and says what is wrong with them, or nothing. Macros stand as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One entry file, expanded with one set of parameters."""

    pipeline: Pipeline
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from their defaults."""

    @property
    def stand_in(self) -> bool:
        """Whether something on this machine plays the environments in Azure."""
        return self.parameters.get("standIn", "none") not in {"", "none", None}

    @property
    def steps(self) -> Iterator[tuple[Stage, Job, Step]]:
        """Every step, with the stage and the job that it is in."""
        for stage, job in self.pipeline.jobs:
            for step in job.all_steps:
                yield stage, job, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What steps may refer to."""

    files: frozenset[str]
    """Every file, from the root, with forward slashes."""
    targets: frozenset[str]
    """Of the Makefile."""
    programs: frozenset[str]
    """Console scripts of the distributions in the repository."""
    commands: CommandCheck
    unused: tuple[str, ...] = ()
    """Templates that no entry file brings in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that one call of lint looks at."""

    repository: Repository
    runs: tuple[Run, ...]
    sources: Mapping[str, Source]
    """Each file that went into a run, by its name."""
    refusals: tuple[Problem, ...] = ()
    """Why a file could not be expanded."""

    def at(self, place: Place, key: str, *, about: str = "") -> Place:
        """Where a key of the mapping at a place stands, or the line of its text that says `about`; else that place."""
        source = self.sources.get(place.file)
        found = source.find(place, key) if source else None
        if found is None:
            return place
        name, value = found
        if about and isinstance(value, Scalar) and about in value.text:
            return value.at(value.text.index(about))
        return name.place

    def text_place(self, text: str, key: str) -> Place | None:
        """Where a key has this text, or is a mapping that holds it."""
        for source in self.sources.values():
            for fields in source.mappings:
                for name, value in fields.entries:
                    if name.text == key and isinstance(value, Scalar) and value.text == text:
                        return value.place
        return None
