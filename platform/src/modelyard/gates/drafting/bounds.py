"""What a sample says about the values to come, with slack: it shows a part of what is right."""

from __future__ import annotations

import math
import re
from itertools import groupby
from typing import Any

import polars as pl

BELOW, ABOVE = 0.25, 0.5
"""Slack at either end, in widths of the range that was seen; more comes above than below."""
FEW_VALUES = 50
"""Up to so many different texts are a list of values."""
ROWS_A_VALUE = 10
"""A list of values needs so many rows for each, on average."""
LISTED_MOSTLY = 0.97
"""Share of the rows that must be on the list: something new starts small."""
NULL_SLACK = 0.1
YEARS = (1900, 2100)
SHARE_WORDS = frozenset({"percent", "percentage", "pct", "share", "rate", "ratio"})


def number_limits(values: pl.Series, words: tuple[str, ...]) -> dict[str, float | int]:
    """`minimum` and `maximum` of a column of numbers: what was seen, widened, and rounded away from it."""
    present = values.drop_nulls()
    if present.is_empty():
        return {}
    low, high = float(str(present.min())), float(str(present.max()))
    whole = present.dtype.is_integer()
    if whole and YEARS[0] <= low <= high <= YEARS[1]:
        return {"minimum": int(low) - 10, "maximum": int(high) + 10}
    if low >= 0 and high <= 1:
        return {"minimum": 0, "maximum": 1}
    if set(words) & SHARE_WORDS and 0 <= low <= high <= 100:  # noqa: PLR2004 - per cent
        return {"minimum": 0, "maximum": 100}
    width = (high - low) or abs(high) or 1.0
    floor = _rounded(low - BELOW * width, width, math.floor, whole=whole)
    ceiling = _rounded(high + ABOVE * width, width, math.ceil, whole=whole)
    # What was never negative is taken for an amount, and what was never positive likewise.
    floor, ceiling = max(floor, 0.0) if low >= 0 else floor, min(ceiling, 0.0) if high <= 0 else ceiling
    return {"minimum": _plain(floor), "maximum": _plain(ceiling)}


def _rounded(value: float, width: float, towards: Any, *, whole: bool) -> float:  # noqa: ANN401 - floor or ceil
    step = 10.0 ** (math.floor(math.log10(width)) - 1)
    step = max(step, 1.0) if whole else step
    rounded: float = towards(value / step) * step
    return float(f"{rounded:.12g}")


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def text_limits(values: pl.Series) -> dict[str, Any]:
    """`pattern` where all texts have one shape, else `minLength` and `maxLength` with slack."""
    present = values.drop_nulls()
    if present.is_empty():
        return {}
    pattern = common_pattern(present)
    if pattern:
        return {"pattern": pattern}
    lengths = present.str.len_chars()
    shortest, longest = int(str(lengths.min())), int(str(lengths.max()))
    return {"minLength": max(1, shortest // 2) if shortest else 0, "maxLength": longest * 2}


def listed_values(values: pl.Series) -> list[str] | None:
    """The values of a column that has few of them, the most frequent first; None where it has many."""
    present = values.drop_nulls()
    counts = present.value_counts(sort=True)
    if not 0 < counts.height <= FEW_VALUES or present.len() < ROWS_A_VALUE * counts.height:
        return None
    return [str(value) for value in counts.get_column(values.name)]


def common_pattern(values: pl.Series) -> str:
    """A pattern that every text has, such as `^[A-Z]{2}[0-9]{4}$`; empty where they are shaped differently.

    Letters and digits become their class, everything else stays what it is. Runs may differ in length.
    """
    shapes = {_shape(value) for value in values.unique().head(1000)}
    runs = {tuple(kind for kind, _ in shape) for shape in shapes}
    if len(runs) != 1:
        return ""
    (kinds,) = runs
    if not kinds or any(kind in {" ", "word"} for kind in kinds) or len(kinds) > 8:  # noqa: PLR2004 - unreadable
        return ""
    places = zip(*shapes, strict=True)
    pattern = "^" + "".join(_part([length for _, length in place], place[0][0]) for place in places) + "$"
    # The whole column, not only what the pattern was made of.
    return pattern if values.str.contains(pattern).all() else ""


def _shape(value: str) -> tuple[tuple[str, int], ...]:
    return tuple((kind, len(list(run))) for kind, run in groupby(value, _class_of))


def _class_of(letter: str) -> str:
    if letter.isascii() and letter.isdigit():
        return "[0-9]"
    if letter.isascii() and letter.isalpha():
        return "[A-Z]" if letter.isupper() else "word"
    return letter


def _part(lengths: list[int], kind: str) -> str:
    shown = kind if kind.startswith("[") and len(kind) > 1 else re.escape(kind)
    low, high = min(lengths), max(lengths)
    if low == high:
        return shown if low == 1 else f"{shown}{{{low}}}"
    return f"{shown}{{{max(1, low - 1)},{high + 1}}}"


def least_filled(values: pl.Series) -> float | None:
    """The share of rows that must have a value, with slack; None where every row has one, or hardly any."""
    gaps = values.null_count() / max(values.len(), 1)
    least = math.floor((1 - gaps - NULL_SLACK) * 100) / 100
    return least if gaps and least > 0 else None
