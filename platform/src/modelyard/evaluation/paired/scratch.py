"""Memory to work in again and again: fresh pages from the system cost as much as the arithmetic on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True, slots=True)
class Scratch:
    """Arrays by name, for one thread. What an array holds is lost when the name is asked for again."""

    _arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def array(self, name: str, size: int, kind: DTypeLike) -> NDArray[Any]:
        """An array of this size and type with whatever is in it."""
        found = self._arrays.get(name)
        if found is None or len(found) < size or found.dtype != kind:
            found = self._arrays[name] = np.empty(size, dtype=kind)
        return found[:size]

    def take(self, name: str, source: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
        """`source[places]`; the places must all lie within it."""
        # Any other mode would check the places first, into a second buffer.
        return np.take(source, places, out=self.array(name, len(places), source.dtype), mode="clip")

    def floats(self, name: str, values: NDArray[Any]) -> NDArray[np.float64]:
        """The same numbers as floats: their dot product is fast, and exact while it is a whole number below 2^53."""
        found: NDArray[np.float64] = self.array(name, len(values), np.float64)
        found[:] = values
        return found
