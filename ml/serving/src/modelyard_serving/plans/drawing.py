"""Rows that a model could be asked for, drawn from its signature: usual ones, and all that is unusual about each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from modelyard_bundle import Feature, Signature
from modelyard_serving.plans.plan import Matrix

Scalar = float | int | str | bool | None

_KINDS = {"number": pl.Float64(), "integer": pl.Int64(), "boolean": pl.Boolean(), "category": pl.String()}
_OFTEN = 0.25
"""How often a feature is unusual in a row where several are."""
_STRANGERS = ("", "never seen", "Ünseen ✈", " ")
_LARGEST = 2.0**53
"""Whole numbers beyond are not numbers of 64 bits in floating point any more."""


def draw_rows(
    signature: Signature, vocabularies: Mapping[str, Sequence[str]], *, rows: int, seed: int
) -> dict[str, list[Scalar]]:
    """Rows as columns: of four, one is usual, two are unusual in one feature and one in several.

    Unusual is a bound, the middle, what lies outside, a category that nobody has seen, or null where it is allowed.

    Args:
        signature: What the model takes.
        vocabularies: The categories that a plan knows; they are drawn beside those of the signature.
        rows: At least so many; more where there are so many categories that not each would occur.
        seed: The same seed draws the same rows.
    """
    random = np.random.default_rng(seed)
    known = [_known(feature, vocabularies.get(feature.name, ())) for feature in signature.features]
    height = max(rows, *(2 * len(words) for words in known))
    marked = _marked(height, len(known), random)
    columns = {}
    for place, (feature, words) in enumerate(zip(signature.features, known, strict=True)):
        usual, unusual = _usual(feature, words, height, random=random), _unusual(feature, words)
        column: list[Scalar] = [None] * height
        for values, where in ((usual, ~marked[:, place]), (unusual, marked[:, place])):
            order = random.permutation(len(values)).tolist()
            for count, row in enumerate(np.flatnonzero(where).tolist()):
                column[row] = values[order[count % len(order)]]
        columns[feature.name] = column
    return columns


def _marked(height: int, width: int, random: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.bool]]:
    """Which values are unusual."""
    marked = np.zeros((height, width), dtype=bool)
    kinds = np.arange(height) % 4
    single = np.flatnonzero((kinds == 1) | (kinds == 2))  # noqa: PLR2004 - the second and third of four
    marked[single, np.arange(len(single)) % width] = True
    several = kinds == 3  # noqa: PLR2004 - the last of four
    marked[several] = random.random((int(several.sum()), width)) < _OFTEN
    return marked


def _known(feature: Feature, vocabulary: Sequence[str]) -> list[str]:
    return sorted({*(feature.categories or ()), *vocabulary})


def _usual(feature: Feature, words: list[str], count: int, *, random: np.random.Generator) -> Sequence[Scalar]:
    if feature.kind == "boolean":
        return (False, True)
    if feature.kind == "category":
        return words or _STRANGERS
    low, high = _bounds(feature)
    if feature.kind == "integer":
        found: list[Scalar] = random.integers(math.floor(low), math.ceil(high) + 1, count).tolist()
        return found
    return list(random.uniform(low, high, count).tolist())


def _unusual(feature: Feature, words: list[str]) -> Sequence[Scalar]:
    null: list[Scalar] = [None] if feature.nullable else []
    if feature.kind == "boolean":
        return [False, True, *null]
    if feature.kind == "category":
        return [*(word for word in _STRANGERS if word not in words), *null]
    low, high = _bounds(feature)
    span = max(high - low, 1.0, abs(high) * 1e-3)
    edges = [low, high, (low + high) / 2, low - span, high + span, 0.0]
    if feature.kind == "integer":
        return [*(round(_within(value)) for value in (*edges, low - 1, high + 1)), *null]
    return [*edges, math.nextafter(low, -math.inf), math.nextafter(high, math.inf), *null]


def _bounds(feature: Feature) -> tuple[float, float]:
    """What training has seen; where the signature does not say, a range around zero or beside the other bound."""
    low, high = feature.minimum, feature.maximum
    if low is None:
        low = -1.0 if high is None else high - max(1.0, abs(high))
    if high is None:
        high = low + max(1.0, abs(low))
    return (_within(low), _within(high)) if feature.kind == "integer" else (low, high)


def _within(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)


def as_frame(columns: Mapping[str, Sequence[Scalar]], signature: Signature) -> pl.DataFrame:
    """Columns as the pipeline itself takes them."""
    series = []
    for feature in signature.features:
        values: Sequence[Scalar] = columns[feature.name]
        if feature.kind == "integer":
            values = [None if value is None else int(value) for value in values]
        series.append(pl.Series(feature.name, values, dtype=_KINDS[feature.kind]))
    return pl.DataFrame(series)


def as_matrix(
    columns: Mapping[str, Sequence[Scalar]], signature: Signature, vocabularies: Mapping[str, Sequence[str]]
) -> Matrix:
    """Columns as a plan takes them."""
    matrix = np.empty((len(columns[signature.names[0]]), len(signature.features)))
    for place, feature in enumerate(signature.features):
        codes = {word: float(code) for code, word in enumerate(vocabularies.get(feature.name, ()))}
        numbers = [codes.get(value, -1.0) if isinstance(value, str) else value for value in columns[feature.name]]
        matrix[:, place] = [math.nan if number is None else number for number in numbers]
    return matrix
