"""Parts of values: by name, by number, and each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor

from modelyard.delivery.expressions.values import Value, is_array, is_object, to_number, to_text


class FilteredArray(list[Value]):
    """What `*` gives: a part of it is that part of each item which has it."""

    __slots__ = ()


class OpenParameters(dict[str, Value]):
    """The parameters of a template of the old form: what nobody declared and nobody gave is nothing, and no mistake."""

    __slots__ = ()


def part_of(value: Value, key: Value, *, any_case: bool) -> Value:
    """One part. A name that is missing, an index beyond the end and a part of nothing are all nothing.

    Args:
        value: What the part is of.
        key: A name, or the number of an item, counted from 0; a fraction is cut off.
        any_case: Whether names of objects are found without regard to case.
    """
    if isinstance(value, FilteredArray):
        return FilteredArray(found for item in value for found in _found(item, key, any_case=any_case))
    return next(iter(_found(value, key, any_case=any_case)), None)


def every_part(value: Value) -> FilteredArray:
    """All items of an array, all values of an object; of a filtered array, those of its items."""
    if isinstance(value, FilteredArray):
        return FilteredArray(part for item in value for part in _parts(item))
    return FilteredArray(_parts(value))


def find_named(named: Mapping[str, Value], name: str) -> tuple[Value, ...]:
    """The value of a name without regard to case; empty if there is none. The exact spelling wins."""
    if name in named:
        return (named[name],)
    lowered = name.lower()
    return tuple(value for known, value in named.items() if str(known).lower() == lowered)[:1]


def _found(value: Value, key: Value, *, any_case: bool) -> tuple[Value, ...]:
    if is_object(value):
        name = to_text(key)
        if name is None:
            return ()
        return find_named(value, name) if any_case else tuple(part for known, part in value.items() if known == name)
    if is_array(value):
        number = to_number(key)
        return tuple(value[floor(number) :][:1]) if number is not None and number >= 0 else ()
    return ()


def _parts(value: Value) -> Iterable[Value]:
    if is_object(value):
        return list(value.values())
    return list(value) if is_array(value) else ()
