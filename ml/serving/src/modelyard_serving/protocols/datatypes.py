"""The datatypes of the Open Inference Protocol: what each holds, and which feature takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelyard_bundle.signature import FeatureKind
from modelyard_serving.decoding.columns import Array
from modelyard_serving.refusals import RequestRefusedError

BYTES = "BYTES"
BOOL = "BOOL"
DATATYPE_OF: Mapping[FeatureKind, str] = {"number": "FP64", "integer": "INT64", "boolean": BOOL, "category": BYTES}
"""The datatype that a model's metadata names for a feature."""
_EXACT = 2**53
"""Up to here every whole number is a 64-bit float."""


@dataclass(frozen=True, slots=True)
class Datatype:
    """A datatype of numbers."""

    name: str
    dtype: np.dtype[np.generic]
    """Little endian, as on the wire."""
    low: float
    high: float

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.dtype.kind in "iu"

    def check(self, values: Sequence[object], name: str) -> None:
        """Refuse JSON values that the datatype does not hold. What is no number at all is the decoder's to refuse.

        Raises:
            RequestRefusedError: A value is out of range, or not whole where it must be.
        """
        if self.name == "FP64" or not values:
            return
        try:
            inside = self.low <= min(values) and max(values) <= self.high  # type: ignore[type-var, operator]  # no number: TypeError
        except TypeError:
            inside = False
        if inside and (not self.is_whole or set(map(type, values)) == {int}):
            return
        for index, value in enumerate(values):
            if not self._holds(value):
                raise RequestRefusedError("wrong_type", f"{name}[{index}]: expected {self.name}, found {value!r:.40}")

    def _holds(self, value: object) -> bool:
        if value is None:
            return True
        if self.is_whole:
            return type(value) is int and self.low <= value <= self.high
        return type(value) not in (int, float) or self.low <= value <= self.high  # type: ignore[operator]  # a number by what stands before it


def _numbers() -> dict[str, Datatype]:
    found = {}
    for bits in (8, 16, 32, 64):
        found[f"INT{bits}"] = Datatype(
            f"INT{bits}", np.dtype(f"<i{bits // 8}"), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        )
        found[f"UINT{bits}"] = Datatype(f"UINT{bits}", np.dtype(f"<u{bits // 8}"), 0, 2**bits - 1)
    for bits in (16, 32, 64):
        dtype = np.dtype(f"<f{bits // 8}")
        high = float(np.finfo(dtype).max)
        found[f"FP{bits}"] = Datatype(f"FP{bits}", dtype, -high, high)
    return found


NUMBERS: Mapping[str, Datatype] = _numbers()
TAKEN: Mapping[FeatureKind, frozenset[str]] = {
    "number": frozenset(NUMBERS),
    "integer": frozenset(name for name, datatype in NUMBERS.items() if datatype.is_whole),
    "boolean": frozenset({BOOL}),
    "category": frozenset({BYTES}),
}
"""The datatypes that a feature takes: those that become it without loss."""


def check_exact(values: Sequence[object] | Array, name: str) -> None:
    """Refuse 64-bit whole numbers that a 64-bit float does not hold, for a feature that is a number.

    Raises:
        RequestRefusedError: There is one.
    """
    if isinstance(values, np.ndarray):
        far = (
            np.flatnonzero((values > _EXACT) | (values < -_EXACT))
            if values.dtype.kind == "i"
            else (np.flatnonzero(values > _EXACT))
        )
        large = [(int(index), int(values[index])) for index in far]
    else:
        large = [(index, value) for index, value in enumerate(values) if type(value) is int and abs(value) > _EXACT]
    for index, value in large:
        if int(float(value)) != value:
            message = f"{name}[{index}]: {value} is not a number that 64-bit floats hold; send it as FP64"
            raise RequestRefusedError("wrong_type", message)
