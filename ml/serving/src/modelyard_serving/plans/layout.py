"""From formulas to arrays: columns of one kind are worked out together, whatever their order was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelyard_serving.plans.columns import OPERATIONS, Number, Table
from modelyard_serving.plans.features import Features
from modelyard_serving.plans.plan import Matrix, Predictor, Vector

Positions = NDArray[np.intp]


def picker(sources: Sequence[int]) -> Predictor:
    """Takes these columns of a matrix; a view where they lie side by side."""
    first = sources[0]
    if list(sources) == list(range(first, first + len(sources))):
        beside = slice(first, first + len(sources))
        return lambda matrix: matrix[:, beside]
    places: Positions = np.array(sources, dtype=np.intp)
    return lambda matrix: matrix.take(places, axis=1)


def lookup(tables: Sequence[Table], features: Features) -> Predictor:
    """One column a table: the value of each row's code. All tables lie in one array, one after the other."""
    values = np.concatenate([table.values for table in tables])
    ends = np.cumsum([len(table.values) for table in tables])
    # A code counts from -1, for what is not in the vocabulary.
    firsts = (ends - [len(table.values) for table in tables] + 1).astype(np.float64)
    lasts = (ends - 1).astype(np.float64)
    pick = picker([table.source for table in tables])

    def found(matrix: Matrix) -> Matrix:
        return values.take((pick(matrix) + firsts).astype(np.intp))

    def found_or_null(matrix: Matrix) -> Matrix:
        codes = pick(matrix) + firsts
        return values.take(np.where(np.isnan(codes), lasts, codes).astype(np.intp))

    return found_or_null if any(features.features[table.source].nullable for table in tables) else found


def chain(numbers: Sequence[Number]) -> Predictor:
    """One column a number; all have the same kinds of operations."""
    pick = picker([number.source for number in numbers])
    steps = [
        (OPERATIONS[same[0].kind], tuple(np.array(values) for values in zip(*(one.parameters for one in same))))  # noqa: B905 - all of one kind
        for same in zip(*(number.operations for number in numbers), strict=True)
    ]

    def worked(matrix: Matrix) -> Matrix:
        values = pick(matrix)
        for operation, parameters in steps:
            values = operation(values, *parameters)
        return values

    return worked


@dataclass(frozen=True, slots=True)
class Layout:
    """Some columns as the blocks that are worked out together."""

    order: tuple[int, ...]
    """For every column of the blocks, side by side: which of the given columns it is."""
    blocks: tuple[Predictor, ...]

    @classmethod
    def of(cls, columns: Sequence[Number | Table], features: Features) -> Layout:
        """The layout of `columns`."""
        kinds: dict[tuple[str, ...], list[int]] = {}
        for place, column in enumerate(columns):
            kinds.setdefault(_kind(column), []).append(place)
        blocks = []
        for places in kinds.values():
            members = [columns[place] for place in places]
            tables = [member for member in members if isinstance(member, Table)]
            numbers = [member for member in members if isinstance(member, Number)]
            blocks.append(lookup(tables, features) if tables else chain(numbers))
        return cls(tuple(place for places in kinds.values() for place in places), tuple(blocks))

    def join(self, matrix: Matrix) -> Matrix:
        """The blocks side by side."""
        return np.concatenate([block(matrix) for block in self.blocks], axis=1)

    def beside(self, matrix: Matrix) -> Matrix:
        """The matrix itself, then the blocks."""
        return np.concatenate([matrix, *(block(matrix) for block in self.blocks)], axis=1) if self.blocks else matrix


def _kind(column: Number | Table) -> tuple[str, ...]:
    return ("table",) if isinstance(column, Table) else tuple(operation.kind for operation in column.operations)


def constant(value: float) -> Vector:
    """One number as an array that broadcasts, which adds faster than a Python number."""
    return np.array(value, dtype=np.float64)
