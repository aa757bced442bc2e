"""Means over groups and the interval of their difference, with nothing but the standard library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
LEAST_GROUPS = 8
"""Fewer groups say too little about the spread between them."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over all rows, and how sure it is."""

    rows: float
    value: float | None
    error: float | None
    """Standard error."""
    groups: int
    """Groups that have rows."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value within its interval of confidence."""

    value: float
    low: float
    high: float


def mean_of(rows: Sequence[float], sums: Sequence[float]) -> Mean:
    """The mean of all rows in groups of different size, with the error that the spread between groups gives it."""
    total, groups = sum(rows), sum(1 for count in rows if count)
    if not total:
        return Mean(0.0, None, None, 0)
    value = sum(sums) / total
    if groups < LEAST_GROUPS:
        return Mean(total, value, None, groups)
    squares = sum((found - value * count) ** 2 for count, found in zip(rows, sums, strict=True))
    return Mean(total, value, math.sqrt(squares * groups / (groups - 1)) / total, groups)


def difference(left: Mean, right: Mean) -> Interval | None:
    """`right` minus `left` with its interval (Welch's t); none where one of them has no standard error."""
    if left.value is None or right.value is None or left.error is None or right.error is None:
        return None
    value, error = right.value - left.value, math.hypot(left.error, right.error)
    if not error:
        return Interval(value, value, value)
    parts = (left.error**4 / (left.groups - 1), right.error**4 / (right.groups - 1))
    width = student_quantile((1 + CONFIDENCE) / 2, error**4 / sum(parts)) * error
    return Interval(value, value - width, value + width)


def student_quantile(part: float, freedom: float) -> float:
    """A quantile of Student's t (Abramowitz and Stegun 26.7.5), right to three digits from 7 degrees of freedom on."""
    z = NormalDist().inv_cdf(part)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
