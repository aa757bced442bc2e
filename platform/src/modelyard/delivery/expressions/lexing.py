"""The words of an expression.

The rules are those of the service: strings in single quotes, `''` for a quote inside one, names of letters, digits and
`_`, numbers that begin with a digit, `-` or `.`, and versions of three or four numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from modelyard.delivery.expressions.values import ExpressionError, Value, read_number, read_version

Kind = Literal["name", "property", "value", "(", ")", "[", "]", ",", ".", "*"]
MARKS: tuple[Kind, ...] = ("(", ")", "[", "]", ",", "*")
WORD = re.compile(r"[^\s\[\]().,]+")
NUMERIC = re.compile(r"[^\s\[\](),]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){2,3}", re.ASCII)
STRING = re.compile(r"'((?:[^']|'')*)'")
BEFORE_A_VALUE: tuple[Kind | None, ...] = (None, ",", "[", "(")
"""After one of these a dot begins a number."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word."""

    kind: Kind
    text: str
    """As it is written."""
    at: int
    """Characters before it."""
    value: Value = None
    """Of a literal."""


def tokenize(text: str) -> list[Token]:
    """The words of an expression, in order.

    Raises:
        ExpressionError: something that cannot be a word; the message says what and after how many characters.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _next(text, at, before=tokens[-1].kind if tokens else None)
        tokens.append(token)
        at += len(token.text)
    return tokens


def _next(text: str, at: int, *, before: Kind | None) -> Token:
    start = text[at]
    for mark in MARKS:
        if start == mark:
            return Token(mark, start, at)
    if start == "'":
        return _string(text, at)
    if start == "." and before not in BEFORE_A_VALUE:
        return Token(".", start, at)
    if start in "-.0123456789" and before != ".":
        return _number(text, at)
    return _word(text, at, is_property=before == ".")


def _string(text: str, at: int) -> Token:
    match = STRING.match(text, at)
    if match is None:
        raise ExpressionError(
            f"the string {shortened(text[at:])} at character {at + 1} is not closed",
            hint="End it with a single quote; a quote inside a string is written twice: 'it''s'.",
        )
    return Token("value", match.group(), at, match.group(1).replace("''", "'"))


def _number(text: str, at: int) -> Token:
    match = NUMERIC.match(text, at)
    found = match.group() if match else text[at]
    value: Value = None
    if NUMBER.fullmatch(found):
        value = read_number(found)
    elif VERSION.fullmatch(found):
        value = read_version(found)
    if value is None:
        raise ExpressionError(
            f"{shortened(found)} at character {at + 1} is no number and no version",
            hint="Numbers look like 1, -1.5 or .5, versions like 1.2.3; write text in single quotes.",
        )
    return Token("value", found, at, value)


def _word(text: str, at: int, *, is_property: bool) -> Token:
    match = WORD.match(text, at)
    found = match.group() if match else text[at]
    if not NAME.fullmatch(found):
        raise ExpressionError(
            f"{shortened(found)} at character {at + 1} is not a name", hint=_hint(found, is_property=is_property)
        )
    if is_property:
        return Token("property", found, at)
    if found.lower() in ("true", "false"):
        return Token("value", found, at, found.lower() == "true")
    return Token("name", found, at)


def _hint(found: str, *, is_property: bool) -> str:
    if found.startswith('"'):
        return "Strings are written in single quotes: 'text'."
    if found.startswith("$"):
        return "Inside an expression a variable is written variables['name'], a parameter parameters.name."
    if any(sign in found for sign in "=<>!&|"):
        return "There are no operators: use eq(a, b), ne, lt, le, gt, ge, and(a, b), or, not."
    if is_property:
        return f"A name has only letters, digits and _ after a dot; write ['{found}'] instead."
    return "Names have only letters, digits and _; write text in single quotes."


def shortened(text: str, most: int = 60) -> str:
    """A piece of an expression, as a message quotes it."""
    line = " ".join(text.split())
    return f"`{line}`" if len(line) <= most else f"`{line[: most - 3]}...`"
