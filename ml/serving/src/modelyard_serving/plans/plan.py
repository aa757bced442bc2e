"""A plan: what is left of a fitted pipeline when everything that does not depend on the request is done before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float64]
"""Rows by columns, C order. As input of a plan: one column a feature, in the order of the signature."""
Vector: TypeAlias = NDArray[np.float64]
"""One number a row, or one number a column."""
Predictor: TypeAlias = Callable[[Matrix], Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compiled pipeline. It holds arrays only, no threads and no locks: build it before a fork, use it after.

    Numbers and integers come as they are, booleans as 0 and 1, categories as the position in their vocabulary and
    -1 for what is not in it; null is NaN everywhere.
    """

    name: str
    """The kind of estimator, for logs."""
    vocabularies: Mapping[str, tuple[str, ...]]
    """The values of every category feature, in the order of their codes; none where the model does not look at it."""
    predictor: Predictor

    def predict(self, matrix: Matrix) -> Vector:
        """The probability of the second class, or the number, one a row. The matrix stays as it is."""
        return self.predictor(matrix)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Why there is no plan for a pipeline; it is answered by scikit-learn itself."""

    reason: str


class NotUnderstoodError(Exception):
    """Raised inside the compiler where a pipeline holds what it does not know; never leaves it."""


def understand(holds: object, reason: str) -> None:
    """Go on only where `holds`.

    Raises:
        NotUnderstoodError: It does not.
    """
    if not holds:
        raise NotUnderstoodError(reason)


def type_name(part: object) -> str:
    """The full name of a type, as the platform's list of trusted types has it."""
    kind = type(part)
    return f"{kind.__module__}.{kind.__qualname__}"
