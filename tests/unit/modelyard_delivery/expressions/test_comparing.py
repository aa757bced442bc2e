"""Equality and order: the right value becomes what the left one is."""

from datetime import UTC, datetime

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "eq('ABC', 'abc')",
        "eq('Ä', 'ä')",
        "eq(1, '1')",
        "eq(1, ' 1.0 ')",
        "eq(.5, '0.5')",
        "eq(1000, '1,000')",
        "eq('0.5', .5)",
        "eq('1000', 1000)",
        "eq(True, 'false')",
        "eq(False, '')",
        "eq('true', True)",
        "eq(variables.none, '')",
        "eq('', variables.none)",
        "eq(0, variables.none)",
        "eq(variables.none, variables.none)",
        "eq(1.2.3, '1.2.3')",
        "eq('1.2.3', 1.2.3)",
        "ne(1.2.0, '1.2')",
        "ne(1, 'x')",
        "ne(variables.none, 0)",
        "ne('a', parameters.list)",
        "eq(parameters.list, parameters.list)",
        "ne(parameters.list, parameters.same)",
        "ne(parameters.list, 'a')",
        "lt(False, True)",
        "lt('alpha', 'BETA')",
        "gt(1.10.0, 1.9.0)",
        "lt(1.10, 1.9)",
        "lt(1.2.0, '1.3')",
        "lt(1.2.0, 1.3)",
        "lt(1.2.3, 1.10.0)",
        "le(2, '2')",
        "ge('b', 'B')",
        "lt(variables.none, 1)",
        "gt(2, variables.none)",
    ],
)
def test_compares_as_the_service_does(value_of, text):
    assert value_of(text, variables={}, parameters={"list": ["a"], "same": ["a"]}) is True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lt(1, 'x')", "cannot compare Number `1` with String `x`"),
        ("ge(1.2.3, 'x')", "cannot compare Version `1.2.3` with String `x`"),
        ("gt(parameters.list, parameters.list)", "cannot compare Array"),
        ("gt('a', parameters.list)", "cannot compare String `a` with Array"),
    ],
)
def test_refuses_to_order_what_cannot_be_converted(refusal, text, says):
    assert says in refusal(text, parameters={"list": []})


def test_a_time_is_compared_with_a_time_in_words(value_of, refusal):
    start = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert value_of("gt(pipeline.startTime, '2026-03-04 11:59:59')", pipeline={"startTime": start}) is True
    assert value_of("eq(pipeline.startTime, '2026-03-04T13:00:00+01:00')", pipeline={"startTime": start}) is True
    assert value_of("eq(pipeline.startTime, 'noon')", pipeline={"startTime": start}) is False
    assert value_of("eq(pipeline.startTime, 12)", pipeline={"startTime": start}) is False
    assert "cannot compare Time" in refusal("lt(pipeline.startTime, 'noon')", pipeline={"startTime": start})


def test_what_is_no_number_at_all_equals_nothing(value_of, refusal):
    assert value_of("eq(loop, loop)", loop=float("nan")) is False
    assert "cannot compare" in refusal("lt(1, loop)", loop=float("nan"))
