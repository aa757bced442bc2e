"""The comparison of staging with production: a value with a verdict and its reasons, for a person to decide from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.deciding import Findings, Judgement, Rule, judge
from modelyard.evaluation.floors import FloorResult, SliceFloor, check_floors, failures
from modelyard.evaluation.paired.asymptotic import Estimate, estimate, paired_difference
from modelyard.evaluation.paired.bootstrap import PairedBootstrap, paired_bootstrap
from modelyard.evaluation.paired.clusters import Clusters, clusters_of
from modelyard.evaluation.resampling import Prepared, prepare
from modelyard.evaluation.slicing import SliceRow, slice_rows
from modelyard.evaluation.validity import BINARY, Obstacle, Scored, obstacles, remarks
from modelyard.evaluation.verdicts import Verdict

Values = NDArray[np.float64]


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
    candidate_value: float | None
    """None where a score is no number."""
    production_value: float | None
    bootstrap: PairedBootstrap | None
    confidence: float
    rows: int
    positives: int | None
    """Binary: how many rows have label 1."""
    test_rows: Mapping[str, Any]
    """The frozen rows, as they can be found again."""
    slices: tuple[SliceRow, ...] = ()
    rule: Rule = "paired"
    use: int = 1
    """Which comparison on these rows it is, counted from 1."""
    needed: float | None = None
    """The confidence that was asked for, after all uses of these rows."""
    margin: float = 0.0
    """By how much the candidate may be worse and still be taken."""
    estimate: Estimate | None = None
    """The difference and its standard error; without production, the candidate's metric."""
    detectable: float | None = None
    """The smallest true gain that these rows would show with a probability of 80%."""
    more_rows: int | None = None
    """How many rows more would tell; none where that is not known, or nothing is missing."""
    floors: tuple[FloorResult, ...] = ()
    clusters: int | None = None
    """In how many clusters the rows come, where they hang together."""

    def to_document(self) -> dict[str, Any]:
        """The comparison as JSON values; what is not a finite number is null."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self), default=dict), parse_constant=lambda _: None)
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
    rule: Rule = "paired",
    use: int = 1,
    margin: float = 0.0,
    floors: Sequence[SliceFloor] = (),
    threshold: float = 0.5,
    clusters: Sequence[object] | None = None,
) -> Comparison:
    """Compare what two versions say about the same rows.

    Args:
        labels: Of the test rows.
        candidate: The version in staging.
        production: The version in production, if there is one.
        model: The model's name.
        metric: By which they are compared; one of `resampled_metrics()`.
        test_rows: What the rows are; `start` is the place of the first of them, in the words of `learned_until`.
        slices: Column to its values, one a row; those of the floors are among them.
        confidence: How sure one must be that a winner is not worse, above 0.5.
        resamples: How many.
        seed: Of the resampling; it is part of the answer.
        rule: How the difference is judged.
        use: Which comparison on these rows it is, from `use_of_rows`.
        margin: By how much the candidate may be worse and still be taken; 0 if it must be better.
        floors: What must hold in every slice of a column. Their columns are protected: the candidate must not be
            worse in any slice of them.
        threshold: The probability from which on 1 is predicted.
        clusters: One a row; rows with the same value hang together and count as one witness.
    """
    together = None if clusters is None else clusters_of(clusters)
    told = Comparison(
        model=model,
        metric=metric,
        verdict="first",
        reasons=("nothing is in production yet, so there is nothing to compare with",),
        candidate=candidate.version,
        production=production.version if production else None,
        candidate_value=None,
        production_value=None,
        bootstrap=None,
        confidence=confidence,
        rows=len(labels),
        positives=int((labels == 1).sum()) if metric in BINARY else None,
        test_rows=test_rows,
        rule=rule,
        use=use,
        margin=margin,
        clusters=together.count if together else None,
    )
    found = obstacles(labels, candidate, production, metric=metric, test_rows=test_rows, clusters=together)
    if not all(np.isfinite(one).all() for one in _numbers(labels, candidate, production)):
        return _hindered(told, found)
    told = _measured(told, labels, candidate, production, resamples=resamples, seed=seed, clusters=together)
    told = _sliced(
        told, labels, candidate, production, slices=slices, floors=floors, threshold=threshold, clusters=together
    )
    return _hindered(told, found) if found else _with_slices(told)


def _numbers(labels: Values, candidate: Scored, production: Scored | None) -> list[Values]:
    return [labels, candidate.scores, *([production.scores] if production else [])]


def _measured(
    told: Comparison,
    labels: Values,
    candidate: Scored,
    production: Scored | None,
    *,
    resamples: int,
    seed: int,
    clusters: Clusters | None,
) -> Comparison:
    """The figures, and the verdict that follows from them alone."""
    new = prepare(told.metric, labels, candidate.scores)
    if production is None:
        return _alone(told, labels, new, clusters)
    old = prepare(told.metric, labels, production.scores)
    bootstrap = paired_bootstrap(
        new,
        old,
        rows=len(labels),
        metric=told.metric,
        resamples=resamples,
        confidence=told.confidence,
        seed=seed,
        margin=told.margin,
        pairing="unpaired" if told.rule == "unpaired_90" else "paired",
        clusters=clusters,
    )
    apart = paired_difference(told.metric, labels, new, old, clusters=clusters)
    findings = Findings(
        metric=told.metric,
        rows=len(labels),
        bootstrap=bootstrap,
        estimate=apart,
        margin=told.margin,
        use=told.use,
    )
    judged: Judgement = judge(findings, rule=told.rule, confidence=told.confidence)
    return replace(
        told,
        verdict=judged.verdict,
        reasons=(*judged.reasons, *remarks(labels, [candidate, production])),
        candidate_value=bootstrap.candidate,
        production_value=bootstrap.production,
        bootstrap=bootstrap,
        needed=judged.needed,
        estimate=apart,
        detectable=judged.detectable,
        more_rows=judged.more_rows,
    )


def _alone(told: Comparison, labels: Values, new: Prepared, clusters: Clusters | None) -> Comparison:
    """What is known of a candidate that has nothing to be compared with."""
    value = new.weighted(np.ones(len(labels), dtype=np.uint8))
    return replace(
        told,
        candidate_value=None if math.isnan(value) else value,
        estimate=estimate(told.metric, labels, new, clusters=clusters),
    )


def _sliced(
    told: Comparison,
    labels: Values,
    candidate: Scored,
    production: Scored | None,
    *,
    slices: Mapping[str, Sequence[object]],
    floors: Sequence[SliceFloor],
    threshold: float,
    clusters: Clusters | None,
) -> Comparison:
    """What is reported apart, and what is protected."""
    rows = slice_rows(
        labels,
        candidate.scores,
        production.scores if production else None,
        told.metric,
        slices=slices,
        protected={floor.column for floor in floors},
        confidence=told.confidence,
        margin=told.margin,
        clusters=clusters,
    )
    held = check_floors(labels, candidate.scores, floors, columns=slices, threshold=threshold)
    return replace(told, slices=rows, floors=held)


def _hindered(told: Comparison, found: Sequence[Obstacle]) -> Comparison:
    """The gravest obstacle gives the verdict; all of them are said."""
    more = [one.more_rows for one in found if one.more_rows is not None]
    return replace(
        told,
        verdict=found[0].verdict,
        reasons=tuple(one.reason for one in found),
        more_rows=max(more, default=None),
    )


def _with_slices(told: Comparison) -> Comparison:
    """Better overall is not enough where a protected slice pays for it."""
    failed = [
        *failures(told.floors),
        *(
            f"in {row.column} = {row.value} ({row.rows:,} rows) the candidate is worse: {told.metric} differs by "
            f"{row.difference:+.4f}, interval {row.interval[0]:+.4f} to {row.interval[1]:+.4f}"
            for row in told.slices
            if row.worse and row.interval is not None
        ),
    ]
    if not failed:
        return told
    # More rows would not mend it, so it goes before "not enough data" as well.
    verdict: Verdict = told.verdict if told.verdict == "production_wins" else "fails_a_slice"
    return replace(told, verdict=verdict, reasons=(*failed, *told.reasons))
