"""What a canary or an A/B test has shown, by version: counted in slots, read as a result for people.

The spread of a mean is measured between groups of callers, not between rows: rows of one caller are alike, and an
interval that takes them for independent is too narrow (ratio estimate with groups as units: Cochran, Sampling
Techniques, 3rd edition 1977, section 6). In a canary the groups are of requests.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelyard_serving.observing.counters import Slots
from modelyard_serving.rollouts.assigning import GROUPS, group_of
from modelyard_serving.rollouts.spread import Interval, Mean, difference, mean_of
from modelyard_serving.rollouts.stopping import Counts

SECONDS = (
    0.0002,
    0.0005,
    *(base * scale for scale in (0.001, 0.01, 0.1, 1.0) for base in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)),
    10.0,
)
"""Upper bounds of the buckets of the time to answer; one more bucket takes what is slower."""
_REQUESTS, _ERRORS, _SLOW, _ABOVE, _BUCKETS = 0, 1, 2, 3, 4
_ROWS = _BUCKETS + len(SECONDS) + 1
_SUMS = _ROWS + GROUPS
_ARM = _SUMS + GROUPS
_UNASSIGNED = 0
SIZE = 1 + 2 * _ARM
"""Slots of one rollout: requests without a place, then the deployed version's, then the candidate's."""


def count_unassigned(slots: Slots, start: int) -> None:
    """A request without a place: the deployed version answers, and it belongs to no side of the comparison."""
    slots[start + _UNASSIGNED] += 1


def count_answer(
    slots: Slots,
    start: int,
    *,
    place: float,
    is_candidate: bool,
    seconds: float,
    latency_ms: float,
    is_error: bool,
    rows: int = 0,
    total: float = 0.0,
    above: int = 0,
) -> None:
    """One answer by one of the two versions.

    Args:
        slots: The worker's numbers.
        start: Where those of this rollout begin.
        place: The request's place.
        is_candidate: Which version answered.
        seconds: The time to answer.
        latency_ms: The limit beyond which an answer is slow.
        is_error: Whether the version failed (5xx), not the client.
        rows: Rows predicted.
        total: Sum of (prediction - shift) over them; `shift` is any constant near the mean that reader and writers
            agree on, such as the mean of the deployed bundle's example, so that nothing is lost in large numbers.
        above: Rows with the second label.
    """
    arm = start + 1 + (_ARM if is_candidate else 0)
    slots[arm + _REQUESTS] += 1
    if is_error:
        slots[arm + _ERRORS] += 1
    if seconds * 1e3 > latency_ms:
        slots[arm + _SLOW] += 1
    slots[arm + _BUCKETS + bisect_left(SECONDS, seconds)] += 1
    if rows:
        group = group_of(place)
        slots[arm + _ABOVE] += above
        slots[arm + _ROWS + group] += rows
        slots[arm + _SUMS + group] += total


def read_counts(numbers: Sequence[float]) -> tuple[Counts, Counts]:
    """What the stopping rule needs: the deployed version's counts and the candidate's."""
    return _counts(numbers, 1), _counts(numbers, 1 + _ARM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One version's side."""

    requests: int
    errors: int
    slow: int
    rows: int
    p50_ms: float | None
    """Half of the answers were at least as fast; interpolated within a bucket."""
    p95_ms: float | None
    mean: float | None
    """Of all predictions."""
    standard_error: float | None
    """Of the mean; none where too few groups of callers have asked."""
    labels: dict[str, float]
    """Share of the rows by label; empty for numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Both sides, and the difference of their mean predictions."""

    primary: Arm
    candidate: Arm
    unassigned: int
    """Requests that named no caller; they are in neither side."""
    difference: Interval | None
    """Candidate minus deployed version, with its interval of 95%; none where too few have asked."""
    sentence: str

    def to_document(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return asdict(self)


def read_outcome(numbers: Sequence[float], *, labels: Sequence[str] = (), shift: float = 0.0) -> Outcome:
    """The result in the numbers of a rollout.

    Args:
        numbers: `SIZE` numbers, summed over all workers.
        labels: Of a binary model, in the order of its output; none for others.
        shift: The constant that writers subtracted from each prediction.
    """
    sides = [_mean(numbers, start) for start in (1, 1 + _ARM)]
    apart = difference(*sides)
    return Outcome(
        primary=_arm(numbers, 1, sides[0], labels, shift=shift),
        candidate=_arm(numbers, 1 + _ARM, sides[1], labels, shift=shift),
        unassigned=round(numbers[_UNASSIGNED]),
        difference=apart,
        sentence=_sentence(apart),
    )


def _counts(numbers: Sequence[float], start: int) -> Counts:
    return Counts(*(round(numbers[start + place]) for place in (_REQUESTS, _ERRORS, _SLOW)))


def _mean(numbers: Sequence[float], start: int) -> Mean:
    rows = numbers[start + _ROWS : start + _ROWS + GROUPS]
    return mean_of(rows, numbers[start + _SUMS : start + _SUMS + GROUPS])


def _arm(numbers: Sequence[float], start: int, mean: Mean, labels: Sequence[str], *, shift: float) -> Arm:
    counts = _counts(numbers, start)
    buckets = numbers[start + _BUCKETS : start + _ROWS]
    above = numbers[start + _ABOVE]
    shares = ((mean.rows - above) / mean.rows, above / mean.rows) if mean.rows else ()
    return Arm(
        requests=counts.requests,
        errors=counts.errors,
        slow=counts.slow,
        rows=round(mean.rows),
        p50_ms=_quantile_ms(buckets, 0.5),
        p95_ms=_quantile_ms(buckets, 0.95),
        mean=None if mean.value is None else mean.value + shift,
        standard_error=mean.error,
        labels=dict(zip(labels, shares, strict=False)),
    )


def _quantile_ms(buckets: Sequence[float], part: float) -> float | None:
    """The time that this part of the answers did not exceed; in the last bucket, its lower bound."""
    wanted, before, lower = part * sum(buckets), 0.0, 0.0
    for count, upper in zip(buckets, SECONDS, strict=False):
        if count and before + count >= wanted:
            return round(1e3 * (lower + (upper - lower) * (wanted - before) / count), 4)
        before, lower = before + count, upper
    return 1e3 * lower if before < sum(buckets) else None


def _sentence(found: Interval | None) -> str:
    if found is None:
        return "too few callers have asked to compare the two versions' predictions"
    shown = f"{found.value:+.4g}, 95% interval {found.low:+.4g} to {found.high:+.4g}"
    if found.low <= 0 <= found.high:
        return f"no difference between the mean predictions is shown ({shown})"
    direction = "higher" if found.value > 0 else "lower"
    return f"the candidate predicts {direction} in the mean ({shown})"
