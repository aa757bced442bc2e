"""How far apart two profiles are, and how surprising that is if both are samples of the same data.

Sources: the two-sample Kolmogorov-Smirnov test with its asymptotic law (Smirnov 1948); Pearson's chi-square test of
homogeneity; the two-proportion z test; Holm's step-down correction (Holm 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelyard.gates.probabilities import KOLMOGOROV_AT_1_PERCENT, chi_square, kolmogorov
from modelyard.gates.profile import ColumnProfile
from modelyard.gates.sketch import Sketch, largest_gap

Z_99 = 2.576
"""Standard deviations between which 99 % of a normal variable lie."""
RARE = 5.0
"""Smallest expected count of a category that is tested on its own (Cochran's rule); rarer ones are pooled."""


@dataclass(frozen=True, slots=True)
class Distance:
    """A difference between a batch and the stored data."""

    effect: float
    """0 for the same distribution, 1 for two that share nothing."""
    p_value: float
    """Probability of a difference this large between two samples of the same data."""
    tolerance: float
    """How far the effect may lie from the truth at the 99 % level, because samples are finite."""


def numbers(batch: Sketch, stored: Sketch) -> Distance:
    """The Kolmogorov-Smirnov distance of two columns of numbers."""
    effect = largest_gap(batch, stored)
    scale = math.sqrt(batch.count * stored.count / (batch.count + stored.count))
    return Distance(effect, kolmogorov(scale * effect), KOLMOGOROV_AT_1_PERCENT / scale)


def categories(batch: ColumnProfile, stored: ColumnProfile) -> Distance:
    """The total variation distance of two columns of categories: the share of rows that would have to change."""
    counts = _table(batch, stored)
    ours, theirs = (sum(pair[side] for pair in counts) for side in (0, 1))
    if not ours or not theirs:
        return Distance(0.0, 1.0, 1.0)
    effect = sum(abs(one / ours - other / theirs) for one, other in counts) / 2
    statistic, freedom = _chi_square(counts, ours, theirs)
    p_value = chi_square(statistic, freedom) if freedom else 1.0
    return Distance(effect, p_value, _noise(counts, ours, theirs))


def nulls(batch: ColumnProfile, stored: ColumnProfile) -> Distance:
    """The difference of two columns' shares of nulls."""
    return _shares((batch.nulls, batch.rows), (stored.nulls, stored.rows))


def novelty(batch: ColumnProfile, stored: ColumnProfile) -> Distance | None:
    """The share of rows whose category was never stored; None where that is not known.

    What to expect is Good and Turing's estimate: categories seen once, as a share of the rows seen.
    """
    if not batch.categories or not stored.categories or batch.other or stored.other:
        return None
    new = sum(count for name, count in batch.categories.items() if name not in stored.categories)
    once = sum(1 for count in stored.categories.values() if count == 1)
    return _shares((new, batch.rows - batch.nulls), (once, stored.rows - stored.nulls))


def _shares(one: tuple[int, int], other: tuple[int, int]) -> Distance:
    """The difference of two shares, each given as a count and its total."""
    rows = max(one[1], 1), max(other[1], 1)
    pooled = (one[0] + other[0]) / sum(rows)
    spread = math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / rows[0] + 1 / rows[1]))
    effect = abs(one[0] / rows[0] - other[0] / rows[1])
    p_value = math.erfc(effect / spread / math.sqrt(2)) if spread else 1.0
    return Distance(effect, p_value, Z_99 * spread)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for being many, so that the chance of any false alarm keeps its rate."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected = [1.0] * len(p_values)
    running = 0.0
    for rank, place in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = running
    return corrected


def _table(batch: ColumnProfile, stored: ColumnProfile) -> list[tuple[int, int]]:
    """Counts per category, batch and stored. Categories that one side keeps only in `other` are pooled there."""
    ours: Mapping[str, int] = batch.categories or {}
    theirs: Mapping[str, int] = stored.categories or {}
    named = [(ours.get(name, 0), theirs.get(name, 0)) for name in {**ours, **theirs}]
    other = (batch.other, stored.other)
    return [*named, other] if any(other) else named


def _noise(counts: Sequence[tuple[int, int]], ours: int, theirs: int) -> float:
    """How far apart two samples of the same categories can come by chance, at the 99 % level.

    The mean is that of normal deviations per category; around it, McDiarmid's inequality.
    """
    size = 1 / ours + 1 / theirs
    shares = [(one + other) / (ours + theirs) for one, other in counts]
    mean = sum(math.sqrt(share * (1 - share) * size) for share in shares) / math.sqrt(2 * math.pi)
    return mean + math.sqrt(math.log(100) / 2 * size)


def _chi_square(counts: Sequence[tuple[int, int]], ours: int, theirs: int) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom, with rare categories pooled."""
    total = ours + theirs
    common: list[tuple[float, float]] = []
    rare = (0.0, 0.0)
    for one, other in counts:
        if (one + other) * min(ours, theirs) / total < RARE:
            rare = (rare[0] + one, rare[1] + other)
        else:
            common.append((one, other))
    cells = [*common, rare] if sum(rare) else common
    statistic = 0.0
    for cell in cells:
        expected = sum(cell) * ours / total, sum(cell) * theirs / total
        statistic += sum((found - wanted) ** 2 / wanted for found, wanted in zip(cell, expected, strict=True))
    return statistic, max(len(cells) - 1, 0)
