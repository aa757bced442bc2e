"""One decoder a feature, compiled when the model is loaded: its values in, a typed column or a refusal out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelyard_bundle import Feature
from modelyard_serving.refusals import RequestRefusedError

Array = NDArray[Any]
Values = Sequence[object] | Array
"""The values of one feature: plain JSON values, or a one-dimensional array of a binary tensor. In an array of floats
NaN is a missing value, for there is no other way to say so."""

_NAMES = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object", NoneType: "null"}
_KINDS: dict[str, tuple[frozenset[type], pl.DataType, str]] = {
    "number": (frozenset({int, float}), pl.Float64(), "a number"),
    "integer": (frozenset({int, float}), pl.Int64(), "a whole number"),
    "boolean": (frozenset({bool}), pl.Boolean(), "true or false"),
    "category": (frozenset({str}), pl.String(), "a text"),
}
_ARRAY_KINDS = {"number": "fiu", "integer": "fiu", "boolean": "b", "category": ""}
"""The kinds of numpy types that a feature takes."""
_INT64 = 2**63
_QUOTED = 3
_QUOTED_LENGTH = 40


@dataclass(frozen=True, slots=True)
class ColumnDecoder:
    """Turns the values of one feature into a column, or says which value is wrong."""

    feature: Feature
    types: frozenset[type]
    dtype: pl.DataType
    wanted: str
    seen: frozenset[str] | None

    @classmethod
    def compile(cls, feature: Feature) -> ColumnDecoder:
        """The decoder for `feature`."""
        types, dtype, wanted = _KINDS[feature.kind]
        return cls(
            feature=feature,
            types=types | {NoneType} if feature.nullable else types,
            dtype=dtype,
            wanted=f"{wanted} or null" if feature.nullable else wanted,
            seen=None if feature.categories is None else frozenset(feature.categories),
        )

    def decode(self, values: Values) -> pl.Series:
        """The values as a column.

        Raises:
            RequestRefusedError: A value is of the wrong type, not finite, or out of range for its type.
        """
        checked = self.check(values)
        if isinstance(checked, np.ndarray):
            return pl.Series(self.feature.name, checked, nan_to_null=True).cast(self.dtype)
        return pl.Series(self.feature.name, checked, dtype=self.dtype)

    def check(self, values: Values) -> Values:
        """The values, each one of its type: what pandas wrote as 7.0 is 7 where a whole number belongs.

        Raises:
            RequestRefusedError: A value is of the wrong type, not finite, or out of range for its type.
        """
        if isinstance(values, np.ndarray):
            return self._checked_array(values)
        if not set(map(type, values)) <= self.types:
            raise self._wrong(values, lambda value: type(value) in self.types)
        if self.feature.kind == "integer":
            return self._whole(values)
        if self.feature.kind == "number" and not all(value is None or _is_finite(value) for value in values):
            raise self._wrong(values, lambda value: value is None or _is_finite(value))
        return values

    def unseen(self, values: Values) -> str | None:
        """A sentence on values that training never saw, if there are any. They are answered all the same."""
        if self.seen is not None:
            return self._unseen_categories(values)
        if self.feature.minimum is None and self.feature.maximum is None:
            return None
        low = -math.inf if self.feature.minimum is None else self.feature.minimum
        high = math.inf if self.feature.maximum is None else self.feature.maximum
        if isinstance(values, np.ndarray):
            outside = int(np.count_nonzero((values < low) | (values > high)))
        else:
            outside = sum(1 for value in values if isinstance(value, int | float) and not low <= value <= high)
        return self.outside(outside, len(values))

    def outside(self, count: int, rows: int) -> str | None:
        """The sentence on `count` of `rows` numbers that lie outside what training saw."""
        if not count:
            return None
        low = -math.inf if self.feature.minimum is None else self.feature.minimum
        high = math.inf if self.feature.maximum is None else self.feature.maximum
        return f"{self.feature.name}: {count} of {rows} values outside {low:g} to {high:g}, as seen in training"

    def _unseen_categories(self, values: Values) -> str | None:
        unknown = sorted({value for value in values if isinstance(value, str)} - (self.seen or frozenset()))
        if not unknown:
            return None
        quoted = ", ".join(repr(value[:_QUOTED_LENGTH]) for value in unknown[:_QUOTED])
        more = f" and {len(unknown) - _QUOTED} more" if len(unknown) > _QUOTED else ""
        return f"{self.feature.name}: {quoted}{more} not seen in training"

    def _whole(self, values: Sequence[object]) -> Sequence[object]:
        if not all(value is None or _is_whole(value) for value in values):
            raise self._wrong(values, lambda value: value is None or _is_whole(value))
        return [int(value) if type(value) is float else value for value in values]

    def _checked_array(self, values: Array) -> Array:
        if values.dtype.kind not in _ARRAY_KINDS[self.feature.kind]:
            raise RequestRefusedError(
                "wrong_type", f"{self.feature.name}: expected {self.wanted}, found values of type {values.dtype}"
            )
        if values.dtype.kind == "f":
            right = np.isfinite(values)
            if self.feature.nullable:
                right |= np.isnan(values)
            if self.feature.kind == "integer":
                right &= np.isnan(values) | ((np.trunc(values) == values) & (abs(values) < _INT64))
        elif values.dtype == np.uint64 and self.feature.kind == "integer":
            right = values < _INT64
        else:
            return values
        if not right.all():
            index = int(np.argmin(right))
            raise self._refusal(index, f"the number {values[index].item()!r:.40}")
        return values

    def _wrong(self, values: Sequence[object], is_right: Callable[[object], bool]) -> RequestRefusedError:
        index = next(index for index, value in enumerate(values) if not is_right(value))
        found = _NAMES.get(type(values[index]), "something else")
        return self._refusal(index, f"the number {values[index]!r:.40}" if found == "number" else found)

    def _refusal(self, index: int, found: str) -> RequestRefusedError:
        return RequestRefusedError("wrong_type", f"{self.feature.name}[{index}]: expected {self.wanted}, found {found}")


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        return False


def _is_whole(value: object) -> bool:
    if type(value) is float:
        # Not the lowest one either: the JSON parser makes it of whole numbers below the range as well.
        return value.is_integer() and -_INT64 < value < _INT64
    return isinstance(value, int | float) and -_INT64 <= value < _INT64
