"""What is an expression and what is not. The rows are what the service was seen to take and to refuse."""

import pytest

from modelyard.delivery.expressions.parsing import DEEPEST, LONGEST, MOST_PARTS
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Root


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("42", 42),
        ("-1.2", -1.2),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1.", 1),
        ("'a b c'", "a b c"),
        ("'It''s'", "It's"),
        ("''", ""),
        ("''''", "'"),
        ("1.2.3", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("  eq ( 1 ,\n 1 )  ", True),
    ],
)
def test_reads_what_the_service_reads(value_of, text, value):
    assert value_of(text) == value
    assert type(value_of(text) == value) is bool


def test_keeps_names_arguments_and_parts_apart(read):
    assert read("EQ(variables['a'], b.c.*[0])").node == Call(
        "eq",
        (
            Index(Root("variables"), Literal("a")),
            Index(Every(Index(Root("b"), Literal("c"))), Literal(0)),
        ),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an expression is missing"),
        ("   ", "an expression is missing"),
        ("1 == 1", "There are no operators: use eq(a, b)"),
        ("a && b", "There are no operators"),
        ("!true", "There are no operators"),
        ("(true)", "`(` at character 1 stands where a value is expected"),
        ('eq("a", 1)', "Strings are written in single quotes"),
        ("eq('a, 1)", "`'a, 1)` at character 4 is not closed"),
        ("eq(1, 1", "it ends where the `)` of eq( at character 1 is missing"),
        ("eq(1, 1))", "`)` at character 9 stands where the end of the expression is expected"),
        ("eq(1, )", "`)` at character 7 stands where a value is expected"),
        ("eq(1 1)", "`1` at character 6 stands where `,` or the `)` of eq( at character 1 is expected"),
        ("eq(1)", "eq takes 2 arguments, and 1 is given"),
        ("eq(1, 2, 3)", "eq takes 2 arguments, and 3 are given"),
        ("not()", "not takes 1 argument, and 0 are given"),
        ("in('a')", "in takes 2 or more arguments"),
        ("iif(true, 1)", "iif(test, a, b): a if the test is true, else b"),
        ("counter('a', 1, 2)", "counter takes 1 to 2 arguments"),
        ("always('a')", "always takes 0 arguments"),
        ("suceeded()", "there is no function suceeded"),
        ("suceeded()", "Did you mean succeeded?"),
        ("frobnicate()", "Known here: always, and,"),
        ("succeeded", "succeeded at character 1 is a function"),
        ("null", "null cannot be written"),
        ("ne(a.b, Null)", "nothing equals the empty string"),
        ("a.", "it ends where the name after a dot is missing"),
        ("a.9num", "write ['9num'] instead"),
        ("a.b-c", "write ['b-c'] instead"),
        ("a[]", "`]` at character 3 stands where a value is expected"),
        ("a[1", "it ends where the `]` of the `[` at character 2 is missing"),
        ("a[1, 2]", "stands where the `]` of the `[`"),
        ("a*", "`a*` at character 1 is not a name"),
        ("*", "`*` at character 1 stands where a value is expected"),
        ("'a'.b", "`.` at character 4 stands where the end"),
        ("a b", "`b` at character 3 stands where the end"),
        ("$(name)", "a variable is written variables['name']"),
        ("1e3", "`1e3` at character 1 is no number and no version"),
        ("0x1F", "is no number and no version"),
        ("+1", "`+1` at character 1 is not a name"),
        ("1..2", "is no number and no version"),
        ("-1.2.3", "is no number and no version"),
        ("1.2.3.4.5", "is no number and no version"),
        ("1.2.99999999999", "is no number and no version"),
    ],
)
def test_refuses_what_the_service_refuses_and_says_where_and_what_instead(refusal, text, says):
    message = refusal(text)
    assert says in message
    assert message.startswith("azure-pipelines.yml:7: ")


def test_quotes_a_long_expression_shortly_and_on_one_line(refusal):
    message = refusal("and(\n  true,\n  " + "a" * 100 + "\n  nonsense)")
    assert "in the expression `and( true, aaa" in message
    assert "\n" not in message
    assert "...`" in message


def test_allows_arguments_as_deep_as_the_service_and_not_deeper(value_of, refusal):
    assert value_of("not(" * (DEEPEST - 1) + "false" + ")" * (DEEPEST - 1)) is True
    assert f"more than {DEEPEST} deep" in refusal("not(" * DEEPEST + "false" + ")" * DEEPEST)
    assert f"more than {DEEPEST} deep" in refusal("a[" * 5000)


def test_parts_of_a_value_do_not_count_as_depth_but_have_a_limit_of_their_own(value_of, refusal):
    assert value_of("variables" + ".a" * MOST_PARTS, variables={}) is None
    assert value_of("variables" + "['a']" * 60, variables={}) is None
    assert f"more than {MOST_PARTS} parts" in refusal("variables" + ".a" * (MOST_PARTS + 1))


def test_refuses_an_expression_that_is_longer_than_the_service_allows(refusal):
    assert f"{LONGEST} are allowed" in refusal("'" + "a" * LONGEST + "'")


def test_names_of_functions_and_values_are_found_in_any_case(value_of):
    assert value_of("UPPER(VARIABLES.Name)", variables={"name": "a"}) == "A"


def test_a_function_of_the_context_may_have_any_name_and_any_arguments(place):
    from modelyard.delivery.expressions.evaluating import Context, evaluate

    context = Context({}, {"hashFiles": lambda *names: "/".join(names)})
    assert evaluate("HASHFILES('a', 'b')", context, place) == "a/b"
