"""The fast engine: all rules of a contract become one Polars query, and one scan answers it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from modelyard.gates.expectations import EXPECTATIONS, Rule
from modelyard.gates.rules.engine import EngineName, RuleOutcome
from modelyard.gates.rules.expressions import aggregate, considered, unexpected, within_bounds


class CompiledEngine:
    """Checks rules without leaving the process or copying the frame."""

    name: EngineName = "compiled"

    def check(self, frame: pl.DataFrame, rules: Sequence[Rule]) -> list[RuleOutcome]:
        """One outcome per rule, in the order of `rules`."""
        if not rules:
            return []
        measures = [measure for place, rule in enumerate(rules) for measure in _measures(place, rule)]
        floats = pl.selectors.float().fill_nan(None)
        row = frame.lazy().with_columns(floats).select(measures).collect().row(0, named=True)
        return [_outcome(rule, row[f"{place}:n"], row[f"{place}:x"]) for place, rule in enumerate(rules)]


def _measures(place: int, rule: Rule) -> tuple[pl.Expr, pl.Expr]:
    if EXPECTATIONS[rule.expectation].counts_rows:
        return considered(rule).sum().alias(f"{place}:n"), unexpected(rule).sum().alias(f"{place}:x")
    return pl.len().alias(f"{place}:n"), aggregate(rule).alias(f"{place}:x")


def _outcome(rule: Rule, evaluated: int, value: float | None) -> RuleOutcome:
    if not EXPECTATIONS[rule.expectation].counts_rows:
        observed = None if value is None else float(value)
        return RuleOutcome(rule, within_bounds(observed, rule), evaluated, observed=observed)
    count = int(value or 0)
    passed = evaluated == 0 or (evaluated - count) / evaluated >= rule.mostly
    return RuleOutcome(rule, passed, evaluated, unexpected=count)
