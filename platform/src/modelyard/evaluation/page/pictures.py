"""The charts of the page, each with a sentence that says what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.curves import precision_recall_curve, roc_curve
from modelyard.evaluation.metrics import calibration_bins
from modelyard.evaluation.page.chart import Axis, Chart
from modelyard.evaluation.paired.bootstrap import PairedBootstrap
from modelyard.evaluation.slicing import SliceRow

Values = NDArray[np.float64]
LOOKS = ("new", "old")
"""The candidate's look, and production's."""

_BARS = 30
_SHOWN_DOTS = 800
_SHOWN_SLICES = 24
_LINE = 26.0
_SHORTEST = 18


def roc_chart(labels: Values, scores: Mapping[str, Values]) -> Chart:
    """The ROC curves."""
    chart = Chart(
        "ROC curve",
        f"True positive rate against false positive rate, for {_listed(scores)}; the further up and left, the better.",
        Axis("false positive rate", 0, 1),
        Axis("true positive rate", 0, 1),
    )
    chart.line([(0, 0), (1, 1)], "guide")
    for values, look in zip(scores.values(), LOOKS, strict=False):
        chart.line(_points(*roc_curve(labels, values)), look)
    return chart


def precision_recall_chart(labels: Values, scores: Mapping[str, Values]) -> Chart:
    """Precision against recall."""
    base = float(labels.mean())
    chart = Chart(
        "Precision and recall",
        f"Precision against recall, for {_listed(scores)}; who guesses has a precision of {base:.3f} throughout.",
        Axis("recall", 0, 1),
        Axis("precision", 0, 1),
    )
    chart.line([(0, base), (1, base)], "guide")
    for values, look in zip(scores.values(), LOOKS, strict=False):
        chart.line(_points(*precision_recall_curve(labels, values)), look)
    return chart


def calibration_chart(labels: Values, scores: Mapping[str, Values]) -> Chart:
    """Forecast against outcome, in ten bins of equally many rows."""
    curves = {
        name: [(bin_[0], bin_[1]) for bin_ in calibration_bins(labels, values)] for name, values in scores.items()
    }
    highest = max(0.05, *(max(point) for curve in curves.values() for point in curve)) * 1.05
    chart = Chart(
        "Calibration",
        f"Share of ones against mean forecast in ten bins, for {_listed(scores)}; on the line, forecasts come true.",
        Axis("mean forecast", 0, min(1.0, highest)),
        Axis("share of ones", 0, min(1.0, highest)),
    )
    chart.line([(0, 0), (1, 1)], "guide")
    for curve, look in zip(curves.values(), LOOKS, strict=False):
        chart.line(curve, look)
        chart.dots(curve, look)
    return chart


def score_chart(labels: Values, scores: Values, name: str, names: Sequence[str]) -> Chart:
    """How one version's scores are spread, for either class."""
    edges = np.linspace(min(0.0, float(scores.min())), max(1.0, float(scores.max())), _BARS + 1)
    shares = [_shares(scores[labels == label], edges) for label in (1, 0)]
    highest = max(0.01, *(float(one.max()) for one in shares))
    chart = Chart(
        f"Scores of {name}",
        f"Share of rows by score: {names[1]} as full bars, {names[0]} as a dashed line; less overlap is better.",
        Axis("score", float(edges[0]), float(edges[-1])),
        Axis("share of the class", 0, highest),
    )
    chart.bars(edges.tolist(), shares[0].tolist(), "new")
    middles = (edges[:-1] + edges[1:]) / 2
    chart.line(_points(middles, shares[1]), "old")
    return chart


def residual_chart(labels: Values, scores: Mapping[str, Values]) -> Chart:
    """Label minus prediction against prediction, for as many rows as can be seen."""
    shown = np.unique(np.linspace(0, len(labels) - 1, min(_SHOWN_DOTS, len(labels))).astype(int))
    across = np.concatenate([values[shown] for values in scores.values()])
    apart = np.concatenate([(labels - values)[shown] for values in scores.values()])
    chart = Chart(
        "Residuals",
        f"Label minus prediction against the prediction, for {_listed(scores)}; no shape should be left around 0.",
        Axis("prediction", float(across.min()), float(across.max())),
        Axis("label - prediction", *_padded(float(apart.min()), float(apart.max()))),
    )
    chart.line([(chart.x.low, 0), (chart.x.high, 0)], "guide")
    for values, look in reversed(list(zip(scores.values(), LOOKS, strict=False))):
        chart.dots(_points(values[shown], (labels - values)[shown]), f"{look} faint", size=2.4)
    return chart


