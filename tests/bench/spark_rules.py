"""The contract's rules as Spark SQL, so that one aggregate query answers them all.

Meanings are those of the contract's vocabulary: a rule about one column skips nulls, a rule about several columns skips
the rows that `ignore_row_if` names. Each rule becomes two aggregates, the rows it looks at and the rows that break it,
or one aggregate for a rule about an aggregate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modelyard.gates.expectations import EXPECTATIONS, Rule

Outcome = tuple[bool, int, float | None]
"""Whether the rule holds, how many rows it looked at, and the rows that break it or the aggregate's value."""

BOTH = {"both_values_are_missing", "all_values_are_missing"}
EITHER = {"either_value_is_missing", "any_value_is_missing"}
DEFAULT_IGNORE = {"pair": "both_values_are_missing", "columns": "all_values_are_missing"}


def measures(place: int, rule: Rule) -> tuple[str, str]:
    """The two aggregate expressions of a rule, named by its place in the contract."""
    if not EXPECTATIONS[rule.expectation].counts_rows:
        return f"count(1) AS n{place}", f"CAST({AGGREGATES[rule.expectation](rule)} AS DOUBLE) AS x{place}"
    looked_at = _considered(rule)
    if rule.expectation in UNIQUE:
        return f"count_if({looked_at}) AS n{place}", f"CAST(NULL AS BIGINT) AS x{place}"
    broken = f"({looked_at}) AND NOT coalesce({EXPECTED[rule.expectation](rule)}, false)"
    return f"count_if({looked_at}) AS n{place}", f"count_if({broken}) AS x{place}"


def distinct(place: int, rule: Rule) -> str | None:
    """How many different values a rule about uniqueness sees; None for other rules.

    These are asked for apart: beside other aggregates, one DISTINCT makes Spark keep every aggregate's buffer once for
    each distinct value.
    """
    if rule.expectation not in UNIQUE:
        return None
    names = ", ".join(_name(column) for column in rule.columns)
    return f"count(DISTINCT CASE WHEN {_considered(rule)} THEN struct({names}) END) AS d{place}"


def outcome(rule: Rule, evaluated: int, value: float | None) -> Outcome:
    """A rule's verdict from its two aggregates."""
    if not EXPECTATIONS[rule.expectation].counts_rows:
        return _within_bounds(value, rule), evaluated, value
    broken = int(value or 0)
    return evaluated == 0 or (evaluated - broken) / evaluated >= rule.mostly, evaluated, float(broken)


def _name(column: str) -> str:
    return f"`{column}`"


def _first(rule: Rule) -> str:
    return _name(rule.columns[0])


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _considered(rule: Rule) -> str:
    if rule.expectation in {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null"}:
        return "true"
    domain = EXPECTATIONS[rule.expectation].domain
    present = [f"{_name(column)} IS NOT NULL" for column in rule.columns]
    if domain == "column":
        return present[0]
    ignore = rule.kwargs.get("ignore_row_if", DEFAULT_IGNORE[domain])
    if ignore in BOTH:
        return f"({' OR '.join(present)})"
    return f"({' AND '.join(present)})" if ignore in EITHER else "true"


def _between(value: str, rule: Rule) -> str:
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    parts = [f"{value} IS NOT NULL"]
    if low is not None:
        parts.append(f"{value} {'>' if rule.kwargs.get('strict_min') else '>='} {_literal(low)}")
    if high is not None:
        parts.append(f"{value} {'<' if rule.kwargs.get('strict_max') else '<='} {_literal(high)}")
    return f"({' AND '.join(parts)})"


def _values(rule: Rule) -> list[object]:
    found = rule.kwargs["value_set"]
    assert isinstance(found, list | tuple)
    return list(found)


def _in_set(rule: Rule) -> str:
    return f"{_first(rule)} IN ({', '.join(_literal(value) for value in _values(rule))})"


def _pair(rule: Rule, sign: str) -> str:
    a, b = (_name(column) for column in rule.columns)
    return f"{a} {sign} {b}"


def _absent(rule: Rule) -> str:
    return " + ".join(
        f"CAST(NOT coalesce(bool_or({_first(rule)} = {_literal(one)}), false) AS INT)" for one in _values(rule)
    )


def _proportion(rule: Rule) -> str:
    column = _first(rule)
    return f"CASE WHEN count({column}) > 0 THEN count(DISTINCT {column}) / count({column}) ELSE 0.0 END"


UNIQUE = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}

EXPECTED: Mapping[str, Callable[[Rule], str]] = {
    "expect_column_values_to_not_be_null": lambda rule: f"{_first(rule)} IS NOT NULL",
    "expect_column_values_to_be_null": lambda rule: f"{_first(rule)} IS NULL",
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": lambda rule: f"NOT ({_in_set(rule)})",
    "expect_column_values_to_be_between": lambda rule: _between(_first(rule), rule),
    "expect_column_values_to_match_regex": lambda rule: f"{_first(rule)} RLIKE {_literal(rule.kwargs['regex'])}",
    "expect_column_values_to_not_match_regex": lambda rule: (
        f"NOT ({_first(rule)} RLIKE {_literal(rule.kwargs['regex'])})"
    ),
    "expect_column_value_lengths_to_be_between": lambda rule: _between(f"length({_first(rule)})", rule),
    "expect_column_pair_values_a_to_be_greater_than_b": lambda rule: _pair(
        rule, ">=" if rule.kwargs.get("or_equal") else ">"
    ),
    "expect_column_pair_values_to_be_equal": lambda rule: _pair(rule, "="),
    "expect_multicolumn_sum_to_equal": lambda rule: (
        f"{' + '.join(_name(column) for column in rule.columns)} = {_literal(rule.kwargs['sum_total'])}"
    ),
}

AGGREGATES: Mapping[str, Callable[[Rule], str]] = {
    "expect_column_min_to_be_between": lambda rule: f"min({_first(rule)})",
    "expect_column_max_to_be_between": lambda rule: f"max({_first(rule)})",
    "expect_column_mean_to_be_between": lambda rule: f"avg({_first(rule)})",
    "expect_column_median_to_be_between": lambda rule: f"median({_first(rule)})",
    "expect_column_stdev_to_be_between": lambda rule: f"stddev({_first(rule)})",
    "expect_column_sum_to_be_between": lambda rule: f"sum({_first(rule)})",
    "expect_column_unique_value_count_to_be_between": lambda rule: f"count(DISTINCT {_first(rule)})",
    "expect_column_proportion_of_unique_values_to_be_between": _proportion,
    "expect_column_distinct_values_to_be_in_set": lambda rule: f"count_if(NOT ({_in_set(rule)}))",
    "expect_column_distinct_values_to_contain_set": _absent,
    "expect_table_row_count_to_be_between": lambda _rule: "count(1)",
    "expect_table_row_count_to_equal": lambda _rule: "count(1)",
}


def _within_bounds(observed: float | None, rule: Rule) -> bool:
    if observed is None or observed != observed:  # noqa: PLR0124 - NaN is the one value that differs from itself
        return False
    if rule.expectation.endswith("_set"):
        return observed == 0
    if "value" in rule.kwargs:
        return bool(observed == rule.kwargs["value"])
    low: Any = rule.kwargs.get("min_value")
    high: Any = rule.kwargs.get("max_value")
    above = low is None or (observed > low if rule.kwargs.get("strict_min") else observed >= low)
    below = high is None or (observed < high if rule.kwargs.get("strict_max") else observed <= high)
    return bool(above and below)
