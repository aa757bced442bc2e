"""What one worker counts, in memory that it shares with the host.

A worker writes single numbers and never waits; the host reads the numbers of all workers, and keeps the sums of those
that have ended. So a scrape costs as much as there are live workers, however many came before them.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

ENDPOINTS = (
    "other",
    "root",
    "server",
    "live",
    "ready",
    "model",
    "model_ready",
    "metrics",
    "openapi",
    "docs",
    "infer",
    "invocations",
    "predict",
    "ping",
    "version",
)
"""The names of the endpoints: paths would make as many series as clients can think of."""
STATUSES = (0, 200, 307, 400, 401, 403, 404, 405, 408, 413, 414, 415, 429, 431, 499, 500, 503)
"""The statuses that the model API answers with; 0 stands for any other."""
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the buckets of the time to answer; one more bucket takes what is slower."""
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Upper bounds of the buckets of the rows that were predicted in one call."""
MAX_KINDS = 96
_KIND_BYTES = 40
_WORD = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A run of slots."""

    start: int
    length: int

    @property
    def stop(self) -> int:
        """The first slot behind it."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Block:
    """Where the numbers of one model version, or of no model, stand in a segment."""

    start: int

    @property
    def requests(self) -> Span:
        """Requests by endpoint and status."""
        return Span(self.start, len(ENDPOINTS) * len(STATUSES))

    @property
    def errors(self) -> Span:
        """Refusals and failures by kind."""
        return Span(self.requests.stop, MAX_KINDS)

    @property
    def seconds(self) -> Span:
        """Buckets of the time to answer, and their sum of seconds at the end."""
        return Span(self.errors.stop, len(SECONDS) + 2)

    @property
    def batches(self) -> Span:
        """Buckets of rows in one prediction call, and the sum of rows at the end."""
        return Span(self.seconds.stop, len(BATCHES) + 2)

    @property
    def values(self) -> Span:
        """Rows predicted, their sum, their sum of squares, rows with the second label, features not seen before."""
        return Span(self.batches.stop, 5)


@dataclass(frozen=True, slots=True, order=True)
class VersionKey:
    """Which version a block counts for."""

    model: str
    version: str
    digest: str


NO_VERSION = VersionKey("", "", "")
Area: TypeAlias = tuple[str, ...]
"""What an area is for, and whose it is."""
Slots: TypeAlias = "memoryview[float]"
_HEAD = 4
"""Slots before the blocks: in flight, heartbeat, kinds in use, bytes of bodies in memory."""


class Segment:
    """The counters of one worker. One process writes, another may read at any time.

    Args:
        versions: The versions it serves.
        areas: Slots that somebody else lays out, by name: the features' profiles, rollouts. All in them are sums.
    """

    def __init__(self, versions: Iterable[VersionKey] = (), *, areas: Mapping[Area, int] | None = None) -> None:
        self.blocks: dict[VersionKey, Block] = {}
        self.areas: dict[Area, Span] = {}
        start = _HEAD
        for key in (NO_VERSION, *versions):
            self.blocks[key] = Block(start)
            start = self.blocks[key].values.stop
        for area, slots in (areas or {}).items():
            self.areas[area] = Span(start, slots)
            start += slots
        self._words = start
        self._memory = mmap.mmap(-1, start * _WORD + MAX_KINDS * _KIND_BYTES)
        self.numbers = memoryview(self._memory)[: start * _WORD].cast("d")
        self._kinds: dict[str, int] = {}

    def close(self) -> None:
        """Give the memory back."""
        self.numbers.release()
        self._memory.close()

    @property
    def in_flight(self) -> float:
        """Requests being answered."""
        return self.numbers[0]

    @in_flight.setter
    def in_flight(self, value: float) -> None:
        self.numbers[0] = value

    @property
    def heartbeat(self) -> float:
        """When the worker's event loop last turned, on the monotonic clock."""
        return self.numbers[1]

    @heartbeat.setter
    def heartbeat(self, value: float) -> None:
        self.numbers[1] = value

    def area(self, name: Area) -> Slots | None:
        """The slots of an area; none where the segment has no such area."""
        span = self.areas.get(name)
        return None if span is None else self.numbers[span.start : span.stop]

    def kind(self, name: str) -> int:
        """The slot of a kind of error; what comes after the table is full counts as `other`."""
        if (index := self._kinds.get(name)) is not None:
            return index
        index = len(self._kinds)
        if index >= MAX_KINDS - 1:
            name, index = "other", MAX_KINDS - 1
        place = self._words * _WORD + index * _KIND_BYTES
        text = name.encode("ascii", "replace")[: _KIND_BYTES - 1]
        self._memory[place : place + _KIND_BYTES] = text.ljust(_KIND_BYTES, b"\0")
        self._kinds[name] = index
        self.numbers[2] = index + 1
        return index

    def kinds(self) -> list[str]:
        """The kinds of error by slot, as the writer has named them."""
        place = self._words * _WORD
        texts = [
            self._memory[place + index * _KIND_BYTES : place + (index + 1) * _KIND_BYTES] for index in range(MAX_KINDS)
        ]
        return [text.rstrip(b"\0").decode("ascii") for text in texts]


