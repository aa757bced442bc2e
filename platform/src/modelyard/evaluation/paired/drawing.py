"""Drawing rows with replacement, so that any single resample can be drawn again alone.

A resample of n rows is n draws; what counts is how often each row was drawn: small whole numbers that add up to n.
Drawing these counts directly is several times faster than drawing n rows and counting them: independent Poisson
numbers, given their sum, are distributed as the counts of that many draws (Kingman 1993, section 2.4). So most of
the n draws are made as Poisson counts with a mean a little below 1, and the few that are missing are drawn one by one.

A Poisson count costs one random byte. A byte has 256 values, and each count owns the whole ones of its share. The few
values that are left over belong to no count; where one of them comes up, 16 more bits decide by the remainders
(Marsaglia 1963). Together that is the distribution to 2^-22.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint8]

_SHORT = 6.0
"""Standard deviations by which the Poisson counts stay short of n: more than n are drawn once in 10^9 resamples."""
_STRIDE = 1 << 16
"""Rows drawn at a time: their random bits stay in the processor's cache."""
_BYTES, _FINE = 1 << 8, 1 << 16
_LARGEST = 16
_UNIT = 2.0**-53


@dataclass(frozen=True, slots=True)
class _Poisson:
    """How a byte becomes a count."""

    steps: tuple[int, ...]
    """A byte's count is the number of these that it reaches."""
    escape: int
    """Bytes from here on have no count of their own."""
    remainders: NDArray[np.uint32]
    """For them: the count is the number of these that 16 further bits reach."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Resamples of `rows` rows, told apart by their number. The same seed and number are the same resample."""

    rows: int
    seed: int
    _poisson: _Poisson = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_poisson", _poisson(max(0.0, 1 - _SHORT / max(self.rows, 1) ** 0.5)))

    def counts(self, resample: int, out: Counts | None = None) -> Counts:
        """How often each row is drawn in this resample. They add up to the number of rows.

        Args:
            resample: Its number, from 0.
            out: Where to write them, one a row; a new array if nothing is given.
        """
        # Raw bits of SFC64 are the same in every release of NumPy (NEP 19); its distributions are not.
        source = np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=(resample,)))
        counts = np.empty(self.rows, dtype=np.uint8) if out is None else out
        missing = -1
        while missing < 0:
            missing = self.rows - self._most(source, counts)
        rest = (source.random_raw(missing) >> np.uint64(11)) * _UNIT * self.rows
        np.add.at(counts, rest.astype(np.int64), np.uint8(1))
        return counts

    def _most(self, source: np.random.SFC64, counts: Counts) -> int:
        """Fills `counts` with Poisson numbers, and says how many draws that makes."""
        made, how = 0, self._poisson
        reached = np.empty(min(_STRIDE, self.rows), dtype=np.bool_)
        for start in range(0, self.rows, _STRIDE):
            part = counts[start : start + _STRIDE]
            drawn, over = _bits(source, len(part), np.uint8), reached[: len(part)]
            part[:] = 0
            for step in how.steps:
                np.greater_equal(drawn, step, out=over)
                np.add(part, over.view(np.uint8), out=part)
            if how.escape < _BYTES:
                rare = np.flatnonzero(np.greater_equal(drawn, how.escape, out=over))
                part[rare] = np.searchsorted(how.remainders, _bits(source, len(rare), np.uint16), side="right")
            made += int(part.sum(dtype=np.uint32))
        return made


def _bits(source: np.random.SFC64, size: int, kind: type[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Random whole numbers of this type. Bytes are taken in the same order on every machine."""
    each = 8 // np.dtype(kind).itemsize
    words = source.random_raw(-(-size // each)).astype("<u8", copy=False)
    return words.view(np.dtype(kind).newbyteorder("<"))[:size]


def _poisson(mean: float) -> _Poisson:
    shares = [math.exp(-mean) * mean**count / math.factorial(count) * _BYTES for count in range(_LARGEST)]
    whole = [int(share) for share in shares]
    ends = np.cumsum(whole)
    left = np.array([share - owned for share, owned in zip(shares, whole, strict=True)])
    fine = np.round(np.cumsum(left) / max(left.sum(), _UNIT) * _FINE).astype(np.uint32)
    # The last count takes what rounding leaves, so that no bits are without one.
    return _Poisson(tuple(int(end) for end in ends[:-1] if end < ends[-1]), int(ends[-1]), fine[:-1])
