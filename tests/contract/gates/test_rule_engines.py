"""What every rules engine must do: the same verdicts and counts, on ordinary and on awkward columns."""

from __future__ import annotations

import math
import random
from itertools import product

import polars as pl
import pytest

from modelyard.composition import rule_engine
from modelyard.gates.expectations import EXPECTATIONS, Rule

NAN = float("nan")
FRAME = pl.DataFrame(
    {
        "i": [1, 2, 2, None, 5],
        "j": [1, 1, 3, 4, None],
        "x": [1.0, NAN, None, 2.5, 2.5],
        "s": ["a", "b", None, "b", "cc\n"],
        "t": ["a", "x", None, "b", None],
        "e": pl.Series([None] * 5, dtype=pl.Int64),
    }
)
BOUNDED = ("min", "max", "mean", "median", "stdev", "sum", "unique_value_count", "proportion_of_unique_values")
PAIRS = ({}, *({"ignore_row_if": name} for name in ("both_values_are_missing", "either_value_is_missing", "neither")))
LISTS = ({}, *({"ignore_row_if": name} for name in ("all_values_are_missing", "any_value_is_missing", "never")))


SETS = (("i", [1, 2], 5), ("x", [2.5], 1.0), ("s", ["a", "b"], "cc\n"))
BOUNDS = (
    {"min_value": 2},
    {"max_value": 2},
    {"min_value": 1, "max_value": 5},
    {"min_value": 1, "max_value": 5, "strict_min": True, "strict_max": True},
)


def about_presence():
    for column, mostly in product(("i", "x", "s", "e"), ({}, {"mostly": 0.6}, {"mostly": 0.5})):
        for kind in ("to_not_be_null", "to_be_null", "to_be_unique"):
            yield f"expect_column_values_{kind}", {"column": column, **mostly}


def about_sets():
    for (column, values, more), mostly in product(SETS, ({}, {"mostly": 0.7})):
        yield "expect_column_values_to_be_in_set", {"column": column, "value_set": values, **mostly}
        yield "expect_column_values_to_not_be_in_set", {"column": column, "value_set": values, **mostly}
        for wanted in (values, [*values, more], [*values, values[0] * 7]):
            yield "expect_column_distinct_values_to_be_in_set", {"column": column, "value_set": wanted}
            yield "expect_column_distinct_values_to_contain_set", {"column": column, "value_set": wanted}


def about_bounds():
    for column, bounds in product(("i", "x", "e"), BOUNDS):
        yield "expect_column_values_to_be_between", {"column": column, **bounds}
        for name in BOUNDED:
            yield f"expect_column_{name}_to_be_between", {"column": column, **bounds}


def about_texts():
    for regex in ("^[a-b]$", "c", "b$", r"\w+"):
        yield "expect_column_values_to_match_regex", {"column": "s", "regex": regex}
        yield "expect_column_values_to_not_match_regex", {"column": "s", "regex": regex}
    yield "expect_column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": 2}


def about_several_columns():
    for more in PAIRS:
        numbers, texts = {"column_A": "i", "column_B": "j", **more}, {"column_A": "s", "column_B": "t", **more}
        yield "expect_column_pair_values_a_to_be_greater_than_b", numbers
        yield "expect_column_pair_values_a_to_be_greater_than_b", {**numbers, "column_B": "x", "or_equal": True}
        yield "expect_column_pair_values_to_be_equal", numbers
        yield "expect_column_pair_values_to_be_equal", {**texts, "mostly": 0.5}
    for more in LISTS:
        yield "expect_compound_columns_to_be_unique", {"column_list": ["x", "s"], **more}
        yield "expect_compound_columns_to_be_unique", {"column_list": ["e", "t"], **more}
        yield "expect_multicolumn_sum_to_equal", {"column_list": ["i", "j"], "sum_total": 3, **more}


def about_the_table():
    yield "expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 4}
    yield "expect_table_row_count_to_be_between", {"max_value": 5}
    yield "expect_table_row_count_to_equal", {"value": 5}


def rules():
    """Every expectation, with the arguments that could make engines differ."""
    kinds = (about_presence, about_sets, about_bounds, about_texts, about_several_columns, about_the_table)
    return [Rule(kind, kwargs) for asked in kinds for kind, kwargs in asked()]


