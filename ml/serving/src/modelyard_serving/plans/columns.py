"""The columns inside a pipeline as formulas: where each comes from, and what happened to it on the way.

Every step that is understood works on each column alone. So a column is either a number of the request with a chain
of operations, or a category, and then it has only as many values as there are categories: a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from modelyard_serving.plans.plan import Matrix, NotUnderstoodError, Vector


def _fill(values: Matrix, fill: Vector) -> Matrix:
    return np.where(np.isnan(values), fill, values)


def _clip(values: Matrix, low: Vector, high: Vector) -> Matrix:
    # The same as numpy.clip, at a fifth of its cost for one row.
    pulled: Matrix = np.minimum(np.maximum(values, low), high)
    return pulled


def _sine(values: Matrix, turn: Vector) -> Matrix:
    waves: Matrix = np.sin(values * turn)
    return waves


def _cosine(values: Matrix, turn: Vector) -> Matrix:
    waves: Matrix = np.cos(values * turn)
    return waves


def _missing(values: Matrix) -> Matrix:
    return np.isnan(values).astype(np.float64)


OPERATIONS: Mapping[str, Callable[..., Matrix]] = MappingProxyType(
    {
        "fill": _fill,
        "center": np.subtract,
        "scale": np.divide,
        "clip": _clip,
        "sine": _sine,
        "cosine": _cosine,
        "missing": _missing,
        "log1p": np.log1p,
        "expm1": np.expm1,
        "sqrt": np.sqrt,
    }
)
"""What may happen to a column of numbers: a function of the values and of one number a parameter and column."""


class Operation(NamedTuple):
    """One step on the way of a column."""

    kind: str
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the request, after some operations."""

    source: int
    """The column of the plan's input."""
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A category of the request that no step has turned into a number yet."""

    source: int


@dataclass(frozen=True, slots=True)
class Table:
    """A category turned into a number: first for what is not in the vocabulary, then for each word, last for null."""

    source: int
    values: Vector


Column: TypeAlias = Number | Word | Table


def then(column: Column, kind: str, *parameters: float) -> Column:
    """The column after one more operation. A table is worked out at once.

    Raises:
        NotUnderstoodError: It is a category that has not become a number.
    """
    operation = Operation(kind, tuple(map(float, parameters)))
    if isinstance(column, Word):
        raise NotUnderstoodError(f"{kind} of a category")
    if isinstance(column, Number):
        return replace(column, operations=(*column.operations, operation))
    return replace(column, values=OPERATIONS[kind](column.values, *operation.parameters))


def then_each(columns: Sequence[Column], kind: str, *parameters: Sequence[float] | Vector) -> list[Column]:
    """Every column after one more operation; each parameter has one value a column."""
    return [then(column, kind, *found) for column, *found in zip(columns, *parameters, strict=True)]
