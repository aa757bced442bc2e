"""What holds for any expression and any text."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.delivery.expressions.comparing import compare, equal
from modelyard.delivery.expressions.declaring import GENERAL
from modelyard.delivery.expressions.evaluating import Context
from modelyard.delivery.expressions.looking import find_roots
from modelyard.delivery.expressions.parsing import parse
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Root
from modelyard.delivery.expressions.texts import Embedded, compile_time_parts, expand_macros, runtime_expression
from modelyard.delivery.expressions.values import ExpressionError, Version, number_text, to_number, to_text, to_version
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

HERE = Place("a.yml", 1)
FEW = settings(max_examples=150, deadline=None)
NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=8).filter(
    lambda name: (
        name.lower() not in {"true", "false", "null", *(function.name.lower() for function in GENERAL)}
        and name.lower() not in {"always", "canceled", "failed", "succeeded", "succeededorfailed", "counter"}
    )
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=12),
    st.just(Version("1.2.3")),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
LITERALS = st.one_of(
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.decimals(-(10**6), 10**6, places=4).map(to_number),
    st.text(max_size=12),
    st.lists(st.integers(0, 999), min_size=3, max_size=4).map(lambda parts: Version(".".join(map(str, parts)))),
).map(Literal)
WORDS = st.sampled_from(
    [
        *("eq(", "and(", "format(", "split(", "join(", "not(", "lt(", "'", "''", "'{0}'", "{0:yyyy}", "a", "variables"),
        *(".", "[", "]", "*", ")", "(", ",", " ", "\n", "1", "-1", "1.2.3", "true", "null", "==", '"', "ä", "\x00"),
        *("$(", "$[", "${{", "}}"),
    ]
)


def _calls(inner):
    few = [function for function in GENERAL if function.least <= 3]
    return st.sampled_from(few).flatmap(
        lambda function: st.lists(inner, min_size=function.least, max_size=function.least).map(
            lambda arguments: Call(function.name, tuple(arguments))
        )
    )


def _parts(inner):
    starts = NAMES.map(Root) | _calls(inner)
    once = st.one_of(starts.flatmap(lambda of: inner.map(lambda key: Index(of, key))), starts.map(Every))
    return once | once.flatmap(lambda of: NAMES.map(lambda name: Index(of, Literal(name))))


EXPRESSIONS = st.recursive(LITERALS | NAMES.map(Root), lambda inner: _calls(inner) | _parts(inner), max_leaves=12)


def written(node):
    """An expression as people write it."""
    if isinstance(node, Literal):
        if isinstance(node.value, str) and not isinstance(node.value, Version):
            return "'" + node.value.replace("'", "''") + "'"
        return to_text(node.value)
    if isinstance(node, Root):
        return node.name
    if isinstance(node, Call):
        return f"{node.name}({', '.join(written(argument) for argument in node.arguments)})"
    return written(node.of) + ("[*]" if isinstance(node, Every) else f"[{written(node.key)}]")


@FEW
@given(EXPRESSIONS)
def test_what_is_written_is_read_back_as_it_was(node):
    assert parse(written(node), HERE).node == node


@FEW
@given(EXPRESSIONS)
def test_every_name_and_function_of_an_expression_is_found(node):
    roots = find_roots(parse(written(node), HERE))
    assert set(roots.values) == {part.name for part in _flat(node) if isinstance(part, Root)}
    assert set(roots.functions) == {part.name for part in _flat(node) if isinstance(part, Call)}


def _flat(node):
    yield node
    inner = node.arguments if isinstance(node, Call) else ()
    inner += (node.of,) if isinstance(node, Index | Every) else ()
    inner += (node.key,) if isinstance(node, Index) else ()
    for part in inner:
        yield from _flat(part)


def refusal(text, values):
    """The message with which a text is refused, if it is; any other error is let through."""
    try:
        parse(text, HERE).evaluate(Context(values))
    except InvalidPipelineError as error:
        return error.message
    return None


@FEW
@given(EXPRESSIONS, st.dictionaries(NAMES, VALUES, max_size=4))
def test_an_expression_has_a_value_or_is_refused_with_its_place(node, values):
    known = {part.name: None for part in _flat(node) if isinstance(part, Root)}
    assert (refusal(written(node), {**known, **values}) or "a.yml:1: ").startswith("a.yml:1: ")


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_an_expression_or_refused_with_its_place_on_one_line(text):
    message = refusal(text, {"variables": {"a": "b"}, "a": [1]}) or "a.yml:1: "
    assert message.startswith("a.yml:1: ")
    assert "\n" not in message


@FEW
@given(st.lists(WORDS, max_size=25).map("".join))
def test_a_text_is_its_parts_put_together(text):
    try:
        parts = compile_time_parts(text, HERE)
    except InvalidPipelineError:
        assert "${{" in text
        return
    if not any(isinstance(part, Embedded) for part in parts):
        assert "".join(parts) == text
    assert all(text.startswith("${{", part.at) and part.text in text for part in parts if not isinstance(part, str))
    assert all(part for part in parts if isinstance(part, str))


@FEW
@given(
    st.text("$()ab ", max_size=30), st.dictionaries(st.text("ab", min_size=1, max_size=2), st.text("$()x", max_size=4))
)
def test_a_text_without_known_variables_stays_as_it_is(text, variables):
    if not any(f"$({name})".lower() in text.lower() for name in variables):
        assert expand_macros(text, variables) == text
    assert expand_macros(text, {}) == text


@FEW
@given(st.text(max_size=20).map(str.strip))
def test_the_marks_of_a_runtime_expression_come_off_as_they_went_on(text):
    assert runtime_expression(f"$[ {text} ]") == text


@FEW
@given(VALUES)
def test_a_value_equals_itself_unless_it_is_no_number_at_all(value):
    endless = isinstance(value, float) and to_number(value) is None
    assert equal(value, value) != endless


@FEW
@given(VALUES, VALUES)
def test_order_and_equality_agree_and_turn_around(left, right):
    try:
        order = compare(left, right)
    except ExpressionError:
        return
    if left is not None:
        assert (order == 0) == equal(left, right)
    if type(left) is type(right):
        assert compare(right, left) == -order


@FEW
@given(st.integers(-(10**28), 10**28) | st.decimals(-(10**12), 10**12, places=7).map(to_number))
def test_a_number_survives_as_text(number):
    assert to_number(number_text(number)) == number


@FEW
@given(st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=4))
def test_a_version_survives_as_text(parts):
    assert to_version(".".join(map(str, parts))).parts == tuple(parts)
