"""Rows that a contract would let pass, made up: for a model's contract suite where nobody may, or can, have the data.

They have the contract's columns, types, gaps, values and bounds, and no relation to one another. Nothing can be learned
from them, and nothing is said about anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from modelyard.gates.contract import Column, Contract, Physical

if TYPE_CHECKING:
    import polars as pl

GAPS = 0.05
"""Share of missing values in a column that may have some."""
BEGIN, HOURS = datetime(2024, 1, 1, tzinfo=UTC), 24 * 365
PIECE = re.compile(r"(\[0-9\]|\[A-Z\]|\\.|.)(?:\{(\d+)(?:,\d+)?\})?")
"""A piece of the patterns that drafts have: a class or a letter, and how often."""
LETTERS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def imagined_rows(contract: Contract, *, rows: int, seed: int) -> pl.DataFrame:
    """Made-up rows in the contract's columns and types; the same seed gives the same rows."""
    import polars as pl

    dice = np.random.default_rng(seed)
    limits = _limits(contract)
    columns = {}
    for column in contract.columns:
        values = _values(column, limits.get(column.name, {}), dice, rows)
        if not column.required:
            values = [None if gap < GAPS else value for value, gap in zip(values, dice.random(rows), strict=True)]
        columns[column.name] = values
    return pl.DataFrame(columns, schema=dict(contract.polars_schema()), strict=False)


def _limits(contract: Contract) -> dict[str, dict[str, Any]]:
    """What the rules say about each column: value_set, regex, min_value, max_value."""
    found: dict[str, dict[str, Any]] = {}
    for rule in contract.rules:
        if rule.expectation.startswith("expect_column_values_"):
            for name in rule.columns:
                found.setdefault(name, {}).update(rule.kwargs)
    return found


def _values(column: Column, said: Mapping[str, Any], dice: np.random.Generator, rows: int) -> list[Any]:
    if "value_set" in said:
        return [said["value_set"][place] for place in dice.integers(len(said["value_set"]), size=rows)]
    low, high = said.get("min_value"), said.get("max_value")
    floor = 0 if low is None else low
    ceiling = floor + 100 if high is None else high
    hours = np.sort(dice.uniform(0, HOURS, rows))
    times = [BEGIN + timedelta(hours=float(hour)) for hour in hours]
    naive = [time.replace(tzinfo=None) for time in times]
    unique = column.unique or column.key_position is not None
    made: dict[Physical, Callable[[], list[Any]]] = {
        "string": lambda: _texts(said.get("regex"), dice, rows, unique=unique),
        "int": lambda: _whole(floor, ceiling, dice, rows, unique=unique),
        "bigint": lambda: _whole(floor, ceiling, dice, rows, unique=unique),
        "double": lambda: dice.uniform(floor, ceiling, rows).tolist(),
        "boolean": lambda: dice.choice([False, True], rows).tolist(),
        "date": lambda: [time.date() for time in naive],
        "timestamp": lambda: naive,
        "timestamptz": lambda: times,
    }
    return made[column.physical]()


def _whole(low: float, high: float, dice: np.random.Generator, rows: int, *, unique: bool) -> list[int]:
    if unique:
        return list(range(int(low), int(low) + rows))
    return [int(value) for value in dice.integers(int(low), int(high) + 1, rows)]


def _texts(pattern: object, dice: np.random.Generator, rows: int, *, unique: bool) -> list[str]:
    if not isinstance(pattern, str) or unique:
        return [f"made-up {row if unique else dice.integers(rows // 10 + 1)}" for row in range(rows)]
    return [_text(pattern, dice) for _ in range(rows)]


def _text(pattern: str, dice: np.random.Generator) -> str:
    """A text of one shape; a pattern that somebody wrote by hand is followed as far as it is a row of classes."""
    out = []
    for piece, count in PIECE.findall(pattern.strip("^$")):
        letters = {"[0-9]": DIGITS, "[A-Z]": LETTERS}.get(piece, piece[-1])
        out += [letters[dice.integers(len(letters))] for _ in range(int(count or 1))]
    return "".join(out)
