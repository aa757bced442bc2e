"""The rules gate: every expectation of the contract, on every row."""

from __future__ import annotations

from functools import cache

import polars as pl

from modelyard.gates.contract import Contract
from modelyard.gates.expectations import EXPECTATIONS
from modelyard.gates.report import Check, Finding, Outcome
from modelyard.gates.rules.engine import RuleEngine, RuleOutcome
from modelyard.gates.rules.expressions import unexpected

EXAMPLES = 3


def check_rules(derived: pl.DataFrame, contract: Contract, engine: RuleEngine) -> tuple[list[Finding], list[Check]]:
    """Judge a frame that already has the contract's derived columns.

    Returns:
        A finding for each rule that does not hold, and a measurement for each rule.
    """
    outcomes = engine.check(derived, contract.rules)
    findings = [_finding(derived, outcome, contract) for outcome in outcomes if not outcome.passed]
    return findings, [_check(outcome, contract) for outcome in outcomes]


def subject_of(outcome: RuleOutcome, contract: Contract) -> str:
    """The contract's columns that a rule is about; a derived column stands for the columns that it is made of."""
    sources = {each.name: _columns_in(each.sql) for each in contract.derived}
    names: list[str] = []
    for column in outcome.rule.columns:
        names.extend(name for name in sources.get(column, [column]) if name not in names)
    return ", ".join(names) or "table"


@cache
def _columns_in(sql: str) -> tuple[str, ...]:
    """The columns that an expression reads; asked for every rule, and the same for each."""
    return tuple(pl.sql_expr(sql).meta.root_names())


def _finding(frame: pl.DataFrame, outcome: RuleOutcome, contract: Contract) -> Finding:
    rule = outcome.rule
    why = f": {rule.description}" if rule.description else ""
    if not EXPECTATIONS[rule.expectation].counts_rows:
        found = "no value" if outcome.observed is None else f"{outcome.observed:g}"
        message = f"{rule.expectation} on {rule.subject} does not hold{why}"
        return Finding("rules", rule.expectation, subject_of(outcome, contract), message, found, rule.allowed)
    message = f"{outcome.unexpected:,} of {outcome.evaluated:,} rows break {rule.expectation} on {rule.subject}{why}"
    examples, found = _examples(frame, outcome)
    return Finding(
        "rules",
        rule.expectation,
        subject_of(outcome, contract),
        message,
        found,
        rule.allowed,
        rows=outcome.unexpected,
        examples=examples,
    )


def _examples(frame: pl.DataFrame, outcome: RuleOutcome) -> tuple[tuple[str, ...], str]:
    """A few rows that break the rule, and the first of their values."""
    columns = outcome.rule.columns
    bad = (
        frame.lazy()
        .with_columns(pl.selectors.float().fill_nan(None))
        .with_row_index("row number", offset=1)
        .filter(unexpected(outcome.rule))
        .select("row number", *columns)
        .head(EXAMPLES)
        .collect()
    )
    rows = bad.rows()
    shown = [", ".join(f"{name} {value!r}" for name, value in zip(columns, row[1:], strict=True)) for row in rows]
    return tuple(f"row {row[0]}: {text}" for row, text in zip(rows, shown, strict=True)), shown[0] if shown else ""


def _check(outcome: RuleOutcome, contract: Contract) -> Check:
    measured = outcome.observed if outcome.unexpected is None else float(outcome.unexpected)
    name = outcome.rule.expectation
    verdict: Outcome = "passed" if outcome.passed else "refused"
    return Check("rules", name, subject_of(outcome, contract), verdict, measured, outcome.rule.allowed)
