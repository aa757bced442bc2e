"""Many trees as one: scikit-learn's own compiled code walks all of them in a single call.

scikit-learn asks one tree after the other, and the way into its compiled code costs more than the walk. Here the trees
hang under one more tree that leads by number to each of them: every row is laid out once a tree, with the number of
the tree as a last column. Thresholds, nulls and categories are compared by the same code as before, so the leaves are
the same to the bit.

Where a batch is so large that it does not matter how often the compiled code is entered, the trees are asked one after
the other as scikit-learn does: each then stays near the processor until all rows have passed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard_serving.plans.plan import Matrix, Vector

Leaves = Callable[[Any], Vector]
"""The value of the leaf that each row of a laid-out matrix ends in."""
_CELLS = 1 << 18
"""How large a laid-out matrix may be; from there on the trees are asked one after the other."""


@dataclass(frozen=True, slots=True)
class Signpost:
    """The upper tree: it has a node less than there are trees below."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    """Where each node leads: to a node of the signpost, or to the first node of a tree."""
    thresholds: Vector
    """To the left go the trees with a number up to this."""
    firsts: NDArray[np.int64]
    """Where each tree's nodes start."""

    @classmethod
    def to(cls, sizes: list[int]) -> Signpost:
        """The signpost to trees with so many nodes, which lie one after the other behind it."""
        nodes: list[tuple[int, int, float]] = []
        firsts = len(sizes) - 1 + np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

        def lead(low: int, high: int) -> int:
            if high - low == 1:
                return int(firsts[low])
            here, middle = len(nodes), (low + high) // 2
            nodes.append((0, 0, 0.0))
            nodes[here] = (lead(low, middle), lead(middle, high), middle - 0.5)
            return here

        lead(0, len(sizes))
        left, right, thresholds = zip(*nodes, strict=True) if nodes else ((), (), ())
        whole = np.int64
        return cls(np.array(left, whole), np.array(right, whole), np.array(thresholds, np.float64), firsts)

    def __len__(self) -> int:
        return len(self.thresholds)


@dataclass(frozen=True, slots=True)
class Grove:
    """Trees under a signpost."""

    leaves: Leaves
    """Of the trees under their signpost."""
    alone: Sequence[Leaves]
    """Of each tree, which takes the columns in its own order."""
    places: NDArray[np.int64]
    """That order: where in the grove's columns each of the trees' columns is."""
    columns: int
    """How many columns the grove has; in a laid-out matrix the number of the tree comes after them."""
    dtype: type[np.floating[Any]]
    """What the trees compare."""

    def sum(self, matrix: Matrix) -> Vector:
        """The sum over all trees, one a row."""
        # Beyond what the trees can compare lies infinity, which they can.
        with np.errstate(over="ignore"):
            rows = matrix.astype(self.dtype, copy=False)
        shape = (len(self.alone), len(rows), self.columns + 1)
        if shape[0] * shape[1] * shape[2] > _CELLS:
            return self._one_by_one(rows.take(self.places, axis=1))
        laid = np.empty(shape, self.dtype)
        laid[:, :, :-1] = rows
        laid[:, :, -1] = np.arange(shape[0])[:, None]
        total: Vector = self.leaves(laid.reshape(-1, shape[2])).reshape(shape[:2]).sum(axis=0)
        return total

    def _one_by_one(self, rows: NDArray[Any]) -> Vector:
        total = np.zeros(len(rows))
        for leaves in self.alone:
            total += leaves(rows)
        return total
