"""Expressions and variables within texts."""

import pytest

from modelyard.delivery.expressions.texts import Embedded, compile_time_parts, expand_macros, runtime_expression
from modelyard.errors import InvalidPipelineError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("plain", ["plain"]),
        ("${{ a }}", [Embedded("a", 0)]),
        ("${{a}}${{b}}", [Embedded("a", 0), Embedded("b", 6)]),
        ("x-${{ a }}-y", ["x-", Embedded("a", 2), "-y"]),
        ("${{ format('}}{0}', 'it''s }}') }}!", [Embedded("format('}}{0}', 'it''s }}')", 0), "!"]),
        ("${{ if eq(a, 'b') }}", [Embedded("if eq(a, 'b')", 0)]),
        ("a\n${{\n  b\n}}\n", ["a\n", Embedded("b", 2), "\n"]),
        ("$[ a ] $(b) ${c} }}", ["$[ a ] $(b) ${c} }}"]),
        ("${{ }}", [Embedded("", 0)]),
    ],
)
def test_a_text_falls_into_what_stays_and_what_is_worked_out(place, text, parts):
    assert compile_time_parts(text, place) == parts


@pytest.mark.parametrize("text", ["${{", "a ${{ b", "${{ 'unclosed }}", "${{ a }} ${{ b }"])
def test_an_expression_that_is_not_closed_is_refused(place, text):
    with pytest.raises(InvalidPipelineError, match=r"azure-pipelines.yml:7: .* not closed"):
        compile_time_parts(text, place)


def test_hostile_texts_are_cut_in_time_that_grows_with_their_length(place):
    with pytest.raises(InvalidPipelineError):
        compile_time_parts("${{ " + "'" * 100_001, place)
    with pytest.raises(InvalidPipelineError):
        compile_time_parts("${{ " + "'a' " * 50_000, place)
    assert len(compile_time_parts("${{ a }}" * 20_000, place)) == 20_000


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("$[ eq(1, 1) ]", "eq(1, 1)"),
        ("$[variables['a']]", "variables['a']"),
        ("$[\n  a\n]", "a"),
        ("x $[ a ]", None),
        ("$[ a ] x", None),
        ("$(a)", None),
        ("", None),
        ("$[", None),
    ],
)
def test_a_runtime_expression_is_the_whole_value(text, expression):
    assert runtime_expression(text) == expression


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(a)", "1"),
        ("$(A)-$(a.b)", "1-2"),
        ("$(unknown) stays", "$(unknown) stays"),
        ("$(date +%s) $(a)", "$(date +%s) 1"),
        ("$($(a))", "$(1)"),
        ("$(unknown $(a))", "$(unknown 1)"),
        ("$() $( $(a", "$() $( $(a"),
        ("$(again)$(AGAIN)", "11"),
        ("$(fa$(part)$(a)", "$(fa.b1"),
        ("$(a$(part))", "$(a.b)"),
        ("$(itself) $(round)", "$(itself) $(Round)!!"),
        ("$(empty)|", "|"),
        ("$$(a)", "$1"),
        ("", ""),
    ],
)
def test_values_are_worked_out_before_they_are_put_in_and_what_they_add_up_to_is_not(text, expanded):
    """`$(a$(part))` as a real organisation answered it: only the inner macro is worked out."""
    values = {"a": "1", "a.b": "2", "part": ".b", "again": "$(a)", "empty": "", "itself": "$(itself)"}
    assert expand_macros(text, {**values, "round": "$(trip)!", "trip": "$(Round)!"}) == expanded


def test_values_that_name_each_other_twice_each_come_to_an_end():
    values = {f"v{n}": f"$(v{n + 1})$(v{n + 1})" for n in range(200)}
    assert len(expand_macros("$(v190)", {**values, "v200": "x"})) == 2**10
    assert len(expand_macros("$(v185)", values)) == len("$(v200)") * 2**15


def test_hostile_macros_take_time_that_grows_with_their_length():
    for text in ("$(" * 100_000, "$(" * 100_000 + ")", ")" * 100_000, "$()" * 100_000):
        assert expand_macros(text, {"a": "1"}) == text
