"""Every function, by an example of each rule."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from modelyard.delivery.expressions import functions, working
from modelyard.delivery.expressions.declaring import COUNTING, GENERAL, STATUS, declared
from modelyard.delivery.expressions.status import Status, status_functions

VALUES = {
    "list": ["Alpha", {"nested": 1}, "", 2],
    "object": {"alpha": "one", "Beta": ["two", 3], "empty": {}, "none": None, "flag": True},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("and(true, 1, 'a')", True),
        ("and(true, '')", False),
        ("or('', 0, 'a')", True),
        ("or(false, '')", False),
        ("not('')", True),
        ("not('false')", False),
        ("xor(true, '')", True),
        ("xor(1, 'a')", False),
        ("in('B', 'a', 'b')", True),
        ("in(1, 'x', '1')", True),
        ("in('B', 'a')", False),
        ("notIn('D', 'a', 'b')", True),
        ("notIn('A', 'a')", False),
        ("coalesce('', variables.none, 0, 'a')", 0),
        ("coalesce(variables.none, false)", False),
        ("coalesce('', '')", None),
        ("contains('ABCDE', 'bcd')", True),
        ("contains('abc', '')", True),
        ("contains(12345, 34)", True),
        ("contains('abc', 'x')", False),
        ("containsValue(parameters.list, 'ALPHA')", True),
        ("containsValue(parameters.list, '2')", True),
        ("containsValue(parameters.list, 3)", False),
        ("containsValue(parameters.object, 'ONE')", True),
        ("containsValue('abc', 'abc')", False),
        ("startsWith('ABCDE', 'ab')", True),
        ("startsWith(12345, '123')", True),
        ("startsWith('abc', 'b')", False),
        ("endsWith('ABCDE', 'de')", True),
        ("endsWith('abc', 'b')", False),
        ("format('{1}-{0}-{1}', 'a', 'b')", "b-a-b"),
        ("format('{{{0}}} {{ and }}', 'x')", "{x} { and }"),
        ("format('{0}{1}{2}', true, variables.none, 1.50)", "True1.5"),
        ("format('as it is')", "as it is"),
        ("iif(true, 'yes', 'no')", "yes"),
        ("iif('', 'yes', 'no')", "no"),
        ("join(';', parameters.list)", "Alpha;;;2"),
        ("join('-', 12)", "12"),
        ("join('-', parameters.object)", ""),
        ("join('-', split('a', ','))", "a"),
        ("substring('abcdef1234567890', 0, 7)", "abcdef1"),
        ("substring('Hello small World', '6', 5)", "small"),
        ("substring('abc', 3, 0)", ""),
        ("length('fabrikam')", 8),
        ("length('')", 0),
        ("length(123)", 3),
        ("length(parameters.list)", 4),
        ("length(parameters.object)", 5),
        ("lower('FOOÄ')", "fooä"),
        ("upper('bahäß')", "BAHÄß"),
        ("trim('  a b\n')", "a b"),
        ("replace('AaA', 'a', 'x')", "AxA"),
        ("replace('a.b.c', '.', '')", "abc"),
        ("replace('abc', '', 'x')", "abc"),
        ("split('a,,b,', ',')", ["a", "", "b", ""]),
        ("split('a,b;c', ',;')", ["a,b;c"]),
        ("split('abc', '')", ["abc"]),
        ("split('a-b', '-')[1]", "b"),
    ],
)
def test_does_what_the_service_does(value_of, text, value):
    found = value_of(text, variables={}, parameters=VALUES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contains(parameters.list, 'Alpha')", "Use containsValue(values, value)"),
        ("contains('abc', parameters.list)", "Array found where a string is needed"),
        ("upper(parameters.object)", "Object found where a string is needed"),
        ("format('{0')", "`{` that is no place for a value"),
        ("format('{0', 'a')", "`{` that is no place for a value"),
        ("format('0}', 'a')", "`}` that is no place for a value"),
        ("format('{}', 'a')", "Places are {0}, {1}"),
        ("format('{a}', 'a')", "no place for a value"),
        ("format('{1}', 'a')", "asks for value {1}, and 1 are given"),
        ("format('{0}', parameters.list)", "Array found where a string is needed"),
        ("format('{0:yyyy}', 'a')", "Only a time takes a form"),
        ("iif(true, 'yes', lt(1, 'bad'))", "cannot compare"),
        ("substring('abc', 1, 3)", "takes 3 characters from place 1 of a text that has 3"),
        ("substring('abc', -1, 1)", "from place -1"),
        ("substring('abc', 1, -1)", "takes -1 characters"),
        ("substring('abc', 'x', 1)", "from place x"),
    ],
)
def test_refuses_values_that_the_service_refuses(refusal, text, says):
    assert says in refusal(text, parameters=VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "and(false, lt(1, 'bad'))",
        "or(true, lt(1, 'bad'))",
        "in('a', 'a', lt(1, 'bad'))",
        "notIn('a', 'a', lt(1, 'bad'))",
        "coalesce('a', lt(1, 'bad'))",
    ],
)
def test_stops_as_soon_as_the_outcome_is_clear(value_of, text):
    value_of(text)


def test_json_keeps_the_kinds_of_values_and_is_indented_by_two_spaces(value_of):
    assert value_of("convertToJson(parameters.object)", parameters=VALUES) == (
        '{\n  "alpha": "one",\n  "Beta": [\n    "two",\n    3\n  ],\n  "empty": {},\n  "none": null,\n  "flag": true\n}'
    )
    assert value_of("convertToJson('a\"ä')") == '"a\\"ä"'
    assert value_of("convertToJson(1.2.3)") == '"1.2.3"'
    assert value_of("convertToJson(parameters.none)", parameters={"none": []}) == "[]"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("yyyyMMdd", "20260304"),
        ("yy\\-M\\-d", "26-3-4"),
        ("HH\\:mm\\:ss", "05:06:07"),
        ("H m s", "5 6 7"),
        ("fff", "012"),
        ("fffffff", "0123450"),
        ("yyyy\\y", "2026y"),
        ("HH zzz", "05 +02:00"),
        ("\\{{yy\\}}", "{26}"),
    ],
)
def test_a_time_is_written_in_the_form_that_is_asked_for(value_of, form, text):
    start = datetime(2026, 3, 4, 5, 6, 7, 12345, tzinfo=timezone(timedelta(hours=2)))
    assert value_of(f"format('{{0:{form}}}', pipeline.startTime)", pipeline={"startTime": start}) == text


def test_a_form_with_an_unknown_sign_names_those_that_exist(refusal):
    start = datetime(2026, 3, 4, tzinfo=UTC)
    message = refusal("format('{0:yyyQ}', pipeline.startTime)", pipeline={"startTime": start})
    assert "`yyy` in the form `yyyQ` means nothing" in message
    assert "yyyy, yy" in message


def test_a_counter_needs_somebody_who_counts(place, refusal):
    from modelyard.delivery.expressions.evaluating import Context, evaluate

    assert "where something keeps count" in refusal("counter('a', 1)")
    context = Context({}, {"counter": lambda prefix, seed=0: seed + len(prefix)})
    assert evaluate("counter('ab', 100)", context, place) == 102


@pytest.mark.parametrize("name", ["succeeded", "failed", "succeededOrFailed", "always", "canceled"])
def test_questions_about_what_ran_have_no_answer_outside_a_condition(refusal, name):
    assert "works only in a condition" in refusal(f"{name}()")


def test_every_documented_function_exists_and_says_what_it_does():
    lazy = {"and", "or", "in", "notIn", "coalesce"}
    for function in GENERAL:
        assert (functions.named(function.name) is None) == (function.name in lazy), function.name
        assert (working._lazily(function.name) is not None) == (function.name in lazy), function.name
    assert set(status_functions(Status())) == {function.name for function in STATUS}
    assert [function.name for function in COUNTING] == ["counter"]
    assert all(function.does and function.takes.startswith("(") for function in declared().values())
