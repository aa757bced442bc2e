"""Which candidate becomes staging: a pure decision over what training has measured on validation rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from modelyard.evaluation.metrics import is_better


class Candidate(Protocol):
    """What staging needs to know of a version."""

    @property
    def version(self) -> int:
        """The registered version."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """Metric to value on the validation rows."""

    @property
    def validation_rows(self) -> Mapping[str, Any]:
        """Which rows these are: `start`, `end`, `data_versions`."""

    @property
    def slices(self) -> Sequence[Mapping[str, Any]]:
        """What floors are held to, on the validation rows: column, value, rows, metric, found."""


class Limit(Protocol):
    """A threshold on one metric."""

    @property
    def metric(self) -> str:
        """Its name."""

    @property
    def at_least(self) -> float | None:
        """The lowest value that passes."""

    @property
    def at_most(self) -> float | None:
        """The highest value that passes."""


class SliceLimit(Limit, Protocol):
    """A limit on a metric in every slice of a column."""

    @property
    def column(self) -> str:
        """The column whose values are the slices."""

    @property
    def fewest(self) -> int:
        """A slice with fewer rows is not held to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingDecision:
    """The version to stage, and what was said of every one."""

    version: int | None
    """None if no version passes."""
    reasons: Mapping[int, tuple[str, ...]]
    """Version to why it was or was not chosen."""

    @property
    def accepted(self) -> bool:
        """Whether there is something to stage."""
        return self.version is not None

    @property
    def summary(self) -> str:
        """All reasons in one line."""
        return "; ".join(f"version {version}: {', '.join(said)}" for version, said in self.reasons.items())


def choose_staging(
    candidates: Sequence[Candidate],
    thresholds: Sequence[Limit],
    *,
    metric: str,
    floors: Sequence[SliceLimit] = (),
) -> StagingDecision:
    """The best candidate that passes every threshold, and every floor in every slice.

    Metrics on different rows do not compare. So the candidates that were validated on the latest rows go first, and
    only among them the metric decides. Equals: the older version stays, so that nothing changes without a gain. What
    is in staging already is a candidate like the others, and stays if none of them is better.
    """
    reasons: dict[int, tuple[str, ...]] = {}
    best: Candidate | None = None
    for candidate in sorted(candidates, key=lambda found: found.version):
        failed = [*threshold_failures(candidate.metrics, thresholds), *floor_failures(candidate.slices, floors)]
        passed = "passes every threshold and floor" if floors else "passes every threshold"
        reasons[candidate.version] = tuple(failed) or (passed,)
        if not failed and (best is None or _goes_before(candidate, best, metric)):
            best = candidate
    if best is not None:
        reasons[best.version] = (*reasons[best.version], f"best by {metric} on the latest validation rows")
    return StagingDecision(version=best.version if best else None, reasons=reasons)


def threshold_failures(metrics: Mapping[str, float], thresholds: Sequence[Limit]) -> list[str]:
    """Every threshold that these metrics do not meet, as sentences."""
    return [said for threshold in thresholds if (said := _failure(metrics, threshold))]


def floor_failures(measured: Sequence[Mapping[str, Any]], floors: Sequence[SliceLimit]) -> list[str]:
    """Every slice that does not meet its floor, as sentences. A floor that was set after training was not measured."""
    return [said for floor in floors for said in _slice_failures(measured, floor)]


def _slice_failures(measured: Sequence[Mapping[str, Any]], floor: SliceLimit) -> Iterator[str]:
    slices = [one for one in measured if (one["column"], one["metric"]) == (floor.column, floor.metric)]
    if not slices:
        yield f"{floor.metric} was not measured within {floor.column}: train again"
    for one in slices:
        # In a slice of one class alone a metric may not be defined, however many rows it has.
        if one["rows"] >= floor.fewest and one["found"] is not None:
            failed = _failure({floor.metric: one["found"]}, floor)
            if failed:
                yield f"in {floor.column} = {one['value']} ({one['rows']:,} rows) {failed}"


def _failure(metrics: Mapping[str, float], threshold: Limit) -> str | None:
    value = metrics.get(threshold.metric)
    if value is None or math.isnan(value):
        return f"{threshold.metric} was not measured"
    if threshold.at_least is not None and value < threshold.at_least:
        return f"{threshold.metric} is {value:.4f}, at least {threshold.at_least:g} is needed"
    if threshold.at_most is not None and value > threshold.at_most:
        return f"{threshold.metric} is {value:.4f}, at most {threshold.at_most:g} is allowed"
    return None


def _goes_before(candidate: Candidate, best: Candidate, metric: str) -> bool:
    if candidate.validation_rows == best.validation_rows:
        return is_better(metric, candidate.metrics[metric], than=best.metrics[metric])
    return _lateness(candidate) >= _lateness(best)


def _lateness(candidate: Candidate) -> tuple[str, int]:
    """Later rows first; of the same time, the newer version of the data (and so the newer version of the model)."""
    rows = candidate.validation_rows
    return str(rows["end"]), max(rows["data_versions"].values(), default=0)