def judged(engine, frame, asked):
    def plain(outcome):
        observed = outcome.observed
        known = observed is not None and not math.isnan(observed) and not outcome.rule.expectation.endswith("_set")
        value = float(f"{observed:.9g}") if known else None
        # The sum of nothing is 0 or nothing; both are fine, and no verdict hangs on it.
        return outcome.passed, outcome.evaluated, outcome.unexpected, value or None

    return [plain(outcome) for outcome in rule_engine(engine).check(frame, asked)]


@pytest.fixture(params=["compiled", "great_expectations"])
def engine(request):
    return request.param


def test_every_expectation_of_the_vocabulary_is_asked():
    assert {rule.expectation for rule in rules()} == set(EXPECTATIONS)


@pytest.mark.parametrize("rows", [slice(0, 5), slice(0, 0), slice(0, 1), slice(2, 3), slice(3, 5)])
def test_engines_agree_on_verdicts_and_counts(rows):
    asked, frame = rules(), FRAME[rows]
    ours, theirs = judged("compiled", frame, asked), judged("great_expectations", frame, asked)
    differing = [(rule, a, b) for rule, a, b in zip(asked, ours, theirs, strict=True) if a != b]
    assert differing == []


@pytest.mark.parametrize("seed", range(3))
def test_engines_agree_on_random_columns(seed):
    chance = random.Random(seed)
    rows = 60
    frame = pl.DataFrame(
        {
            "i": [chance.choice([None, 0, 1, 2, 3, 50]) for _ in range(rows)],
            "j": [chance.choice([None, 0, 1, 2, 3]) for _ in range(rows)],
            "x": [chance.choice([None, NAN, -1.5, 0.0, 2.5, 1e12]) for _ in range(rows)],
            "s": [chance.choice([None, "", "a", "b", "ab", "ü", "a\n"]) for _ in range(rows)],
            "t": [chance.choice([None, "", "a", "b"]) for _ in range(rows)],
            "e": pl.Series([None] * rows, dtype=pl.Int64),
        }
    )
    asked = rules()
    ours, theirs = judged("compiled", frame, asked), judged("great_expectations", frame, asked)
    assert [(rule, a, b) for rule, a, b in zip(asked, ours, theirs, strict=True) if a != b] == []


@pytest.mark.parametrize(
    ("kind", "kwargs", "good", "bad"),
    [
        ("expect_column_values_to_not_be_null", {"column": "v"}, [1, 2], [1, None]),
        ("expect_column_values_to_be_in_set", {"column": "v", "value_set": [1, 2]}, [1, None], [1, 3]),
        ("expect_column_values_to_be_between", {"column": "v", "min_value": 1}, [1, 9], [0, 9]),
        ("expect_column_values_to_be_unique", {"column": "v"}, [1, 2], [1, 1]),
        ("expect_column_mean_to_be_between", {"column": "v", "max_value": 2}, [1, 3], [2, 3]),
        ("expect_table_row_count_to_be_between", {"min_value": 2}, [1, 2], [1]),
    ],
)
def test_accepts_what_holds_and_refuses_what_does_not(engine, kind, kwargs, good, bad):
    rule = Rule(kind, kwargs)
    (fine,) = rule_engine(engine).check(pl.DataFrame({"v": good}), [rule])
    (broken,) = rule_engine(engine).check(pl.DataFrame({"v": bad}), [rule])
    assert (fine.passed, broken.passed) == (True, False)


def test_the_same_rule_may_be_asked_twice_and_order_is_kept(engine):
    asked = [
        Rule("expect_column_values_to_be_between", {"column": "i", "min_value": 2}),
        Rule("expect_column_values_to_be_between", {"column": "i", "max_value": 4}),
        Rule("expect_column_values_to_be_between", {"column": "i", "min_value": 2}),
    ]
    assert [outcome.unexpected for outcome in rule_engine(engine).check(FRAME, asked)] == [1, 1, 1]


def test_no_rules_are_no_outcomes(engine):
    assert rule_engine(engine).check(FRAME, []) == []
