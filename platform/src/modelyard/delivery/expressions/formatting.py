"""`format('{0} and {1:yyyy}', ...)`."""

from __future__ import annotations

import re
from datetime import datetime

from modelyard.delivery.expressions.lexing import shortened
from modelyard.delivery.expressions.values import ExpressionError, Value, kind_of, text_of

PIECE = re.compile(r"\{\{|\}\}|\{(?P<index>[0-9]{1,3})(?::(?P<specifiers>(?:[^{}]|\{\{|\}\})*))?\}|[{}]")
SPECIFIER = re.compile(r"\\.|(.)\1*", re.DOTALL)


def fill_in(template: Value, *values: Value) -> str:
    """A text with values in the places of `{0}`, `{1}` and so on; `{{` and `}}` stand for braces.

    `{0:yyyyMMdd}` writes a time; other values take no form. Source of the signs: .NET's date and time formats.

    Raises:
        ExpressionError: a brace without its partner, or an index without a value.
    """
    text = text_of(template)
    return PIECE.sub(lambda match: _piece(match, text, values), text)


def _piece(match: re.Match[str], text: str, values: tuple[Value, ...]) -> str:
    if match.group() in ("{{", "}}"):
        return match.group()[0]
    if match.group("index") is None:
        raise ExpressionError(
            f"format's text {shortened(text)} has a `{match.group()}` that is no place for a value",
            hint="Places are {0}, {1}, ...; a brace itself is written {{ or }}.",
        )
    index = int(match.group("index"))
    if index >= len(values):
        raise ExpressionError(
            f"format's text {shortened(text)} asks for value {{{index}}}, and {len(values)} are given",
            hint="The first value is {0}; give one for each place.",
        )
    return _shown(values[index], (match.group("specifiers") or "").replace("{{", "{").replace("}}", "}"))


def _shown(value: Value, specifiers: str) -> str:
    if not specifiers:
        return text_of(value)
    if not isinstance(value, datetime):
        raise ExpressionError(
            f"format has the form `{specifiers}` for a {kind_of(value)}", hint="Only a time takes a form: {0:yyyyMMdd}."
        )
    return "".join(_moment(value, match.group(), specifiers) for match in SPECIFIER.finditer(specifiers))


def _moment(value: datetime, sign: str, specifiers: str) -> str:
    if sign.startswith("\\") and sign != "\\":
        return sign[1:]
    if sign.isspace():
        return sign
    known = _signs(value)
    if sign not in known:
        allowed = ", ".join(known)
        raise ExpressionError(f"`{sign}` in the form `{specifiers}` means nothing", hint=f"Known are {allowed}.")
    return known[sign]


def _signs(value: datetime) -> dict[str, str]:
    zone = value.strftime("%z") or "+0000"
    offset = f"{zone[:3]}:{zone[3:5]}"
    ticks = f"{value.microsecond:06d}0"
    signs = {"yyyy": f"{value.year:04d}", "yy": f"{value.year % 100:02d}"}
    for sign, number in {
        "M": value.month,
        "d": value.day,
        "H": value.hour,
        "m": value.minute,
        "s": value.second,
    }.items():
        signs |= {sign * 2: f"{number:02d}", sign: str(number)}
    signs |= {"f" * count: ticks[:count] for count in range(1, 8)}
    return signs | {"zzz": offset, "K": offset}
