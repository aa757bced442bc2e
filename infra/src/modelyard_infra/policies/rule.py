"""What a rule is, and what it says when it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding

Level: TypeAlias = Literal["mandatory", "advisory"]


@dataclass(frozen=True, slots=True)
class Control:
    """The control of a public benchmark that a rule serves."""

    id: str
    """Microsoft Cloud Security Benchmark v1 (`NS-2`), or where that has none, Azure Well-Architected (`RE:05`)."""
    reason: str
    """Why the rule serves it, in a few words."""

    @property
    def benchmark(self) -> str:
        """The benchmark's short name."""
        return "WAF" if ":" in self.id else "MCSB"


@dataclass(frozen=True, slots=True)
class When:
    """In which environments a rule holds."""

    words: str
    """As a person says it: `prod`."""
    holds: Callable[[Facts], bool]


Check: TypeAlias = Callable[[Facts], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    """Never changes: exceptions, reports and dashboards name it."""
    title: str
    """What must be so."""
    control: Control
    check: Check
    remedy: str
    """What to do when it is broken."""
    when: When
    alone: bool
    """Whether each resource is judged by itself. Such a rule stops a resource before it is made; the others need
    the whole graph."""
    level: Level = "mandatory"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an environment breaks."""

    rule: str
    """The rule's id."""
    level: Level
    resource: str
    """Key of the resource."""
    where: str
    found: str
    allowed: str
    next_step: str

    @property
    def explanation(self) -> str:
        """Where, what was found, what is allowed, what to do."""
        place = f"{self.resource}: {self.where}" if self.where else self.resource
        return f"{place}: found {self.found}; allowed: {self.allowed}. Next: {self.next_step}"

    @property
    def message(self) -> str:
        """The explanation, and which rule it is about."""
        return f"{self.explanation} [{self.rule}]"
