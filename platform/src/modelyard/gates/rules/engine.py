"""What a rules engine is: anything that can say, rule by rule, whether a frame is as a contract expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from modelyard.gates.expectations import Rule

if TYPE_CHECKING:
    import polars as pl

EngineName = Literal["compiled", "great_expectations"]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's verdict."""

    rule: Rule
    passed: bool
    evaluated: int
    """Rows that the rule looked at: nulls are left out wherever Great Expectations leaves them out."""
    unexpected: int | None = None
    """Rows that are not as expected; None for rules about an aggregate."""
    observed: float | None = None
    """The aggregate's value; None for rules about rows, and where there is no value."""


class RuleEngine(Protocol):
    """Checks rules on a frame. All engines give the same verdicts and the same counts."""

    name: EngineName

    def check(self, frame: pl.DataFrame, rules: Sequence[Rule]) -> list[RuleOutcome]:
        """One outcome per rule, in the order of `rules`."""
        ...
