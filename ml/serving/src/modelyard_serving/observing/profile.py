"""The profile of the features: what a version is asked with, in numbers that drift can be read from.

Each feature has a few bins, and every value falls into exactly one of them; numbers have a sum and a sum of squares as
well. All are plain 64-bit floats in memory that may be shared, added to by one writer. Of several writers' numbers, the
sums are the profile of all.

| kind | bins, in this order |
|---|---|
| number, integer | null, below, ten equal parts from minimum to maximum, above |
| category | null, unseen, one each for the first twenty that training saw, other |
| boolean | null, false, true |

A number without a minimum and a maximum, or with no room between them, has one part instead of ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from modelyard_bundle import Feature, Signature

PARTS = 10
"""Equal parts between the smallest and the largest number seen in training."""
NAMED_CATEGORIES = 20
"""Categories with a bin of their own."""
NULL, OUTSIDE = 0, 1
"""Places of two bins of every feature that is a number or a category: null, and below or unseen."""
NUMERIC = frozenset({"number", "integer"})


@dataclass(frozen=True, slots=True)
class FeatureLayout:
    """Where the numbers of one feature stand."""

    feature: Feature
    place: int
    """Its column in the matrix."""
    start: int
    """The slot of its first bin."""
    labels: tuple[str, ...]
    """One a bin."""
    sums: int | None
    """The slot of the sum; the sum of squares is behind it. None for what is no number."""

    @property
    def outside(self) -> tuple[int, ...]:
        """The slots of what training never saw."""
        if self.feature.kind in NUMERIC:
            return self.start + OUTSIDE, self.start + len(self.labels) - 1
        return () if self.feature.kind == "boolean" else (self.start + OUTSIDE,)


@dataclass(frozen=True, slots=True)
class ProfileLayout:
    """Where the numbers of all features of a signature stand. Equal signatures have equal layouts."""

    features: tuple[FeatureLayout, ...]
    bins: int
    """Slots that are bins; they come first."""
    slots: int
    """Slots in all, 64-bit floats."""

    @classmethod
    def of(cls, signature: Signature) -> ProfileLayout:
        """The layout for what a model takes."""
        labels = [_labels(feature) for feature in signature.features]
        bins = sum(map(len, labels))
        start, sums, found = 0, bins, []
        for place, (feature, names) in enumerate(zip(signature.features, labels, strict=True)):
            is_number = feature.kind in NUMERIC
            found.append(FeatureLayout(feature, place, start, names, sums if is_number else None))
            start += len(names)
            sums += 2 * is_number
        return cls(tuple(found), bins, sums)


def parts_of(feature: Feature) -> int:
    """How many equal parts the range of a number is cut into: 10, or 1 where there is no range to cut."""
    low, high = feature.minimum, feature.maximum
    if low is None or high is None or not math.isfinite(high - low):
        return 1
    edges = _edges(low, high)
    is_cut = all(one < other for one, other in pairwise(edges)) and math.isfinite(PARTS / (high - low))
    return PARTS if is_cut else 1


def _edges(low: float, high: float) -> list[float]:
    return [low + (high - low) * part / PARTS for part in range(PARTS)] + [float(high)]


def _labels(feature: Feature) -> tuple[str, ...]:
    if feature.kind == "boolean":
        return "null", "false", "true"
    if feature.kind == "category":
        return "null", "unseen", *(f"={name}" for name in (feature.categories or ())[:NAMED_CATEGORIES]), "other"
    if parts_of(feature) == 1 or feature.minimum is None or feature.maximum is None:
        return "null", "below", "inside", "above"
    edges = _edges(feature.minimum, feature.maximum)
    texts = [f"{edge:.6g}" for edge in edges]
    if len(set(texts)) < len(texts):
        texts = list(map(repr, edges))
    inside = [f"{left} to {right}" for left, right in pairwise(texts)]
    return "null", "below", *inside, "above"


Counted = tuple[str, str, ProfileLayout, Sequence[float]]
"""A model's name, its version, the layout, and the sums of all writers' slots."""


def profile_metrics(profiles: Iterable[Counted]) -> list[Metric]:
    """The profiles in the form that Prometheus reads; the bins of one feature add up to the rows that it had."""
    labels = ("model", "version", "feature")
    values = CounterMetricFamily("modelyard_feature_values", "Values of a feature, nulls left out.", labels=labels)
    nulls = CounterMetricFamily("modelyard_feature_nulls", "Nulls of a feature.", labels=labels)
    unseen = CounterMetricFamily(
        "modelyard_feature_unseen", "Values that training never saw: categories, numbers out of range.", labels=labels
    )
    total = GaugeMetricFamily("modelyard_feature_sum", "Sum of the values, the absurd ones limited.", labels=labels)
    squares = GaugeMetricFamily("modelyard_feature_sum_of_squares", "Sum of their squares.", labels=labels)
    bins = CounterMetricFamily("modelyard_feature_bin", "Rows by bin.", labels=(*labels, "bin"))
    for model, version, layout, slots in profiles:
        for one in layout.features:
            named = (model, version, one.feature.name)
            counts = [float(count) for count in slots[one.start : one.start + len(one.labels)]]
            values.add_metric(named, sum(counts) - counts[NULL])
            nulls.add_metric(named, counts[NULL])
            unseen.add_metric(named, sum(float(slots[slot]) for slot in one.outside))
            if one.sums is not None:
                total.add_metric(named, float(slots[one.sums]))
                squares.add_metric(named, float(slots[one.sums + 1]))
            for label, count in zip(one.labels, counts, strict=True):
                bins.add_metric((*named, label), count)
    return [values, nulls, unseen, total, squares, bins]
