"""The functions of expressions that look only at their arguments.

`and`, `or`, `in`, `notIn` and `coalesce` are in `working`, because they stop as soon as the outcome is clear;
`succeeded` and its kin are in `status`; a counter is given by whoever keeps count. Source: Microsoft's reference of
expressions; where it is silent or says otherwise, what the service was seen to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelyard.delivery.expressions.comparing import compare, equal, fold
from modelyard.delivery.expressions.formatting import fill_in
from modelyard.delivery.expressions.jsons import to_json
from modelyard.delivery.expressions.values import (
    ExpressionError,
    Value,
    is_array,
    is_object,
    kind_of,
    text_of,
    to_boolean,
    to_number,
    to_text,
)

Function = Callable[..., Value]


def named(name: str) -> Function | None:
    """The function of this name, spelt as it is documented."""
    known: dict[str, Function] = {
        "contains": contains,
        "containsValue": contains_value,
        "convertToJson": to_json,
        "endsWith": ends_with,
        "eq": equal,
        "format": fill_in,
        "ge": lambda left, right: compare(left, right) >= 0,
        "gt": lambda left, right: compare(left, right) > 0,
        "iif": lambda test, left, right: left if to_boolean(test) else right,
        "join": join,
        "le": lambda left, right: compare(left, right) <= 0,
        "length": length,
        "lower": lower,
        "lt": lambda left, right: compare(left, right) < 0,
        "ne": lambda left, right: not equal(left, right),
        "not": lambda value: not to_boolean(value),
        "replace": replace,
        "split": split,
        "startsWith": starts_with,
        "substring": substring,
        "trim": trim,
        "upper": upper,
        "xor": lambda left, right: to_boolean(left) != to_boolean(right),
    }
    return known.get(name)


def contains(text: Value, piece: Value) -> bool:
    """Whether a string has another one in it, without regard to case. For an array there is containsValue."""
    return fold(text_of(piece)) in fold(_text_to_search(text))


def contains_value(values: Value, value: Value) -> bool:
    """Whether an item of an array, or a value of an object, equals `value`, once converted to the kind of `value`."""
    items: Sequence[Value] = list(values.values()) if is_object(values) else values if is_array(values) else ()
    return any(equal(value, item) for item in items)


def ends_with(text: Value, piece: Value) -> bool:
    """Whether a string ends with another one, without regard to case."""
    return fold(text_of(text)).endswith(fold(text_of(piece)))


def starts_with(text: Value, piece: Value) -> bool:
    """Whether a string starts with another one, without regard to case."""
    return fold(text_of(text)).startswith(fold(text_of(piece)))


def join(separator: Value, values: Value) -> str:
    """The items of an array as one string; an array or an object among them is empty. A single value is its text."""
    if is_array(values):
        return text_of(separator).join(to_text(item) or "" for item in values)
    return to_text(values) or ""


def length(value: Value) -> int:
    """How many characters a string has, items an array, or properties an object."""
    return len(value) if is_array(value) or is_object(value) else len(text_of(value))


def lower(value: Value) -> str:
    """A string in small letters, character by character."""
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text_of(value))


def upper(value: Value) -> str:
    """A string in capital letters, character by character."""
    return fold(text_of(value))


def trim(value: Value) -> str:
    """A string without white space at its ends."""
    return text_of(value).strip()


def replace(text: Value, old: Value, new: Value) -> str:
    """A string with every `old` in it replaced by `new`; case counts. Looking for the empty string changes nothing."""
    wanted = text_of(old)
    return text_of(text).replace(wanted, text_of(new)) if wanted else text_of(text)


def split(text: Value, separator: Value) -> list[str]:
    """The pieces of a string between the separators, empty ones included. The separator counts as a whole."""
    mark = text_of(separator)
    return text_of(text).split(mark) if mark else [text_of(text)]


def substring(text: Value, start: Value, count: Value) -> str:
    """So many characters of a string, from a place counted from 0. Not documented, and seen to work.

    Raises:
        ExpressionError: The string has no such part.
    """
    whole, first, wanted = text_of(text), to_number(start), to_number(count)
    if first is None or wanted is None or not 0 <= int(first) <= int(first) + int(wanted) <= len(whole) or wanted < 0:
        raise ExpressionError(
            f"substring takes {to_text(count)} characters from place {to_text(start)} of a text that has {len(whole)}",
            hint="Places are counted from 0, and what is taken must be there.",
        )
    return whole[int(first) :][: int(wanted)]


def _text_to_search(value: Value) -> str:
    if is_array(value) or is_object(value):
        raise ExpressionError(
            f"contains looks into a String, and {kind_of(value)} is given", hint="Use containsValue(values, value)."
        )
    return text_of(value)