def residual_spread_chart(labels: Values, scores: Mapping[str, Values]) -> Chart:
    """How residuals are spread."""
    apart = {name: labels - values for name, values in scores.items()}
    every = np.concatenate(list(apart.values()))
    edges = np.linspace(*_padded(float(every.min()), float(every.max())), _BARS + 1)
    shares = [_shares(values, edges) for values in apart.values()]
    chart = Chart(
        "Spread of residuals",
        f"Share of rows by residual, for {_listed(scores)}; narrow and around 0 is better.",
        Axis("label - prediction", float(edges[0]), float(edges[-1])),
        Axis("share of rows", 0, max(float(one.max()) for one in shares)),
    )
    middles = (edges[:-1] + edges[1:]) / 2
    for one, look in zip(shares, LOOKS, strict=False):
        chart.line(_points(middles, one), look)
    chart.rule(0, "")
    return chart


def bootstrap_chart(bootstrap: PairedBootstrap, metric: str, *, limit: float = 0.0) -> Chart:
    """The resampled differences, and the line that they must lie beyond."""
    low, high = min(bootstrap.bounds[0], limit), max(bootstrap.bounds[1], limit)
    edges = np.linspace(*bootstrap.bounds, len(bootstrap.bars) + 1)
    chart = Chart(
        "Resampled differences",
        f"The difference in {metric} over {bootstrap.resamples} resamples, in favour of the candidate right of 0; "
        f"{bootstrap.share_won:.1%} lie there.",
        Axis(f"difference in {metric}, to the right the candidate is better", *_padded(low, high)),
        Axis("resamples", 0, max([1, *bootstrap.bars]) * 1.25),
    )
    chart.band(*bootstrap.interval)
    chart.bars(edges.tolist(), bootstrap.bars, "new")
    chart.rule(limit, "decision", "decision line")
    chart.rule(bootstrap.difference, "", f"measured {bootstrap.difference:+.4f}", line=1)
    return chart


def slice_chart(slices: Sequence[SliceRow], metric: str) -> Chart:
    """The difference in every slice with its interval; the largest slices, if there are many."""
    shown = sorted(slices, key=lambda row: -row.rows)[:_SHOWN_SLICES]
    shown = [row for row in slices if row in shown]
    ends = [end for row in shown for end in (*(row.interval or ()), row.difference or 0.0, 0.0)]
    chart = Chart(
        "Difference by slice",
        f"The difference in {metric} in each slice with its interval; right of 0 the candidate is better.",
        Axis(f"difference in {metric}", *_padded(min(ends), max(ends))),
        Axis("", 0, len(shown)),
        height=58 + _LINE * len(shown),
        left=170,
    )
    chart.rule(0, "decision")
    for place, row in enumerate(reversed(shown)):
        middle = place + 0.5
        chart.words(middle, _cut(f"{row.column} = {row.value}"))
        if row.interval is not None:
            chart.line([(row.interval[0], middle), (row.interval[1], middle)], "new")
        chart.dots([(row.difference or 0.0, middle)], "new", size=4.5)
    return chart


def _shares(values: Values, edges: Values) -> Values:
    counts = np.histogram(values, bins=edges)[0]
    return np.asarray(counts / max(counts.sum(), 1), dtype=np.float64)


def _points(across: Values, up: Values) -> list[tuple[float, float]]:
    return list(zip(across.tolist(), up.tolist(), strict=True))


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.05 or max(abs(high), 1e-6) * 0.05
    return low - room, high + room


def _cut(text: str) -> str:
    return text if len(text) <= _SHORTEST + 4 else f"{text[: _SHORTEST + 3]}…"


def _listed(scores: Mapping[str, Values]) -> str:
    return " and ".join(scores)
