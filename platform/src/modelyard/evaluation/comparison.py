"""The comparison of staging with production: a value with a verdict and its reasons, for a person to decide from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.bootstrap import PairedBootstrap, paired_bootstrap
from modelyard.evaluation.slicing import SliceRow, slice_rows

Values = NDArray[np.float64]
Verdict = Literal["candidate_wins", "production_wins", "not_enough_data", "first"]

FEWEST = 30
"""Fewer rows of a class than this tell nothing about a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One version's scores on the test rows."""

    version: int
    scores: Values
    learned_until: str
    """The time before which every row lies that the version has learned from, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Staging against production on the same untouched rows."""

    model: str
    metric: str
    verdict: Verdict
    reasons: tuple[str, ...]
    candidate: int
    """The version in staging."""
    production: int | None
    """The version in production; none if nothing was ever promoted."""
    candidate_value: float
    production_value: float | None
    bootstrap: PairedBootstrap | None
    confidence: float
    rows: int
    positives: int | None
    """Binary: how many rows have label 1."""
    test_rows: Mapping[str, Any]
    """The frozen rows, as they can be found again."""
    slices: tuple[SliceRow, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self), default=dict))
        return document

    @property
    def digest(self) -> str:
        """SHA-256 of the comparison: the evidence that a promotion names."""
        content = json.dumps(self.to_document(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def compare(
    labels: Values,
    candidate: Scored,
    production: Scored | None,
    *,
    model: str,
    metric: str,
    test_rows: Mapping[str, Any],
    slices: Mapping[str, Sequence[object]],
    confidence: float,
    resamples: int,
    seed: int,
) -> Comparison:
    """Compare what two versions say about the same rows.

    Args:
        labels: Of the test rows.
        candidate: The version in staging.
        production: The version in production, if there is one.
        model: The model's name.
        metric: By which they are compared; one of `resampled_metrics()`.
        test_rows: What the rows are, with `start` as the time of the first of them.
        slices: Column to its values, one a row.
        confidence: The share of resamples that must be won, above 0.5.
        resamples: How many.
        seed: Of the resampling; it is part of the answer.
    """
    rival = production or candidate
    bootstrap = paired_bootstrap(
        labels,
        candidate.scores,
        rival.scores,
        metric=metric,
        resamples=resamples if production else 0,
        confidence=confidence,
        seed=seed,
    )
    verdict, reasons = _judge(bootstrap, production, confidence=confidence, metric=metric)
    obstacles = _obstacles(labels, (candidate, production), metric=metric, test_start=str(test_rows["start"]))
    if obstacles:
        verdict, reasons = "not_enough_data", obstacles
    return Comparison(
        model=model,
        metric=metric,
        verdict=verdict,
        reasons=tuple(reasons),
        candidate=candidate.version,
        production=production.version if production else None,
        candidate_value=bootstrap.candidate,
        production_value=bootstrap.production if production else None,
        bootstrap=bootstrap if production else None,
        confidence=confidence,
        rows=len(labels),
        positives=int(labels.sum()) if _is_binary(metric) else None,
        test_rows=test_rows,
        slices=slice_rows(labels, candidate.scores, production.scores if production else None, metric, slices=slices),
    )


def _judge(
    bootstrap: PairedBootstrap, production: Scored | None, *, confidence: float, metric: str
) -> tuple[Verdict, list[str]]:
    if production is None:
        return "first", ["nothing is in production yet, so there is nothing to compare with"]
    low, high = bootstrap.interval
    facts = (
        f"better in {bootstrap.share_won:.1%} of {bootstrap.resamples} paired resamples ({confidence:.0%} are needed); "
        f"{metric} differs by {bootstrap.difference:+.4f}, {bootstrap.level:.0%} interval {low:+.4f} to {high:+.4f}"
    )
    if bootstrap.share_won >= confidence:
        return "candidate_wins", [f"the candidate is {facts}"]
    if bootstrap.share_won <= 1 - confidence:
        return "production_wins", [f"the candidate is {facts}"]
    return "not_enough_data", [f"these rows cannot tell the two apart: the candidate is {facts}"]


def _obstacles(labels: Values, versions: tuple[Scored, Scored | None], *, metric: str, test_start: str) -> list[str]:
    """Why no verdict on these rows could be trusted."""
    found = [
        f"version {scored.version} has learned from rows up to {scored.learned_until}, so that the test rows from "
        f"{test_start} are not new to it; train it on older rows, or compare on newer ones"
        for scored in versions
        if scored is not None and _instant(scored.learned_until) > _instant(test_start)
    ]
    sizes = (labels == 1).sum(), (labels == 0).sum()
    fewest = int(min(sizes)) if _is_binary(metric) else len(labels)
    if fewest < FEWEST:
        found.append(f"the test rows hold {fewest} of a class; below {FEWEST} nothing can be told")
    return found


def _instant(text: str) -> datetime:
    """A time, in UTC where the text names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_binary(metric: str) -> bool:
    return metric in ("roc_auc", "brier", "log_loss")
