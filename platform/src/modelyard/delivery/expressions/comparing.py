"""Equality and order as the service knows them: the right value is turned into the kind of the left one."""

from __future__ import annotations

from datetime import datetime

from modelyard.delivery.expressions.lexing import shortened
from modelyard.delivery.expressions.values import (
    ExpressionError,
    Value,
    Version,
    is_array,
    is_number,
    is_object,
    kind_of,
    to_boolean,
    to_number,
    to_text,
    to_version,
)


def equal(left: Value, right: Value) -> bool:
    """Whether two values are equal; strings without regard to case. A value that cannot be converted is not equal.

    Arrays and objects are equal only to themselves.
    """
    if is_array(left) or is_object(left):
        return left is right
    if left is None:
        return right is None or (isinstance(right, str) and right == "")
    pair = _alike(left, right)
    return pair is not None and bool(pair[0] == pair[1])


def compare(left: Value, right: Value) -> int:
    """Less than 0, 0 or more than 0, as `left` stands to `right`. Nothing counts as 0.

    Raises:
        ExpressionError: one of them cannot be converted.
    """
    start = left
    if left is None or is_array(left) or is_object(left):
        start = to_number(left)
    pair = None if start is None else _alike(start, right)
    if pair is None:
        raise ExpressionError(
            f"cannot compare {kind_of(left)} {_shown(left)} with {kind_of(right)} {_shown(right)}",
            hint="The right value is converted to the kind of the left one; make both the same kind.",
        )
    return int(pair[0] > pair[1]) - int(pair[0] < pair[1])


def fold(text: str) -> str:
    """A string as it is compared: without regard to case, character by character."""
    return "".join(upper if len(upper := character.upper()) == 1 else character for character in text)


def _alike(left: Value, right: Value) -> tuple[Value, Value] | None:
    """Both values as the left one's kind, or None if the right one cannot be converted."""
    if isinstance(left, bool):
        return left, to_boolean(right)
    if isinstance(left, datetime):
        return _times(left, right)
    if is_number(left):
        pair = to_number(left), to_number(right)
        return None if None in pair else pair
    if isinstance(left, Version):
        version = to_version(right)
        return None if version is None else (left.parts, version.parts)
    text = to_text(right)
    return None if text is None else (fold(str(left)), fold(text))


def _times(left: datetime, right: Value) -> tuple[datetime, datetime] | None:
    """Both as moments; a time without a zone is in the zone of the left one."""
    if isinstance(right, str):
        try:
            right = datetime.fromisoformat(right.strip())
        except ValueError:
            return None
    if not isinstance(right, datetime):
        return None
    return left, right if (right.tzinfo is None) == (left.tzinfo is None) else right.replace(tzinfo=left.tzinfo)


def _shown(value: Value) -> str:
    text = to_text(value)
    return "" if text is None else shortened(text)
