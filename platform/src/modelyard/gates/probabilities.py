"""The two tail probabilities that the significance gate needs.

scipy has both, but loading it took 0.2 of the 1.3 CPU seconds of a whole cold ingest. tests/unit/modelyard_gates holds
these equal to scipy's.
"""

from __future__ import annotations

import math

KOLMOGOROV_AT_1_PERCENT = 1.6276236115189503
"""What the Kolmogorov statistic exceeds in 1 of 100 samples."""

_SMALLEST = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 10_000


def kolmogorov(statistic: float) -> float:
    """How likely the Kolmogorov distribution exceeds `statistic`, which is the distance times the root of the size.

    Two series of one function (Feller 1948); each is used where it needs a few terms only.
    """
    if statistic <= 0:
        return 1.0
    if statistic < 1:
        power = -((math.pi / statistic) ** 2) / 8
        below = math.sqrt(2 * math.pi) / statistic * sum(math.exp(power * odd * odd) for odd in (1, 3, 5, 7))
        return max(0.0, 1.0 - below)
    return 2 * sum((1 if k % 2 else -1) * math.exp(-2 * (k * statistic) ** 2) for k in range(1, 6))


def chi_square(statistic: float, freedom: int) -> float:
    """How likely a chi-square variable with `freedom` degrees of freedom exceeds `statistic`.

    The regularised upper incomplete gamma function at (freedom / 2, statistic / 2): a series below its middle, a
    continued fraction by Lentz's method above (Press et al., Numerical Recipes, section 6.2).
    """
    shape, point = freedom / 2, statistic / 2
    if point <= 0:
        return 1.0
    scale = math.exp(shape * math.log(point) - point - math.lgamma(shape))
    return 1.0 - scale * _series(shape, point) if point < shape + 1 else scale * _fraction(shape, point)


def _series(shape: float, point: float) -> float:
    term = total = 1 / shape
    for k in range(1, _MOST_TERMS):
        term *= point / (shape + k)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _fraction(shape: float, point: float) -> float:
    b = point + 1 - shape
    c, d = 1 / _SMALLEST, 1 / b
    result = d
    for k in range(1, _MOST_TERMS):
        a = -k * (k - shape)
        b += 2
        d = 1 / _away_from_zero(a * d + b)
        c = _away_from_zero(b + a / c)
        result *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _SMALLEST else _SMALLEST
