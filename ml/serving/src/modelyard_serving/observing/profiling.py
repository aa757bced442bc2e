"""Adding rows to the profile of the features, many at once: a row alone would cost more than its prediction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelyard_bundle import Feature
from modelyard_serving.observing.profile import (
    NAMED_CATEGORIES,
    NUMERIC,
    OUTSIDE,
    FeatureLayout,
    ProfileLayout,
    parts_of,
)

Floats = NDArray[np.float64]
GATHERED_ROWS = 256
"""Rows that are gathered before they are added, unless they are wide."""
FEWEST_ROWS, GATHERED_VALUES = 8, 16_384
"""Of wide rows fewer are gathered: what is added at once stays in the processor's cache, and no request waits long."""
_FAR = 10.0
"""A number counts in the sums as at most this many ranges away, so that one absurd value cannot ruin a mean."""
_UTTERMOST = 1e100


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The features that are numbers, one entry a feature in each array."""

    places: NDArray[np.intp]
    start: Floats
    origin: Floats
    scale: Floats
    last: Floats
    """The last part, counted from 0."""
    low: Floats
    high: Floats
    nearest: Floats
    furthest: Floats
    sums: NDArray[np.intp]

    @classmethod
    def compile(cls, layouts: Sequence[FeatureLayout]) -> _Numbers:
        ranges = [_range(layout.feature) for layout in layouts]
        origin, scale, last, low, high, nearest, furthest = np.array(ranges, dtype=np.float64).T.copy()
        return cls(
            places=np.array([layout.place for layout in layouts], dtype=np.intp),
            start=np.array([layout.start for layout in layouts], dtype=np.float64),
            origin=origin,
            scale=scale,
            last=last,
            low=low,
            high=high,
            nearest=nearest,
            furthest=furthest,
            sums=np.array([layout.sums for layout in layouts], dtype=np.intp),
        )

    def observe(self, slots: Floats, matrix: Floats) -> NDArray[np.intp]:
        """Add to the sums; the slots of the bins that the values fall into."""
        values = matrix[:, self.places]
        null, below, above = np.isnan(values), values < self.low, values > self.high
        # Limited first: what is left cannot overflow, neither when it is scaled nor when it is squared.
        np.clip(values, self.nearest, self.furthest, out=values)
        bins = np.subtract(values, self.origin)
        bins *= self.scale
        np.floor(bins, out=bins)
        np.clip(bins, 0.0, self.last, out=bins)
        bins += OUTSIDE + 1
        bins[below] = OUTSIDE
        np.copyto(bins, self.last + OUTSIDE + 2, where=above)
        bins[null] = 0.0
        bins += self.start
        values[null] = 0.0
        slots[self.sums] += values.sum(axis=0)
        slots[self.sums + 1] += np.einsum("ij,ij->j", values, values)
        return bins.astype(np.intp).ravel()


def _range(feature: Feature) -> tuple[float, ...]:
    """Origin, scale, last part, lowest, highest, and what sums are limited to."""
    low = -math.inf if feature.minimum is None else float(feature.minimum)
    high = math.inf if feature.maximum is None else float(feature.maximum)
    parts = parts_of(feature)
    is_cut = parts > 1
    origin, scale = (low, parts / (high - low)) if is_cut else (0.0, 0.0)
    reach = _FAR * (high - low) if is_cut else math.inf
    nearest, furthest = max(low - reach, -_UTTERMOST), min(high + reach, _UTTERMOST)
    return origin, scale, parts - 1.0, low, high, nearest, furthest


@dataclass(frozen=True, slots=True)
class _Coded:
    """The features that are categories or booleans: a table leads from codes to slots."""

    places: NDArray[np.intp]
    offset: Floats
    """Where the table of each feature starts, moved by what its lowest code (null, as -2) needs."""
    most: Floats
    """The highest code of each feature."""
    table: NDArray[np.intp]

    @classmethod
    def compile(cls, layouts: Sequence[FeatureLayout], vocabularies: Mapping[str, Sequence[str]]) -> _Coded:
        tables = [_slots_of_codes(layout, vocabularies) for layout in layouts]
        offsets = np.cumsum([0, *map(len, tables)])[:-1] + 2
        return cls(
            places=np.array([layout.place for layout in layouts], dtype=np.intp),
            offset=offsets.astype(np.float64),
            most=np.array([len(table) - 3 for table in tables], dtype=np.float64),
            table=np.array([slot for table in tables for slot in table], dtype=np.intp),
        )

    def observe(self, matrix: Floats) -> NDArray[np.intp]:
        """The slots of the bins that the codes fall into."""
        codes = matrix[:, self.places]
        codes[np.isnan(codes)] = -2.0
        np.clip(codes, -2.0, self.most, out=codes)
        codes += self.offset
        return self.table[codes.astype(np.intp)].ravel()


def _slots_of_codes(layout: FeatureLayout, vocabularies: Mapping[str, Sequence[str]]) -> list[int]:
    """The slots for null, for a code that is in no vocabulary, and for each code."""
    start, feature = layout.start, layout.feature
    if feature.kind == "boolean":
        return [start, start, start + 1, start + 2]
    other = start + len(layout.labels) - 1
    vocabulary = vocabularies.get(feature.name)
    if vocabulary is None:
        # The plan does not look at this feature, so no code says anything about its values.
        return [start, other]
    if feature.categories is None:
        return [start, start + OUTSIDE, *(other for _ in vocabulary)]
    named = {name: start + OUTSIDE + 1 + index for index, name in enumerate(feature.categories[:NAMED_CATEGORIES])}
    known = {**dict.fromkeys(feature.categories, other), **named}
    return [start, start + OUTSIDE, *(known.get(name, start + OUTSIDE) for name in vocabulary)]


class Observer:
    """Adds rows to a profile. Compiled once, when a version is loaded.

    Args:
        layout: Where the numbers stand.
        vocabularies: What the codes of each category stand for, as the matrix is encoded; the signature's own
            categories where there is no compiled plan.
    """

    def __init__(self, layout: ProfileLayout, vocabularies: Mapping[str, Sequence[str]] | None = None) -> None:
        coded = [one for one in layout.features if one.feature.kind not in NUMERIC]
        numbers = [one for one in layout.features if one.feature.kind in NUMERIC]
        if vocabularies is None:
            vocabularies = {one.feature.name: one.feature.categories for one in coded if one.feature.categories}
        self.layout = layout
        self._numbers = _Numbers.compile(numbers) if numbers else None
        self._coded = _Coded.compile(coded, vocabularies) if coded else None
        self._codes = [_codes(one.feature, vocabularies) for one in layout.features]

    def observe(self, slots: Floats, matrix: Floats) -> None:
        """Add rows to the profile.

        Args:
            slots: The profile, `layout.slots` numbers; this process is the only one that writes them.
            matrix: Rows by features in the order of the signature. NaN is null, a category is its code and -1 if it is
                not in the vocabulary, a boolean is 0 or 1.
        """
        found = [] if self._coded is None else [self._coded.observe(matrix)]
        if self._numbers is not None:
            found.append(self._numbers.observe(slots, matrix))
        bins = found[0] if len(found) == 1 else np.concatenate(found)
        slots[: self.layout.bins] += np.bincount(bins, minlength=self.layout.bins)

    def observe_frame(self, slots: Floats, frame: pl.DataFrame) -> None:
        """Add the rows of the frame that the plain way takes: the features in the order of the signature."""
        self.observe(slots, self.matrix([column.to_list() for column in frame.iter_columns()], frame.height))

    def matrix(self, columns: Sequence[Sequence[Any]], rows: int) -> Floats:
        """Plain values, one sequence a feature, as the matrix; categories by this observer's vocabularies."""
        matrix = np.empty((rows, len(columns)))
        for place, (values, codes) in enumerate(zip(columns, self._codes, strict=True)):
            matrix[:, place] = values if codes is None else [codes.get(value, -1.0) for value in values]
        return matrix


