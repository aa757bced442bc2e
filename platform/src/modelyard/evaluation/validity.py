"""Why no figure on some rows could be trusted: what is looked at before two versions are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.paired.clusters import Clusters
from modelyard.evaluation.verdicts import Verdict

Values = NDArray[np.float64]

FEWEST = 30
"""Fewer rows of a class than this tell nothing about a difference."""
BINARY = frozenset({"roc_auc", "pr_auc", "brier", "log_loss"})
"""Metrics of a probability. All others are of a number."""
_TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One version's scores on the test rows."""

    version: int
    scores: Values
    learned_until: str
    """The place before which every row lies that the version has learned from: an ISO 8601 time, or a share of the
    hashes of a key, such as `0.8 of hash(customer)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What stands against any verdict about a difference."""

    verdict: Verdict
    reason: str
    more_rows: int | None = None
    """How many rows more would take it away, where that is known."""


def obstacles(
    labels: Values,
    candidate: Scored,
    production: Scored | None,
    *,
    metric: str,
    test_rows: Mapping[str, Any],
    clusters: Clusters | None = None,
) -> list[Obstacle]:
    """Everything that stands against a comparison, the gravest first."""
    versions = [candidate] if production is None else [candidate, production]
    return [
        *_not_numbers(labels, candidate, production),
        *(found for scored in versions if (found := _not_new(scored, test_rows))),
        *(_too_few(labels, metric) or _too_few_clusters(labels, metric, clusters)),
    ]


def fewest_of_a_class(labels: Values, metric: str, clusters: Clusters | None) -> int:
    """How many witnesses there are for the rarer class, or for a number at all: rows, or clusters that have such."""
    classes = [labels == 1, labels == 0] if metric in BINARY else [np.ones(len(labels), dtype=np.bool_)]
    return min(int(rows.sum()) if clusters is None else clusters.holding(rows) for rows in classes)


def remarks(labels: Values, versions: Sequence[Scored]) -> list[str]:
    """What is no obstacle but should be known."""
    return [
        f"version {scored.version} gives the same score on every row"
        for scored in versions
        if len(labels) > 1 and np.ptp(scored.scores) == 0
    ]


def _not_numbers(labels: Values, candidate: Scored, production: Scored | None) -> list[Obstacle]:
    found = []
    if odd := _odd(candidate.scores):
        reason = f"version {candidate.version} gives no number for {odd} of {len(labels)} test rows; it is not promoted"
        found.append(Obstacle(verdict="invalid_scores", reason=reason))
    if production is not None and (odd := _odd(production.scores)):
        reason = f"version {production.version} gives no number for {odd} of {len(labels)} test rows"
        found.append(Obstacle(verdict="not_comparable", reason=reason))
    if odd := _odd(labels):
        found.append(Obstacle(verdict="not_comparable", reason=f"{odd} of {len(labels)} test rows have no label"))
    return found


def _odd(values: Values) -> int:
    return int((~np.isfinite(values)).sum())


def _not_new(scored: Scored, test_rows: Mapping[str, Any]) -> Obstacle | None:
    start = str(test_rows["start"])
    (axis, learned), (other, begun) = _place(scored.learned_until), _place(start)
    if axis == other and learned <= begun:
        return None
    if axis == other == _TIME:
        reason = (
            f"version {scored.version} has learned from rows up to {scored.learned_until}, so that the test rows from "
            f"{start} are not new to it; train it on older rows, or compare on newer ones"
        )
    else:
        reason = (
            f"version {scored.version} has learned from rows up to {scored.learned_until}, and the test rows begin at "
            f"{start}, so that it may have seen some of them; train it again with the split that is declared now"
        )
    return Obstacle(verdict="not_comparable", reason=reason)


def _too_few(labels: Values, metric: str) -> list[Obstacle]:
    if metric not in BINARY:
        missing = FEWEST - len(labels)
        reason = f"there are {len(labels)} test rows; below {FEWEST} nothing can be told"
        return [Obstacle(verdict="not_enough_data", reason=reason, more_rows=missing)] if missing > 0 else []
    sizes = {1: int((labels == 1).sum()), 0: int((labels == 0).sum())}
    rare = min(sizes, key=lambda label: sizes[label])
    fewest = sizes[rare]
    if fewest >= FEWEST:
        return []
    reason = f"the test rows hold {fewest} of class {rare}; below {FEWEST} nothing can be told"
    if not fewest:
        return [Obstacle(verdict="not_enough_data", reason=reason)]
    more = math.ceil((FEWEST - fewest) * len(labels) / fewest)
    return [
        Obstacle(verdict="not_enough_data", reason=f"{reason}; about {more:,} rows more are needed", more_rows=more)
    ]


def _too_few_clusters(labels: Values, metric: str, clusters: Clusters | None) -> list[Obstacle]:
    if clusters is None or (found := fewest_of_a_class(labels, metric, clusters)) >= FEWEST:
        return []
    reason = f"the {len(labels)} test rows come in {clusters.count} clusters"
    if metric in BINARY:
        reason += f", and of one class there are rows in {found} only"
    return [Obstacle(verdict="not_enough_data", reason=f"{reason}; below {FEWEST} nothing can be told")]


def _place(text: str) -> tuple[str, float]:
    """On which line a place lies, and where: a time (in UTC where it names no zone), or a share of hashes."""
    share, divided, axis = text.partition(" of ")
    if divided:
        return axis, float(share)
    found = datetime.fromisoformat(text)
    return _TIME, (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
