"""Why do rules fail? Undo a common mistake, check again, and name the mistake if every rule then holds.

This runs only for a batch that is refused anyway. It needs no stored data, so it explains a first batch too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

import polars as pl

from modelyard.gates.causes import CONVERSIONS, Conversion
from modelyard.gates.contract import Contract
from modelyard.gates.report import Finding
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard.gates.rules.derivation import derive

BUDGET = 1.0
"""Seconds that may be spent on guesses."""


def explain(frame: pl.DataFrame, contract: Contract, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, those of the rules gate with a hint where one mistake explains them all."""
    broken = _broken(frame, contract)
    stop = time.monotonic() + BUDGET
    for repaired, mistake in _repairs(frame, contract, _suspects(contract, findings)):
        if _holds(repaired, broken) and _holds(repaired, contract):
            return [replace(each, hint=each.hint or mistake) if each.gate == "rules" else each for each in findings]
        if time.monotonic() > stop:
            break
    return list(findings)


def _broken(frame: pl.DataFrame, contract: Contract) -> Contract:
    """The contract with nothing but the rules that fail and what they are derived from: quick to check again."""
    outcomes = CompiledEngine().check(derive(frame, contract), contract.rules)
    rules = tuple(outcome.rule for outcome in outcomes if not outcome.passed)
    needed = {name for rule in rules for name in rule.columns}
    return replace(contract, rules=rules, derived=tuple(each for each in contract.derived if each.name in needed))


def _suspects(contract: Contract, findings: Sequence[Finding]) -> list[str]:
    """The columns that broken rules read, the most accused first."""
    accused = [name for each in findings if each.gate == "rules" for name in each.subject.split(", ")]
    return sorted({name for name in accused if name in contract.names}, key=lambda name: -accused.count(name))


def _repairs(frame: pl.DataFrame, contract: Contract, suspects: Sequence[str]) -> Iterator[tuple[pl.DataFrame, str]]:
    """Frames with one mistake undone, the likeliest mistakes first."""
    yield from _swaps(frame, combinations(suspects, 2))
    for name in suspects:
        if isinstance(frame.schema[name], pl.Datetime):
            yield from _zones(frame, name)
    for name in suspects:
        if frame.schema[name].is_numeric():
            yield from _units(frame, name)
    for name in suspects:
        yield from _shifts(frame, name)
    yield from _swaps(frame, product(suspects, [name for name in contract.names if name not in suspects]))


def _swaps(frame: pl.DataFrame, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[pl.DataFrame, str]]:
    for a, b in pairs:
        if frame.schema[a] == frame.schema[b]:
            swapped = frame.with_columns(pl.col(a).alias(b), pl.col(b).alias(a))
            yield swapped, f"{a} and {b} look swapped: exchanged, every rule holds"


def _zones(frame: pl.DataFrame, name: str) -> Iterator[tuple[pl.DataFrame, str]]:
    for hours in sorted(range(-12, 13), key=abs):
        moved = frame.with_columns(pl.col(name) - pl.duration(hours=hours))
        yield moved, f"{name} looks moved by {hours:+d} hours: is it in another time zone?"


def _shifts(frame: pl.DataFrame, name: str) -> Iterator[tuple[pl.DataFrame, str]]:
    for step in (1, -1):
        yield frame.with_columns(pl.col(name).shift(step).fill_null(pl.col(name))), f"{name} looks shifted by one row"


def _units(frame: pl.DataFrame, name: str) -> Iterator[tuple[pl.DataFrame, str]]:
    for conversion in CONVERSIONS:
        undone = frame.with_columns(_undone(pl.col(name), conversion, whole=frame.schema[name].is_integer()))
        yield undone, f"{name} looks like {conversion.mistake}: converted, every rule holds"


def _undone(values: pl.Expr, conversion: Conversion, *, whole: bool) -> pl.Expr:
    back = (values - conversion.offset) / conversion.factor
    return back.round(0).cast(pl.Int64) if whole else back


def _holds(frame: pl.DataFrame, contract: Contract) -> bool:
    """Whether no rule fails any more. Always on the fast engine: this is a guess, not a verdict."""
    return all(outcome.passed for outcome in CompiledEngine().check(derive(frame, contract), contract.rules))
