"""Quantiles of the normal and of Student's distribution, without a library that takes a second to import."""

from __future__ import annotations

from statistics import NormalDist

_TERMS = (
    (4, (1, 1)),
    (96, (3, 16, 5)),
    (384, (-15, 17, 19, 3)),
    (92160, (-945, -1920, 1482, 776, 79)),
)
"""Divisor and coefficients of z, z^3, z^5 … for each power of 1 / freedom."""


def normal_quantile(share: float) -> float:
    """The value below which this share of a standard normal lies."""
    return NormalDist().inv_cdf(share)


def student_quantile(share: float, freedom: float) -> float:
    """The same for Student's t, by its expansion around the normal (Abramowitz and Stegun 1964, 26.7.5).

    Right to three digits from 9 degrees of freedom on, and for fewer too small by little.
    """
    z = normal_quantile(share)
    return z + sum(
        sum(factor * z ** (2 * power + 1) for power, factor in enumerate(factors)) / divisor / freedom**order
        for order, (divisor, factors) in enumerate(_TERMS, start=1)
    )
