"""Many small models: a plan a group, and one for all groups without their own."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard_serving.plans.features import SEPARATOR, Features
from modelyard_serving.plans.plan import Matrix, Predictor, Vector, understand

_MOST = 1 << 22
"""How many combinations of categories there may be; the number of each one's plan is written down beforehand."""


def by_group(model: Any, features: Features, compile_part: Callable[[Any], Predictor]) -> tuple[str, Predictor]:  # noqa: ANN401 - any estimator
    """The plan of a ByGroup whose groups are made of categories."""
    sources = [features.position(name) for name in model.by]
    owners, strides, nulls = _owners(model, sources, features)
    predictors = [compile_part(part) for part in (model.pool_, *model.groups_.values())]
    places = np.array(sources, dtype=np.intp)

    def predict(matrix: Matrix) -> Vector:
        codes = matrix.take(places, axis=1)
        codes = np.where(np.isnan(codes), nulls, codes + 1)
        chosen = owners.take(codes.dot(strides).astype(np.intp))
        if len(chosen) == 1:
            return predictors[chosen[0]](matrix)
        return _answered(matrix, chosen, predictors)

    return "by group", predict


def _answered(matrix: Matrix, chosen: NDArray[np.intp], predictors: list[Predictor]) -> Vector:
    answers = np.empty(len(matrix))
    for owner in np.unique(chosen).tolist():
        rows = np.flatnonzero(chosen == owner)
        answers[rows] = predictors[owner](matrix[rows])
    return answers


def _owners(model: Any, sources: list[int], features: Features) -> tuple[NDArray[np.intp], Vector, Vector]:  # noqa: ANN401 - any estimator
    """Which plan answers for each combination of codes: 0 is the pool's, then the groups' in order.

    Returns:
        The plans' numbers, all combinations in one line; how far apart neighbours of each column are in it; the place
        of null in each column.
    """
    kinds = {features.features[source].kind for source in sources}
    understand(kinds == {"category"}, "groups that are not made of categories")
    words = [features.vocabularies[features.features[source].name] for source in sources]
    # A place for what is not in the vocabulary, one for each word, and one for null, which counts as the empty text.
    shape = tuple(len(known) + 2 for known in words)
    understand(np.prod(shape, dtype=np.float64) <= _MOST, "too many combinations of categories for groups")
    owners = np.zeros(shape, dtype=np.intp)
    for number, key in enumerate(model.groups_, start=1):
        parts = key.split(SEPARATOR)
        understand(len(parts) == len(sources), f"the group {key!r}")
        for place in np.ndindex(*[1 + (part == "") for part in parts]):
            spots = [
                len(known) + 1 if null else known.index(part) + 1
                for part, known, null in zip(parts, words, place, strict=True)
            ]
            owners[tuple(spots)] = number
    strides = np.cumprod((1, *shape[:0:-1]))[::-1].astype(np.float64)
    return owners.ravel(), strides, np.array([len(known) + 1 for known in words], dtype=np.float64)