@dataclass(slots=True)
class Totals:
    """Sums over workers for one version."""

    requests: list[float]
    errors: dict[str, float]
    seconds: list[float]
    batches: list[float]
    values: list[float]

    @classmethod
    def of(cls, segment: Segment, block: Block) -> Totals:
        """What one worker has counted until now."""
        kinds, counts = segment.kinds(), _read(segment, block.errors)
        return cls(
            requests=_read(segment, block.requests),
            errors={kind: count for kind, count in zip(kinds, counts, strict=True) if kind and count},
            seconds=_read(segment, block.seconds),
            batches=_read(segment, block.batches),
            values=_read(segment, block.values),
        )

    def add(self, other: Totals) -> None:
        """Count another worker's numbers as well."""
        self.requests = _sum(self.requests, other.requests)
        self.errors = {
            kind: self.errors.get(kind, 0) + other.errors.get(kind, 0) for kind in {*self.errors, *other.errors}
        }
        self.seconds = _sum(self.seconds, other.seconds)
        self.batches = _sum(self.batches, other.batches)
        self.values = _sum(self.values, other.values)

    def copy(self) -> Totals:
        """The same sums, to add to."""
        return Totals(
            requests=list(self.requests),
            errors=dict(self.errors),
            seconds=list(self.seconds),
            batches=list(self.batches),
            values=list(self.values),
        )

    def by_endpoint(self) -> Iterator[tuple[str, str, float]]:
        """Endpoint, status and number of requests, where there were any."""
        for index, count in enumerate(self.requests):
            if count:
                endpoint, status = divmod(index, len(STATUSES))
                yield ENDPOINTS[endpoint], str(STATUSES[status] or "other"), count


def _read(segment: Segment, span: Span) -> list[float]:
    return [float(number) for number in segment.numbers[span.start : span.stop]]


def _sum(left: Sequence[float], right: Sequence[float]) -> list[float]:
    return [one + other for one, other in zip(left, right, strict=True)]


class Ledger:
    """The sums of workers that have ended, so that a counter never goes back."""

    def __init__(self) -> None:
        self._versions: dict[VersionKey, Totals] = {}
        self._areas: dict[Area, list[float]] = {}

    def keep(self, segment: Segment) -> None:
        """Add what an ended worker had counted."""
        for key, block in segment.blocks.items():
            found = Totals.of(segment, block)
            if key in self._versions:
                self._versions[key].add(found)
            else:
                self._versions[key] = found
        for area, span in segment.areas.items():
            numbers = _read(segment, span)
            self._areas[area] = _sum(self._areas[area], numbers) if area in self._areas else numbers

    def forget(self, area: Area) -> None:
        """Drop the sums of an area that nobody counts in any more."""
        self._areas.pop(area, None)

    def totals(self, live: Iterable[Segment]) -> dict[VersionKey, Totals]:
        """All that was counted, by version."""
        found = Ledger()
        found._versions = {key: totals.copy() for key, totals in self._versions.items()}
        for segment in live:
            found.keep(segment)
        return found._versions

    def area(self, name: Area, live: Iterable[Segment]) -> list[float] | None:
        """The sums of an area over all workers; none where none has it."""
        parts = [_read(segment, segment.areas[name]) for segment in live if name in segment.areas]
        parts += [self._areas[name]] if name in self._areas else []
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = _sum(total, part)
        return total
