"""One decoder a feature, compiled when the model is loaded: a list of plain values in, a typed column out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType

import polars as pl

from modelyard_bundle import Feature
from modelyard_serving.refusals import RequestRefusedError

Values = Sequence[object]

_NAMES = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object", NoneType: "null"}
_KINDS: dict[str, tuple[frozenset[type], pl.DataType, str]] = {
    "number": (frozenset({int, float}), pl.Float64(), "a number"),
    "integer": (frozenset({int, float}), pl.Int64(), "a whole number"),
    "boolean": (frozenset({bool}), pl.Boolean(), "true or false"),
    "category": (frozenset({str}), pl.String(), "a text"),
}
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
        if not set(map(type, values)) <= self.types:
            raise self._wrong(values, lambda value: type(value) in self.types)
        if self.feature.kind == "integer":
            values = self._whole(values)
        elif self.feature.kind == "number" and not all(value is None or _is_finite(value) for value in values):
            raise self._wrong(values, lambda value: value is None or _is_finite(value))
        return pl.Series(self.feature.name, values, dtype=self.dtype)

    def unseen(self, values: Values) -> str | None:
        """A sentence on values that training never saw, if there are any. They are answered all the same."""
        if self.seen is not None:
            return self._unseen_categories(values)
        if self.feature.minimum is None and self.feature.maximum is None:
            return None
        low = -math.inf if self.feature.minimum is None else self.feature.minimum
        high = math.inf if self.feature.maximum is None else self.feature.maximum
        outside = sum(1 for value in values if isinstance(value, int | float) and not low <= value <= high)
        if not outside:
            return None
        return (
            f"{self.feature.name}: {outside} of {len(values)} values outside {low:g} to {high:g}, as seen in training"
        )

    def _unseen_categories(self, values: Values) -> str | None:
        unknown = sorted({value for value in values if isinstance(value, str)} - (self.seen or frozenset()))
        if not unknown:
            return None
        quoted = ", ".join(repr(value[:_QUOTED_LENGTH]) for value in unknown[:_QUOTED])
        more = f" and {len(unknown) - _QUOTED} more" if len(unknown) > _QUOTED else ""
        return f"{self.feature.name}: {quoted}{more} not seen in training"

    def _whole(self, values: Values) -> Values:
        if not all(value is None or _is_whole(value) for value in values):
            raise self._wrong(values, lambda value: value is None or _is_whole(value))
        return [int(value) if type(value) is float else value for value in values]

    def _wrong(self, values: Values, is_right: Callable[[object], bool]) -> RequestRefusedError:
        index = next(index for index, value in enumerate(values) if not is_right(value))
        found = _NAMES.get(type(values[index]), "something else")
        if found == "number":
            found = f"the number {values[index]!r:.40}"
        return RequestRefusedError("wrong_type", f"{self.feature.name}[{index}]: expected {self.wanted}, found {found}")


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    if type(value) is float and not value.is_integer():
        return False
    return isinstance(value, int | float) and -_INT64 <= value < _INT64
