"""A shadow's predictions against those that were given: counted in slots, shown to Prometheus and to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from modelyard_serving.observing.counters import Slots

DIFFERENCES = tuple(float(f"1e{power}") for power in range(-12, 7))
"""Upper bounds of the buckets of the absolute difference; one more bucket takes what is larger or no number."""
_REQUESTS, _ROWS, _DIFFERING, _FLIPS, _ERRORS, _SKIPPED, _SUM, _BUCKETS = range(8)
SIZE = _BUCKETS + len(DIFFERENCES) + 1
"""Slots of one shadow."""


def count_comparison(
    slots: Slots,
    start: int,
    *,
    given: Sequence[float],
    shadow: Sequence[float],
    tolerance: float,
    threshold: float | None = None,
) -> None:
    """One request that both versions have predicted.

    Args:
        slots: The worker's numbers.
        start: Where those of this shadow begin.
        given: What the client was told, one number a row.
        shadow: What the shadow says of the same rows.
        tolerance: Further apart than this is different: absolute, and relative above 1.
        threshold: From where on a row has the second label; none where there are no labels.
    """
    left, right = np.asarray(given, dtype=np.float64), np.asarray(shadow, dtype=np.float64)
    apart = np.abs(right - left)
    finite = np.isfinite(apart)
    slots[start + _REQUESTS] += 1
    slots[start + _ROWS] += len(left)
    # Written so that what is no number differs.
    slots[start + _DIFFERING] += float((~(apart <= tolerance * np.maximum(1.0, np.abs(left)))).sum())
    if threshold is not None:
        slots[start + _FLIPS] += float(((left >= threshold) != (right >= threshold)).sum())
    slots[start + _SUM] += float(apart[finite].sum())
    places = np.where(finite, np.searchsorted(DIFFERENCES, apart), len(DIFFERENCES))
    for place in places.tolist():
        slots[start + _BUCKETS + place] += 1


def count_error(slots: Slots, start: int) -> None:
    """The shadow failed on a request that was answered."""
    slots[start + _ERRORS] += 1


def count_skipped(slots: Slots, start: int) -> None:
    """There was no time to ask the shadow: answers come first."""
    slots[start + _SKIPPED] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowResult:
    """How a shadow compares."""

    requests: int
    """Requests that both versions predicted."""
    rows: int
    differing: int
    """Rows whose predictions are further apart than tolerated."""
    label_flips: int
    """Rows that would have got another label."""
    mean_difference: float | None
    """Mean of the absolute differences."""
    largest_at_most: float | None
    """A bound on the largest absolute difference, within a factor of 10; none where nothing was compared, or where one
    is beyond all bounds or no number."""
    errors: int
    """Requests on which the shadow failed and the deployed version did not."""
    skipped: int
    sentence: str

    def to_document(self) -> dict[str, Any]:
        """The result as JSON values."""
        return asdict(self)


def read_shadow(numbers: Sequence[float]) -> ShadowResult:
    """The result in the numbers of a shadow, summed over all workers."""
    rows, buckets = numbers[_ROWS], numbers[_BUCKETS:SIZE]
    largest = max((place for place, count in enumerate(buckets) if count), default=len(DIFFERENCES))
    differing = numbers[_DIFFERING]
    share = f"{differing / rows:.2%} of {rows:,.0f} rows differ" if rows else "nothing was compared yet"
    return ShadowResult(
        requests=round(numbers[_REQUESTS]),
        rows=round(rows),
        differing=round(differing),
        label_flips=round(numbers[_FLIPS]),
        mean_difference=numbers[_SUM] / rows if rows else None,
        largest_at_most=DIFFERENCES[largest] if largest < len(DIFFERENCES) else None,
        errors=round(numbers[_ERRORS]),
        skipped=round(numbers[_SKIPPED]),
        sentence=f"{share}; the shadow failed on {numbers[_ERRORS]:,.0f} requests",
    )


def shadow_metrics(numbers: Sequence[float], *, model: str, version: str) -> list[Metric]:
    """The same for Prometheus: modelyard_shadow_*."""
    labels = ("model", "version")
    found: list[Metric] = []
    for name, text, place in (
        ("requests", "Requests that the shadow predicted as well.", _REQUESTS),
        ("rows", "Rows compared.", _ROWS),
        ("differing_rows", "Rows whose predictions differ by more than the tolerance.", _DIFFERING),
        ("label_flips", "Rows that the shadow gives another label.", _FLIPS),
        ("errors", "Requests on which the shadow failed.", _ERRORS),
        ("skipped", "Requests that the shadow was not asked for lack of time.", _SKIPPED),
    ):
        family = CounterMetricFamily(f"modelyard_shadow_{name}", text, labels=labels)
        family.add_metric((model, version), numbers[place])
        found.append(family)
    histogram = HistogramMetricFamily("modelyard_shadow_difference", "Absolute difference of a row.", labels=labels)
    histogram.add_metric((model, version), _cumulative(numbers[_BUCKETS:SIZE]), numbers[_SUM])
    return [*found, histogram]


def _cumulative(counts: Sequence[float]) -> list[tuple[str, float]]:
    running, buckets = 0.0, []
    for bound, count in zip((*map(str, DIFFERENCES), "+Inf"), counts, strict=True):
        running += count
        buckets.append((bound, running))
    return buckets
