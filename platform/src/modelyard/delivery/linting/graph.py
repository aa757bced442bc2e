"""Stages, or the jobs of a stage, and what they wait for: what each may come to if one of them did not succeed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelyard.delivery.linting.outcomes import RESULTS, truths
from modelyard.delivery.pipeline import Job, Pipeline
from modelyard.delivery.places import Place

SKIPPED = frozenset({"Skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stage or a job, as far as it decides what else runs."""

    name: str
    depends_on: tuple[str, ...]
    condition: str | None
    place: Place


class Graph:
    """Parts by name. Names that do not exist are left out wherever they are waited for."""

    def __init__(self, kind: str, parts: Iterable[Part]) -> None:
        self.kind = kind
        """What its parts are called: stage or job."""
        self.parts: Mapping[str, Part] = {part.name: part for part in parts}
        self._ancestors = {name: self._waited_for(name) for name in self.parts}
        names = list(self.parts)
        self.order = sorted(names, key=lambda name: (len(self._ancestors[name]), names.index(name)))
        """Names, each after everything that it depends on."""
        self._after: dict[tuple[str, str], dict[str, frozenset[str]]] = {}

    def ancestors(self, name: str) -> frozenset[str]:
        """Everything that a part depends on, directly and indirectly."""
        return self._ancestors[name]

    def _waited_for(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(self.parts[name].depends_on)
        while waiting:
            current = waiting.pop()
            if current in self.parts and current not in found:
                found.add(current)
                waiting += self.parts[current].depends_on
        return frozenset(found)

    @property
    def cycle(self) -> list[str]:
        """Names that wait for each other, in order; empty if there are none."""
        start = next((name for name in self.parts if name in self._ancestors[name]), None)
        path = [start] if start is not None else []
        while path:
            onward = next(
                before
                for before in self.parts[path[-1]].depends_on
                if before in self.parts and (before == start or start in self._ancestors[before])
            )
            if onward in path:
                return [*path[path.index(onward) :], onward]
            path.append(onward)
        return []

    def outcomes(self) -> dict[str, frozenset[str]]:
        """What each part may come to; there must be no cycle."""
        return self.outcomes_after("", "")

    def outcomes_after(self, name: str, result: str) -> dict[str, frozenset[str]]:
        """The same if one part came to one result."""
        if (name, result) not in self._after:
            self._after[name, result] = self._come_to(name, result)
        return self._after[name, result]

    def _come_to(self, known: str, result: str) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for name in self.order:
            runs = self._truths(name, found)
            may = (RESULTS if True in runs else frozenset()) | (SKIPPED if False in runs else frozenset())
            found[name] = frozenset({result}) if name == known else frozenset(may)
        return found

    def _truths(self, name: str, found: Mapping[str, frozenset[str]]) -> frozenset[bool]:
        """With everything before it, and with its direct dependencies alone: a gate must hold in both readings."""
        part = self.parts[name]
        every = {before: found[before] for before in self._ancestors[name]}
        direct = {before: found[before] for before in part.depends_on if before in found}
        return truths(part.condition, before=every, direct=part.depends_on) | truths(
            part.condition, before=direct, direct=part.depends_on
        )


def stage_graph(pipeline: Pipeline) -> Graph:
    """The stages of a pipeline."""
    return Graph(
        "stage",
        (
            Part(name=stage.name, depends_on=stage.depends_on, condition=stage.condition, place=stage.place)
            for stage in pipeline.stages
        ),
    )


def job_graph(jobs: Iterable[Job]) -> Graph:
    """The jobs of a stage."""
    return Graph(
        "job",
        (Part(name=job.name, depends_on=job.depends_on, condition=job.condition, place=job.place) for job in jobs),
    )
