"""The bootstrap: how often would the candidate win, had other rows of the same kind been drawn?

Both models are measured on the same resampled rows, so that what they have in common cancels out (Efron and
Tibshirani 1993, chapter 16). Scores are compared, never labels made from them. Resample number r of a seed is always
the same, whoever draws it: threads change nothing, and any single one can be looked at again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.metrics import direction
from modelyard.evaluation.paired.clusters import ClusterDrawing, Clusters, drawing_of
from modelyard.evaluation.paired.drawing import Drawing
from modelyard.evaluation.paired.scratch import Scratch
from modelyard.evaluation.resampling import Prepared

Values = NDArray[np.float64]
Pairing = Literal["paired", "unpaired"]
Pair = tuple[float, float]

_THREADED_ROWS = 20_000
"""With fewer rows a resample is mostly Python, which runs on one core only."""
_MOST_THREADS = 8
_BARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBootstrap:
    """What the resamples say. A difference above 0 is in favour of the candidate, whatever the metric."""

    candidate: float
    """The metric on the rows themselves."""
    production: float
    difference: float
    interval: tuple[float, float]
    """The middle of the resampled differences, two-sided at `level`."""
    level: float
    share_won: float
    """The share of resamples in which the candidate was better; equals count half."""
    share_not_worse: float
    """The share in which it was worse by less than the margin that was asked for."""
    resamples: int
    """How many resamples had both classes and so could be judged."""
    seed: int
    bars: tuple[int, ...] = ()
    """How many differences fall into each of equally wide bins."""
    bounds: tuple[float, float] = (0.0, 0.0)
    """Where the first bin begins and the last one ends."""


def paired_bootstrap(
    candidate: Prepared,
    production: Prepared,
    *,
    rows: int,
    metric: str,
    resamples: int,
    confidence: float,
    seed: int,
    margin: float = 0.0,
    pairing: Pairing = "paired",
    threads: int | None = None,
    clusters: Clusters | None = None,
) -> PairedBootstrap:
    """Compare two models' scores on the same rows.

    Args:
        candidate: From `prepare`.
        production: From `prepare`, with the same labels.
        rows: How many there are.
        metric: One of `resampled_metrics()`.
        resamples: How many times rows are drawn anew.
        confidence: One-sided; the interval is two-sided at `2 * confidence - 1`, so that it excludes 0 when the
            share of resamples won reaches the confidence.
        seed: Of the drawing. The same seed gives the same answer.
        margin: By how much a model may be worse and still count as not worse.
        pairing: "unpaired" draws other rows for each model, as the rule of that name wants it.
        threads: How many; None for one a core where there are enough rows. They do not change the answer.
        clusters: Which rows hang together, and so are drawn together.
    """
    sign = direction(metric)
    pairs = resampled(
        candidate,
        production,
        rows=rows,
        resamples=resamples,
        seed=seed,
        pairing=pairing,
        threads=threads,
        clusters=clusters,
    )
    drawn = sign * (pairs[:, 0] - pairs[:, 1])
    drawn = drawn[~np.isnan(drawn)]
    level = 2 * confidence - 1
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) if drawn.size else (np.nan, np.nan)
    once = np.ones(rows, dtype=np.uint8)
    values = candidate.weighted(once), production.weighted(once)
    bars, edges = np.histogram(drawn, bins=_BARS) if drawn.size else (np.zeros(0), np.zeros(1))
    return PairedBootstrap(
        candidate=values[0],
        production=values[1],
        difference=sign * (values[0] - values[1]),
        interval=(float(low), float(high)),
        level=level,
        share_won=_share_above(drawn, 0.0),
        share_not_worse=_share_above(drawn, -margin),
        resamples=int(drawn.size),
        seed=seed,
        bars=tuple(int(count) for count in bars),
        bounds=(float(edges[0]), float(edges[-1])),
    )


def resampled(
    new: Prepared,
    old: Prepared,
    *,
    rows: int,
    resamples: int,
    seed: int,
    pairing: Pairing = "paired",
    threads: int | None = None,
    clusters: Clusters | None = None,
) -> Values:
    """Both models' metrics in every resample: one row a resample, the candidate first; NaN where not defined.

    Memory grows with rows times threads, and not with resamples.
    """
    drawing = drawing_of(rows, seed, clusters)
    measure = _paired if pairing == "paired" else _unpaired

    def share(first: int) -> list[tuple[int, Pair]]:
        scratch = Scratch()
        return [(place, measure(new, old, drawing, place, scratch)) for place in range(first, resamples, workers)]

    workers = max(1, min(threads or _threads(rows), resamples))
    found = np.full((resamples, 2), np.nan)
    for part in _each(share, workers):
        for place, pair in part:
            found[place] = pair
    return found


def _paired(new: Prepared, old: Prepared, drawing: Drawing | ClusterDrawing, place: int, scratch: Scratch) -> Pair:
    counts = drawing.counts(place, scratch.array("counts", drawing.rows, np.uint8))
    return new.weighted(counts, scratch), old.weighted(counts, scratch)


def _unpaired(new: Prepared, old: Prepared, drawing: Drawing | ClusterDrawing, place: int, scratch: Scratch) -> Pair:
    return (
        new.weighted(drawing.counts(2 * place), scratch),
        old.weighted(drawing.counts(2 * place + 1), scratch),
    )


def _each(share: Callable[[int], list[tuple[int, Pair]]], workers: int) -> list[list[tuple[int, Pair]]]:
    """Every worker's share; NumPy lets go of the interpreter while it sorts, sums and looks up."""
    if workers == 1:
        return [share(0)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(share, range(workers)))


def _threads(rows: int) -> int:
    if rows < _THREADED_ROWS:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_THREADS)


def _share_above(differences: Values, limit: float) -> float:
    if not differences.size:
        return float("nan")
    return float(np.mean(differences > limit) + np.mean(differences == limit) / 2)
