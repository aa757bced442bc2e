"""The values of an expression, and how the service turns one kind into another.

| from \\ to | Boolean                | Number                  | String                | Version                     |
| --------- | ---------------------- | ----------------------- | --------------------- | --------------------------- |
| Boolean   | itself                 | 1 or 0                  | `True`, `False`       | never                       |
| Null      | False                  | 0                       | empty                 | never                       |
| Number    | False for 0            | itself                  | at most seven places  | if its text is one (`1.2`)  |
| String    | False for the empty    | if it reads as one      | itself                | if it reads as one          |
| Version   | True                   | never                   | its text              | itself                      |
| Time      | True                   | never                   | ISO, space instead T  | never                       |
| Array     | True                   | never                   | never                 | never                       |
| Object    | True                   | never                   | never                 | never                       |

Source: "Type casting" in Microsoft's reference of pipeline expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

LARGEST_NUMBER = 79228162514264337593543950335
"""The service computes with decimals of 96 bits."""
DECIMAL_PLACES = Decimal("0.0000001")
NUMBER = re.compile(r"\s*[+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)\s*", re.ASCII)
VERSION = re.compile(r"\s*[0-9]{1,10}(?:\.[0-9]{1,10}){1,3}\s*", re.ASCII)
LARGEST_PART = 2**31 - 1
"""Of a version."""


class Version(str):
    """A version of two to four numbers. It is its own text, but compares number by number."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[int, ...]:
        """The numbers; a part that is missing is less than 0."""
        return tuple(int(part) for part in self.split("."))


Value = Any
"""None, bool, int, float, str, Version, datetime, a list or a mapping of values by name."""


class ExpressionError(Exception):
    """Something that cannot be worked out; the expression adds where it stands."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_array(value: Value) -> bool:
    """Whether a value is a list of values."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def is_object(value: Value) -> bool:
    """Whether a value has named parts."""
    return isinstance(value, Mapping)


def is_number(value: Value) -> bool:
    """Whether a value is a number; True and False are not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def kind_of(value: Value) -> str:
    """The word that people read for the kind of a value."""
    named = {"Null": value is None, "Boolean": isinstance(value, bool), "Number": is_number(value)}
    named |= {"Version": isinstance(value, Version), "String": isinstance(value, str)}
    named |= {"Time": isinstance(value, datetime), "Array": is_array(value), "Object": is_object(value)}
    return next((name for name, holds in named.items() if holds), type(value).__name__)


def to_boolean(value: Value) -> bool:
    """Truth: nothing, 0 and the empty string are false. The string 'false' is true."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) or is_number(value):
        return value not in ("", 0)
    return True


def to_number(value: Value) -> int | float | None:
    """A number, or None if the value does not read as one."""
    if isinstance(value, Version | datetime):
        return None
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if is_number(value):
        return _plain(Decimal(str(value)))
    return read_number(value) if isinstance(value, str) else None


def read_number(text: str) -> int | float | None:
    """The number that a string stands for: a sign, thousands separators and spaces around it are allowed."""
    if text == "":
        return 0
    if not NUMBER.fullmatch(text):
        return None
    return _plain(Decimal(text.strip().replace(",", "")))


def _plain(number: Decimal) -> int | float | None:
    if not number.is_finite() or not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def to_text(value: Value) -> str | None:
    """A string, or None for an array and an object, which have none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat(sep=" ", timespec="seconds")
    if is_number(value):
        return number_text(value)
    return str(value) if isinstance(value, str) else None


def number_text(value: int | float | Decimal) -> str:
    """A number with at most seven decimal places and no zeros at the end."""
    number = Decimal(str(value))
    if number.is_finite() and number != number.to_integral_value():
        number = number.quantize(DECIMAL_PLACES, rounding=ROUND_HALF_UP, context=Context(prec=400))
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def to_version(value: Value) -> Version | None:
    """A version, or None if the value does not read as one."""
    if isinstance(value, Version):
        return value
    if isinstance(value, bool) or not (isinstance(value, str) or is_number(value)):
        return None
    return read_version(value if isinstance(value, str) else number_text(value))


def read_version(text: str) -> Version | None:
    """The version that a string stands for: two to four numbers with dots between them."""
    if not VERSION.fullmatch(text):
        return None
    parts = [int(part) for part in text.strip().split(".")]
    return Version(".".join(map(str, parts))) if max(parts) <= LARGEST_PART else None


def text_of(value: Value) -> str:
    """A string, for a function that takes only strings.

    Raises:
        ExpressionError: an array or an object, which has no text.
    """
    text = to_text(value)
    if text is None:
        raise ExpressionError(
            f"{kind_of(value)} found where a string is needed",
            hint="Name one of its parts, or make it text with join(', ', ...) or convertToJson(...).",
        )
    return text
