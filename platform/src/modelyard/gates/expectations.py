"""The vocabulary of rules: which Great Expectations expectations a contract may use, and with which arguments.

The vocabulary is closed on purpose. Every engine implements all of it and gives the same verdicts, so a contract
never passes in one environment and fails in another because an engine read a word differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Domain = Literal["column", "pair", "columns", "aggregate", "table"]
Argument = Literal["number", "count", "share", "boolean", "text", "list", "ignore", "scalar"]

PAIR_IGNORES = frozenset({"both_values_are_missing", "either_value_is_missing", "neither"})
COLUMNS_IGNORES = frozenset({"all_values_are_missing", "any_value_is_missing", "never"})


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one expectation looks at and takes."""

    domain: Domain
    """A map over one column, a pair or several columns; an aggregate of one column; or the table."""
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    @property
    def counts_rows(self) -> bool:
        """True where the verdict is a count of unexpected rows against `mostly`."""
        return self.domain in {"column", "pair", "columns"}

    @property
    def subjects(self) -> tuple[str, ...]:
        """The arguments that name columns."""
        named: Mapping[Domain, tuple[str, ...]] = {
            "column": ("column",),
            "aggregate": ("column",),
            "pair": ("column_A", "column_B"),
            "columns": ("column_list",),
            "table": (),
        }
        return named[self.domain]


BOUNDS: Mapping[str, Argument] = {
    "min_value": "number",
    "max_value": "number",
    "strict_min": "boolean",
    "strict_max": "boolean",
}
COUNTS: Mapping[str, Argument] = {"min_value": "count", "max_value": "count"}


def _column(arguments: Mapping[str, Argument] | None = None, *, required: tuple[str, ...] = ()) -> Expectation:
    return Expectation("column", {**(arguments or {}), "mostly": "share"}, frozenset(required))


def _pair(**arguments: Argument) -> Expectation:
    return Expectation("pair", {**arguments, "mostly": "share", "ignore_row_if": "ignore"})


def _columns(required: tuple[str, ...] = (), **arguments: Argument) -> Expectation:
    return Expectation("columns", {**arguments, "mostly": "share", "ignore_row_if": "ignore"}, frozenset(required))


EXPECTATIONS: Mapping[str, Expectation] = {
    "expect_column_values_to_not_be_null": _column(),
    "expect_column_values_to_be_null": _column(),
    "expect_column_values_to_be_in_set": _column({"value_set": "list"}, required=("value_set",)),
    "expect_column_values_to_not_be_in_set": _column({"value_set": "list"}, required=("value_set",)),
    "expect_column_values_to_be_between": _column(BOUNDS),
    "expect_column_values_to_match_regex": _column({"regex": "text"}, required=("regex",)),
    "expect_column_values_to_not_match_regex": _column({"regex": "text"}, required=("regex",)),
    "expect_column_values_to_be_unique": _column(),
    "expect_column_value_lengths_to_be_between": _column(COUNTS),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair(or_equal="boolean"),
    "expect_column_pair_values_to_be_equal": _pair(),
    "expect_compound_columns_to_be_unique": _columns(),
    "expect_multicolumn_sum_to_equal": _columns(("sum_total",), sum_total="number"),
    "expect_column_min_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_max_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_mean_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_median_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_stdev_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_sum_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_unique_value_count_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_proportion_of_unique_values_to_be_between": Expectation("aggregate", BOUNDS),
    "expect_column_distinct_values_to_be_in_set": Expectation(
        "aggregate", {"value_set": "list"}, frozenset({"value_set"})
    ),
    "expect_column_distinct_values_to_contain_set": Expectation(
        "aggregate", {"value_set": "list"}, frozenset({"value_set"})
    ),
    "expect_table_row_count_to_be_between": Expectation("table", COUNTS),
    "expect_table_row_count_to_equal": Expectation("table", {"value": "count"}, frozenset({"value"})),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation of a contract, with its arguments."""

    expectation: str
    """A key of `EXPECTATIONS`."""
    kwargs: Mapping[str, object]
    description: str = ""
    """Why the rule holds, in the contract's own words."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule reads, in the order of its arguments."""
        names: list[str] = []
        for argument in EXPECTATIONS[self.expectation].subjects:
            value = self.kwargs[argument]
            names.extend(value if isinstance(value, list | tuple) else [str(value)])
        return tuple(names)

    @property
    def subject(self) -> str:
        """What a report calls the thing that the rule is about."""
        return ", ".join(self.columns) or "table"

    @property
    def mostly(self) -> float:
        """The share of rows that must be as expected."""
        value = self.kwargs.get("mostly", 1.0)
        return float(value) if isinstance(value, int | float) else 1.0

    @property
    def allowed(self) -> str:
        """The rule's arguments as people read them, without the column's name."""
        subjects = EXPECTATIONS[self.expectation].subjects
        said = [f"{key} {value}" for key, value in self.kwargs.items() if key not in subjects]
        return ", ".join(said) or self.expectation.removeprefix("expect_").replace("_", " ")


def _is_uniform(value: object) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    texts = [isinstance(each, str) for each in value]
    numbers = [isinstance(each, int | float) and not isinstance(each, bool) for each in value]
    return all(texts) or all(numbers)


def argument_problem(kind: Argument, value: object) -> str:
    """Say what is allowed for an argument of this kind, or "" where `value` is fine."""
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    checks: Mapping[Argument, tuple[bool, str]] = {
        "number": (number is not None, "a number"),
        "count": (number is not None and number >= 0 and number == int(number), "a whole number from 0"),
        "share": (number is not None and 0 < number <= 1, "a share above 0, at most 1"),
        "boolean": (isinstance(value, bool), "true or false"),
        "text": (isinstance(value, str) and bool(value), "text"),
        "list": (_is_uniform(value), "a list with at least one value, all texts or all numbers"),
        "ignore": (
            isinstance(value, str) and value in PAIR_IGNORES | COLUMNS_IGNORES,
            f"one of {sorted(PAIR_IGNORES | COLUMNS_IGNORES)}",
        ),
        "scalar": (isinstance(value, str | int | float), "a value"),
    }
    fine, allowed = checks[kind]
    return "" if fine else allowed
