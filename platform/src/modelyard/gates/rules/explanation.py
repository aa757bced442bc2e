"""Why do rules fail? Undo a common mistake, check again, and name the mistake if every rule then holds.

This runs only for a batch that is refused anyway. It needs no stored data, so it explains a first batch too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

import polars as pl

from modelyard.gates.causes import CONVERSIONS, Conversion
from modelyard.gates.contract import Contract
from modelyard.gates.expectations import EXPECTATIONS, Rule
from modelyard.gates.report import Finding
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard.gates.rules.derivation import derive

Repair = Callable[[pl.DataFrame], pl.DataFrame]

SAMPLE = 1_000
"""Rows on which a guess is tried first."""
FULL_CHECKS = 40
"""Guesses that may be checked on all rows; counted rather than timed, so that a slow machine says the same."""


def explain(frame: pl.DataFrame, contract: Contract, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, those of the rules gate with a hint where one mistake explains them all."""
    broken = _broken(frame, contract)
    quick = _quick(broken)
    checked = 0
    for repair, mistake in _repairs(frame, contract, _suspects(contract, findings)):
        if not _holds(repair(frame.head(SAMPLE)), quick):
            continue
        repaired = repair(frame)
        if _holds(repaired, broken) and _holds(repaired, contract):
            return [replace(each, hint=each.hint or mistake) if each.gate == "rules" else each for each in findings]
        checked += 1
        if checked == FULL_CHECKS:
            break
    return list(findings)


def _broken(frame: pl.DataFrame, contract: Contract) -> Contract:
    """The contract with nothing but the rules that fail and what they are derived from: quick to check again."""
    outcomes = CompiledEngine().check(derive(frame, contract), contract.rules)
    return _only(contract, [outcome.rule for outcome in outcomes if not outcome.passed])


def _quick(contract: Contract) -> Contract:
    """The contract with nothing but the rules that hold row by row, so that some rows are enough to refute a guess."""
    spanning = {each.name for each in contract.derived if " OVER " in each.sql.upper()}
    rules = [
        rule
        for rule in contract.rules
        if EXPECTATIONS[rule.expectation].counts_rows
        and rule.mostly == 1
        and "unique" not in rule.expectation
        and not spanning & set(rule.columns)
    ]
    return _only(contract, rules)


def _only(contract: Contract, rules: Sequence[Rule]) -> Contract:
    needed = {name for rule in rules for name in rule.columns}
    derived = tuple(each for each in contract.derived if each.name in needed)
    return replace(contract, rules=tuple(rules), derived=derived)


def _suspects(contract: Contract, findings: Sequence[Finding]) -> list[str]:
    """The columns that broken rules read, the most accused first."""
    accused = [name for each in findings if each.gate == "rules" for name in each.subject.split(", ")]
    return sorted({name for name in accused if name in contract.names}, key=lambda name: -accused.count(name))


def _repairs(frame: pl.DataFrame, contract: Contract, suspects: Sequence[str]) -> Iterator[tuple[Repair, str]]:
    """Ways to undo one mistake, the likeliest mistakes first."""
    yield from _swaps(frame, combinations(suspects, 2))
    for name in suspects:
        if isinstance(frame.schema[name], pl.Datetime):
            yield from _zones(name)
    for name in suspects:
        if frame.schema[name].is_numeric():
            yield from _units(name, whole=frame.schema[name].is_integer())
    for name in suspects:
        yield from _shifts(name)
    yield from _swaps(frame, product(suspects, [name for name in contract.names if name not in suspects]))


def _with(*columns: pl.Expr) -> Repair:
    return lambda frame: frame.with_columns(columns)


def _swaps(frame: pl.DataFrame, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[Repair, str]]:
    for a, b in pairs:
        if frame.schema[a] == frame.schema[b]:
            exchange = _with(pl.col(a).alias(b), pl.col(b).alias(a))
            yield exchange, f"{a} and {b} look swapped: exchanged, every rule holds"


def _zones(name: str) -> Iterator[tuple[Repair, str]]:
    for hours in sorted(range(-12, 13), key=abs):
        back = _with(pl.col(name) - pl.duration(hours=hours))
        yield back, f"{name} looks moved by {hours:+d} hours: is it in another time zone?"


def _shifts(name: str) -> Iterator[tuple[Repair, str]]:
    for step in (1, -1):
        yield _with(pl.col(name).shift(step).fill_null(pl.col(name))), f"{name} looks shifted by one row"


def _units(name: str, *, whole: bool) -> Iterator[tuple[Repair, str]]:
    for conversion in CONVERSIONS:
        undone = _with(_undone(pl.col(name), conversion, whole=whole))
        yield undone, f"{name} looks like {conversion.mistake}: converted, every rule holds"


def _undone(values: pl.Expr, conversion: Conversion, *, whole: bool) -> pl.Expr:
    back = (values - conversion.offset) / conversion.factor
    return back.round(0).cast(pl.Int64) if whole else back


def _holds(frame: pl.DataFrame, contract: Contract) -> bool:
    """Whether no rule fails any more. Always on the fast engine: this is a guess, not a verdict."""
    return all(outcome.passed for outcome in CompiledEngine().check(derive(frame, contract), contract.rules))
