"""The proof that a plan and the pipeline it was made from say the same; without it, no plan is used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelyard_bundle import Example, Signature
from modelyard_serving.plans.drawing import Scalar, as_frame, as_matrix, draw_rows
from modelyard_serving.plans.plan import Matrix, Plan, Vector

TOLERANCE = 1e-12
"""How far both may be apart, relative to what the pipeline says: the order of a sum, and no more."""
_ALONE = 32
"""So many rows are asked for one by one as well, since one row goes another way than many."""
_FEWEST = 0.25
"""The share of drawn rows that the pipeline must answer, so that a proof says something."""

Plain = Callable[[pl.DataFrame], Any]
"""The pipeline itself: a frame in, an array with one number a row out."""
Encode = Callable[[Mapping[str, Sequence[Scalar]]], Matrix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of comparing."""

    holds: bool
    rows: int = 0
    """Rows that were compared."""
    refused: int = 0
    """Rows that the pipeline itself refuses, which are not compared."""
    largest: float = 0.0
    """The largest relative difference."""
    reason: str = ""
    """Why it does not hold; empty where it does."""


def prove(
    plan: Plan,
    plain: Plain,
    signature: Signature,
    example: Example,
    *,
    rows: int = 256,
    seed: int = 0,
    encode: Encode | None = None,
) -> Proof:
    """Ask both for the example and for rows drawn from the signature, together and one by one.

    Args:
        plan: What is to be proven.
        plain: The pipeline itself.
        signature: The rows are drawn from its kinds, bounds, categories and nulls, and from beyond them.
        example: The rows with which the model was recorded; the pipeline must answer each.
        rows: How many to draw, at least.
        seed: The same seed draws the same rows.
        encode: From columns to the plan's matrix, where a decoder is to be proven together with the plan.
    """
    drawn, recorded = draw_rows(signature, plan.vocabularies, rows=rows, seed=seed), example.columns()
    columns = {name: [*recorded[name], *drawn[name]] for name in signature.names}
    # Both see values that training never saw, and some steps warn about them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted, answered = _answers(plain, as_frame(columns, signature))
        refused = int(np.count_nonzero(~answered))
        if not answered[: len(example.rows)].all():
            return Proof(holds=False, refused=refused, reason="the pipeline refuses its own example")
        if refused > (1 - _FEWEST) * len(answered):
            return Proof(holds=False, refused=refused, reason=f"the pipeline refuses {refused} of the drawn rows")
        matrix = encode(columns) if encode else as_matrix(columns, signature, plan.vocabularies)
        return _compare(plan, matrix[answered], wanted[answered], refused=refused)


def _answers(plain: Plain, frame: pl.DataFrame) -> tuple[Vector, NDArray[np.bool]]:
    """The pipeline's answers, and which rows it answers: halves are asked until those that it refuses stand alone."""
    try:
        return np.asarray(plain(frame), dtype=np.float64).reshape(frame.height), np.ones(frame.height, dtype=bool)
    except Exception:
        # Whatever a pipeline raises, the row is one that it does not answer.
        if frame.height == 1:
            return np.full(1, np.nan), np.zeros(1, dtype=bool)
    middle = frame.height // 2
    above, below = _answers(plain, frame[:middle]), _answers(plain, frame[middle:])
    return np.concatenate([above[0], below[0]]), np.concatenate([above[1], below[1]])


def _compare(plan: Plan, matrix: Matrix, wanted: Vector, *, refused: int) -> Proof:
    given, places = matrix.copy(), np.linspace(0, len(matrix) - 1, _ALONE).astype(np.intp)
    try:
        together = plan.predict(matrix)
        alone = [plan.predict(matrix[place : place + 1]) for place in places.tolist()]
    except Exception as error:
        return Proof(holds=False, refused=refused, reason=f"the plan fails: {type(error).__name__}: {error}")
    if not np.array_equal(given, matrix, equal_nan=True):
        return Proof(holds=False, refused=refused, reason="the plan changes its input")
    if together.shape != wanted.shape or any(one.shape != (1,) for one in alone):
        return Proof(holds=False, refused=refused, reason=f"{len(wanted)} rows gave answers of shape {together.shape}")
    rows = np.concatenate([np.arange(len(matrix)), places])
    found = np.concatenate([together, *alone])
    differences = _differences(found, wanted, rows)
    worst = int(np.argmax(differences))
    largest = float(differences[worst])
    if largest <= TOLERANCE:
        return Proof(holds=True, rows=len(matrix), refused=refused, largest=largest)
    reason = f"row {rows[worst]} of {len(matrix)}: the plan says {found[worst]!r}, the pipeline {wanted[rows[worst]]!r}"
    return Proof(holds=False, rows=len(matrix), refused=refused, largest=largest, reason=reason)


def _differences(found: Vector, wanted: Vector, rows: NDArray[np.intp]) -> Vector:
    """How far apart, relative to what is wanted; answers near zero are held to the size of the usual ones."""
    with np.errstate(all="ignore"):
        finite = np.abs(wanted[np.isfinite(wanted)])
        scale = np.maximum(np.abs(wanted), np.median(finite) if finite.size else 0.0)[rows]
        same = (found == wanted[rows]) | (np.isnan(found) & np.isnan(wanted[rows]))
        apart = np.abs(found - wanted[rows]) / scale
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