class ProfileWriter:
    """Gathers rows and adds them to a profile when there are enough, or when it is told to.

    Args:
        observer: Adds them.
        slots: The profile.
    """

    def __init__(self, observer: Observer, slots: Floats) -> None:
        self._observer = observer
        self._slots = slots
        features = len(observer.layout.features)
        self._most = max(FEWEST_ROWS, min(GATHERED_ROWS, GATHERED_VALUES // features))
        self._gathered = np.empty((self._most, features))
        self._count = 0
        self._rows: list[tuple[Any, ...]] = []

    def add(self, matrix: Floats) -> None:
        """Take rows as a compiled plan takes them. They are copied, so the matrix may be used again."""
        rows, count = len(matrix), self._count
        if count + rows > self._most:
            self.flush()
            count = 0
            if rows >= self._most:
                for start in range(0, rows, self._most):
                    self._observer.observe(self._slots, matrix[start : start + self._most])
                return
        self._gathered[count : count + rows] = matrix
        self._count = count + rows

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Take rows as the plain way takes them."""
        if frame.height >= GATHERED_ROWS:
            self._observer.observe_frame(self._slots, frame)
            return
        self._rows += frame.rows()
        if len(self._rows) >= GATHERED_ROWS:
            self.flush()

    def flush(self) -> None:
        """Add what was gathered. To be called once a second or so, and before the process ends."""
        if self._count:
            self._observer.observe(self._slots, self._gathered[: self._count])
            self._count = 0
        if self._rows:
            rows, self._rows = self._rows, []
            self._observer.observe(self._slots, self._observer.matrix(list(zip(*rows, strict=True)), len(rows)))


def _codes(feature: Feature, vocabularies: Mapping[str, Sequence[str]]) -> dict[str | None, float] | None:
    """A number for each category; nothing for a feature whose values are numbers already."""
    if feature.kind != "category":
        return None
    vocabulary = vocabularies.get(feature.name, ())
    return {None: math.nan, **{name: float(code) for code, name in enumerate(vocabulary)}}
