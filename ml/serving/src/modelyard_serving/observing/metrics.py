"""How a worker counts: one place to add to a handful of numbers for each request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from modelyard_serving.observing.counters import (
    BATCHES,
    ENDPOINTS,
    NO_VERSION,
    SECONDS,
    STATUSES,
    Block,
    Segment,
    VersionKey,
)

_ENDPOINT = {name: index * len(STATUSES) for index, name in enumerate(ENDPOINTS)}
_STATUS = {status: index for index, status in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class _Places:
    """The first slots of one version's counters, looked up once: a request adds to a dozen numbers."""

    requests: int
    errors: int
    seconds: int
    batches: int
    values: int

    @classmethod
    def of(cls, block: Block) -> _Places:
        return cls(
            block.requests.start,
            block.errors.start,
            block.seconds.start,
            block.batches.start,
            block.values.start,
        )


class Metrics:
    """Writes what happened into a worker's segment."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._numbers = segment.numbers
        self._places = {key: _Places.of(block) for key, block in segment.blocks.items()}

    def count(self, endpoint: str, status: int, *, key: VersionKey | None, seconds: float, error: str | None) -> None:
        """One answered request.

        Args:
            endpoint: Its name.
            status: What it was answered with.
            key: The version that answered, if one did.
            seconds: From the head of the request to the last byte of the answer.
            error: The code of the refusal, if it was refused.
        """
        places = self._places.get(key or NO_VERSION) or self._places[NO_VERSION]
        numbers = self._numbers
        numbers[places.requests + _ENDPOINT.get(endpoint, 0) + _STATUS.get(status, 0)] += 1
        if error is not None:
            numbers[places.errors + self.segment.kind(error)] += 1
        elif key is not None:
            numbers[places.seconds + bisect_left(SECONDS, seconds)] += 1
            numbers[places.seconds + len(SECONDS) + 1] += seconds

    def batch(self, key: VersionKey, rows: int) -> None:
        """One call of a model's prediction."""
        if (places := self._places.get(key)) is not None:
            self._numbers[places.batches + bisect_left(BATCHES, rows)] += 1
            self._numbers[places.batches + len(BATCHES) + 1] += rows

    def predicted(self, key: VersionKey, values: Sequence[float], *, above: int, unseen: int) -> None:
        """What a model answered to one request.

        Args:
            key: The version.
            values: One number a row.
            above: Rows that got the second label.
            unseen: Features with values that training never saw.
        """
        if (places := self._places.get(key)) is None:
            return
        numbers, place = self._numbers, places.values
        numbers[place] += len(values)
        numbers[place + 1] += sum(values)
        numbers[place + 2] += sum([value * value for value in values])
        if above:
            numbers[place + 3] += above
        if unseen:
            numbers[place + 4] += unseen
