"""Linear models: one pass over the numbers of the request, one look into a table a category.

The usual way of a number, imputer and scaler, becomes a centre and a weight. The centre is still subtracted first, as
the scaler does: folded into the intercept it would cost digits wherever a column lies far from zero.
"""

# mypy: disable-error-code="import-untyped,no-any-return"
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelyard_serving.plans.columns import Column, Number, Table, Word
from modelyard_serving.plans.features import Features
from modelyard_serving.plans.layout import Layout, constant, lookup
from modelyard_serving.plans.plan import Matrix, NotUnderstoodError, Predictor, Vector, understand

_STRAIGHT = ("fill", "center", "scale")


def linear(estimator: Any, columns: Sequence[Column], features: Features) -> Predictor:  # noqa: ANN401 - scikit-learn has no types
    """A linear regression, with a ridge or without."""
    understand(np.ndim(estimator.coef_) == 1, "a regression with several targets")
    return _sum(estimator.coef_, float(estimator.intercept_), columns, features)


def logistic(estimator: Any, columns: Sequence[Column], features: Features) -> Predictor:  # noqa: ANN401 - scikit-learn has no types
    """A logistic regression with two classes: the probability of the second."""
    # It is loaded with the model already.
    from scipy.special import expit

    understand(len(estimator.classes_) == 2 and len(estimator.coef_) == 1, "other than two classes")  # noqa: PLR2004 - binary
    score = _sum(estimator.coef_[0], float(np.ravel(estimator.intercept_)[0]), columns, features)
    return lambda matrix: expit(score(matrix))


@dataclass(frozen=True, slots=True)
class _Straight:
    """A column of numbers that is only filled, centred and scaled."""

    fill: float
    center: float
    scale: float


def _straight(column: Column) -> _Straight | None:
    if not isinstance(column, Number):
        return None
    kinds = [operation.kind for operation in column.operations]
    if kinds != [kind for kind in _STRAIGHT if kind in kinds]:
        return None
    known: Mapping[str, float] = {one.kind: one.parameters[0] for one in column.operations}
    return _Straight(known.get("fill", np.nan), known.get("center", 0.0), known.get("scale", 1.0))


@dataclass(slots=True)
class _Parts:
    """The columns of a linear model by the way in which they are summed."""

    straight: dict[int, tuple[_Straight, float]]
    """By column of the request."""
    tables: dict[int, Vector]
    """By column of the request: all its tables, weighted and summed."""
    others: list[tuple[Number, float]]
    """What needs more than that."""

    @classmethod
    def of(cls, columns: Sequence[Column], weights: Vector) -> _Parts:
        understand(len(columns) == len(weights), "as many weights as columns")
        parts = cls({}, {}, [])
        for column, weight in zip(columns, weights.tolist(), strict=True):
            parts.add(column, weight)
        return parts

    def add(self, column: Column, weight: float) -> None:
        """Put one column where it belongs."""
        if isinstance(column, Word):
            raise NotUnderstoodError("a category that no step encodes")
        if isinstance(column, Table):
            self.tables[column.source] = self.tables.get(column.source, 0.0) + weight * column.values
        elif (line := _straight(column)) is not None and column.source not in self.straight:
            self.straight[column.source] = (line, weight)
        else:
            self.others.append((column, weight))


def _sum(weights: Vector, intercept: float, columns: Sequence[Column], features: Features) -> Predictor:
    parts = _Parts.of(columns, np.asarray(weights, dtype=np.float64))
    terms = [_lines(parts, features)] if parts.straight else []
    terms += [_looks(parts, features)] if parts.tables else []
    terms += [_rest(parts, features)] if parts.others else []
    understand(terms, "a model without columns")
    first, *others = terms
    last = constant(intercept)

    def score(matrix: Matrix) -> Vector:
        total = first(matrix)
        for term in others:
            total = total + term(matrix)
        return total + last

    return score


def _lines(parts: _Parts, features: Features) -> Predictor:
    """All straight columns at once. A null shows in the sum, and only then is it looked for."""
    weights, centers, fills = (np.zeros(len(features.features)) for _ in range(3))
    for source, (line, weight) in parts.straight.items():
        weights[source], centers[source], fills[source] = weight / line.scale, line.center, line.fill
    centred = bool(centers.any())

    def total(matrix: Matrix) -> Vector:
        return (matrix - centers if centred else matrix).dot(weights)

    def total_or_filled(matrix: Matrix) -> Vector:
        found = total(matrix)
        square = found.dot(found)
        return found if square == square else total(np.where(np.isnan(matrix), fills, matrix))  # noqa: PLR0124 - NaN is not itself

    return total_or_filled if any(feature.nullable for feature in features.features) else total


def _looks(parts: _Parts, features: Features) -> Predictor:
    find = lookup([Table(source, values) for source, values in parts.tables.items()], features)
    return lambda matrix: find(matrix).sum(axis=1)


def _rest(parts: _Parts, features: Features) -> Predictor:
    layout = Layout.of([number for number, _ in parts.others], features)
    weights = np.array([parts.others[place][1] for place in layout.order])
    return lambda matrix: layout.join(matrix).dot(weights)
