"""What a rule is. Each module in `rules` names its own in RULES; the registry puts them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from modelyard.delivery.linting.findings import Finding, Severity
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.sources import Source
from modelyard.delivery.linting.study import Run, Study

Kind = Literal["correctness", "house"]
"""Correctness: the service refuses it, or does something else than it says. House: what is demanded of our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One demand on pipelines."""

    id: str
    kind: Kind
    what: str
    why: str
    check: Callable[[Study], Iterator[Problem]]
    severity: Severity = "error"

    def findings(self, study: Study) -> Iterator[Finding]:
        """Everything that it finds."""
        for found in self.check(study):
            yield Finding(
                rule=self.id, place=found.place, message=found.message, hint=found.hint, severity=self.severity
            )


def each_run(check: Callable[[Run, Study], Iterator[Problem]]) -> Callable[[Study], Iterator[Problem]]:
    """A check of expanded pipelines, one by one."""

    def checked(study: Study) -> Iterator[Problem]:
        for run in study.runs:
            yield from check(run, study)

    return checked


def each_source(check: Callable[[Source, Study], Iterator[Problem]]) -> Callable[[Study], Iterator[Problem]]:
    """A check of files as they are written, one by one."""

    def checked(study: Study) -> Iterator[Problem]:
        for source in study.sources.values():
            yield from check(source, study)

    return checked
