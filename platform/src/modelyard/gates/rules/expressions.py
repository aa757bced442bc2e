"""Each expectation as Polars expressions, with the meaning that Great Expectations gives it on pandas.

Nulls: a rule about one column skips them; a rule about a pair or several columns skips the rows that
`ignore_row_if` names, and a comparison with a null in any other row is unexpected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import polars as pl

from modelyard.gates.expectations import EXPECTATIONS, Rule

PAIR_DEFAULT = "both_values_are_missing"
COLUMNS_DEFAULT = "all_values_are_missing"


def considered(rule: Rule) -> pl.Expr:
    """True for the rows that a rule about rows looks at."""
    missing = [pl.col(name).is_null() for name in rule.columns]
    if rule.expectation in {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null"}:
        return _every_row(rule)
    if EXPECTATIONS[rule.expectation].domain == "column":
        return ~missing[0]
    default = PAIR_DEFAULT if EXPECTATIONS[rule.expectation].domain == "pair" else COLUMNS_DEFAULT
    ignore = rule.kwargs.get("ignore_row_if", default)
    if ignore in {"both_values_are_missing", "all_values_are_missing"}:
        return ~pl.all_horizontal(missing)
    if ignore in {"either_value_is_missing", "any_value_is_missing"}:
        return ~pl.any_horizontal(missing)
    return _every_row(rule)


def _every_row(rule: Rule) -> pl.Expr:
    return pl.col(rule.columns[0]).is_null().is_not_null()


def unexpected(rule: Rule) -> pl.Expr:
    """True for the rows that are not as a rule about rows expects."""
    return considered(rule) & ~EXPECTED[rule.expectation](rule).fill_null(value=False)


def aggregate(rule: Rule) -> pl.Expr:
    """The value that a rule about an aggregate or the table is about."""
    return AGGREGATES[rule.expectation](rule)


def _first(rule: Rule) -> pl.Expr:
    return pl.col(rule.columns[0])


def _bounds(rule: Rule) -> tuple[float | None, float | None]:
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    return low if isinstance(low, int | float) else None, high if isinstance(high, int | float) else None


def _within(value: pl.Expr, rule: Rule) -> pl.Expr:
    low, high = _bounds(rule)
    inside = value.is_not_null()
    if low is not None:
        inside = inside & (value > low if rule.kwargs.get("strict_min") else value >= low)
    if high is not None:
        inside = inside & (value < high if rule.kwargs.get("strict_max") else value <= high)
    return inside


def _in_set(rule: Rule) -> pl.Expr:
    values = rule.kwargs["value_set"]
    assert isinstance(values, list | tuple)
    return _first(rule).is_in(list(values))


def _a_above_b(rule: Rule) -> pl.Expr:
    a, b = (pl.col(name) for name in rule.columns)
    return a >= b if rule.kwargs.get("or_equal") else a > b


def _pair_equal(rule: Rule) -> pl.Expr:
    a, b = (pl.col(name) for name in rule.columns)
    return a == b


def _compound_unique(rule: Rule) -> pl.Expr:
    # Rows that are skipped must not count as each other's duplicates; they are masked by `considered`.
    return ~pl.struct(rule.columns).is_duplicated()


def _sum_equals(rule: Rule) -> pl.Expr:
    total: pl.Expr = reduce(lambda left, right: left + right, (pl.col(name) for name in rule.columns))
    return total.eq(rule.kwargs["sum_total"])


def _matches(rule: Rule) -> pl.Expr:
    return _first(rule).str.contains(str(rule.kwargs["regex"]))


def _missing_from(rule: Rule) -> pl.Expr:
    """How many values of the set the column lacks."""
    values = rule.kwargs["value_set"]
    assert isinstance(values, list | tuple)
    absent = [(~(_first(rule) == value).any()).cast(pl.Int64) for value in values]
    return pl.sum_horizontal(absent)


EXPECTED: Mapping[str, Callable[[Rule], pl.Expr]] = {
    "expect_column_values_to_not_be_null": lambda rule: _first(rule).is_not_null(),
    "expect_column_values_to_be_null": lambda rule: _first(rule).is_null(),
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": lambda rule: ~_in_set(rule),
    "expect_column_values_to_be_between": lambda rule: _within(_first(rule), rule),
    "expect_column_values_to_match_regex": _matches,
    "expect_column_values_to_not_match_regex": lambda rule: ~_matches(rule),
    "expect_column_values_to_be_unique": lambda rule: ~_first(rule).is_duplicated(),
    "expect_column_value_lengths_to_be_between": lambda rule: _within(_first(rule).str.len_chars(), rule),
    "expect_column_pair_values_a_to_be_greater_than_b": _a_above_b,
    "expect_column_pair_values_to_be_equal": _pair_equal,
    "expect_compound_columns_to_be_unique": _compound_unique,
    "expect_multicolumn_sum_to_equal": _sum_equals,
}

AGGREGATES: Mapping[str, Callable[[Rule], pl.Expr]] = {
    "expect_column_min_to_be_between": lambda rule: _first(rule).min(),
    "expect_column_max_to_be_between": lambda rule: _first(rule).max(),
    "expect_column_mean_to_be_between": lambda rule: _first(rule).mean(),
    "expect_column_median_to_be_between": lambda rule: _first(rule).median(),
    "expect_column_stdev_to_be_between": lambda rule: _first(rule).std(),
    "expect_column_sum_to_be_between": lambda rule: _first(rule).sum(),
    "expect_column_unique_value_count_to_be_between": lambda rule: _first(rule).drop_nulls().n_unique(),
    "expect_column_proportion_of_unique_values_to_be_between": lambda rule: (
        pl.when(_first(rule).count() > 0)
        .then(_first(rule).drop_nulls().n_unique() / _first(rule).count())
        .otherwise(0.0)
    ),
    "expect_column_distinct_values_to_be_in_set": lambda rule: (~_in_set(rule)).fill_null(value=False).sum(),
    "expect_column_distinct_values_to_contain_set": _missing_from,
    "expect_table_row_count_to_be_between": lambda _rule: pl.len(),
    "expect_table_row_count_to_equal": lambda _rule: pl.len(),
}


def within_bounds(observed: float | None, rule: Rule) -> bool:
    """Whether an aggregate's value keeps the rule. No value never does."""
    if observed is None or observed != observed:  # noqa: PLR0124 - NaN is the one value that differs from itself
        return False
    if rule.expectation.endswith("_set"):
        return observed == 0
    if "value" in rule.kwargs:
        return bool(observed == rule.kwargs["value"])
    low, high = _bounds(rule)
    above = low is None or (observed > low if rule.kwargs.get("strict_min") else observed >= low)
    below = high is None or (observed < high if rule.kwargs.get("strict_max") else observed <= high)
    return above and below
