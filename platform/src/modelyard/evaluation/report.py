"""The comparison as one HTML page that a person decides from: the verdict first, then why, then the pictures.

It holds no script, loads nothing, and forbids itself to: what it shows is what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.comparison import Comparison
from modelyard.evaluation.page.chart import Chart
from modelyard.evaluation.page.pictures import (
    LOOKS,
    bootstrap_chart,
    calibration_chart,
    precision_recall_chart,
    residual_chart,
    residual_spread_chart,
    roc_chart,
    score_chart,
    slice_chart,
)
from modelyard.evaluation.page.style import STYLE
from modelyard.evaluation.page.tables import confusion_table, figures_table, floors_table, slices_table
from modelyard.evaluation.verdicts import SHOWN

Values = NDArray[np.float64]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def comparison_page(
    comparison: Comparison,
    labels: Values,
    scores: Mapping[str, Values],
    *,
    threshold: float = 0.5,
    names: Sequence[str] = ("0", "1"),
) -> str:
    """The whole report as one HTML document that needs nothing from outside.

    Args:
        comparison: What is reported.
        labels: Of the test rows.
        scores: Name of a version, as shown, to its scores on the test rows; the candidate first.
        threshold: The probability from which on 1 is predicted.
        names: What label 0 and label 1 are called.
    """
    title = f"{comparison.model}: version {comparison.candidate} against {_production(comparison)}"
    usable = {name: values for name, values in scores.items() if np.isfinite(values).all()}
    drawable = bool(usable) and len(labels) > 1 and bool(np.isfinite(labels).all())
    body = [
        f'<p class="over">Comparison on rows that no version has learned from</p><h1>{escape(title)}</h1>',
        _verdict(comparison),
        _cards(comparison),
        *_certainty(comparison),
        *(_curves(comparison, labels, usable, threshold=threshold, names=names) if drawable else []),
        *_slices(comparison),
        "<h2>How it was measured</h2>",
        figures_table(_settings(comparison)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main><footer>Evidence {comparison.digest}</footer></body></html>\n"
    )


def _verdict(comparison: Comparison) -> str:
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in comparison.reasons)
    said = escape(SHOWN[comparison.verdict])
    return f'<section class="verdict {comparison.verdict}"><strong>{said}</strong><ul>{reasons}</ul></section>'


def _cards(comparison: Comparison) -> str:
    cards = {f"{comparison.metric}, version {comparison.candidate}": _number(comparison.candidate_value)}
    if comparison.production is not None:
        cards[f"{comparison.metric}, version {comparison.production}"] = _number(comparison.production_value)
    if (bootstrap := comparison.bootstrap) is not None:
        cards["difference"] = f"{bootstrap.difference:+.4f}"
        cards["resamples won"] = f"{bootstrap.share_won:.1%}"
    if comparison.detectable is not None:
        cards["smallest gain that would show"] = _number(comparison.detectable)
    if comparison.more_rows is not None:
        cards["more rows needed"] = f"{comparison.more_rows:,}"
    cards["test rows"] = f"{comparison.rows:,}"
    if comparison.clusters is not None:
        cards["clusters of rows"] = f"{comparison.clusters:,}"
    if comparison.positives is not None:
        cards["rows with label 1"] = f"{comparison.positives:,}"
    items = (f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in cards.items())
    return f'<dl class="cards">{"".join(items)}</dl>'


def _certainty(comparison: Comparison) -> Iterator[str]:
    bootstrap = comparison.bootstrap
    if bootstrap is None or not bootstrap.resamples:
        return
    low, high = bootstrap.interval
    note = f"Shaded: the middle {bootstrap.level:.0%}, {low:+.4f} to {high:+.4f}."
    if comparison.needed is not None:
        note += f" The candidate wins if at least {comparison.needed:.2%} lie right of the decision line."
    yield "<h2>How sure is it?</h2>"
    limit = -comparison.margin if comparison.margin else 0.0
    yield _figure(bootstrap_chart(bootstrap, comparison.metric, limit=limit), note)


def _curves(
    comparison: Comparison, labels: Values, scores: Mapping[str, Values], *, threshold: float, names: Sequence[str]
) -> Iterator[str]:
    keys = "".join(f'<span class="key {look}"></span>{escape(name)}' for name, look in zip(scores, LOOKS, strict=False))
    yield f'<h2>What each version does</h2><p>{keys}</p><div class="charts">'
    if comparison.positives is None:
        yield _figure(residual_chart(labels, scores))
        yield _figure(residual_spread_chart(labels, scores))
    else:
        yield _figure(roc_chart(labels, scores))
        yield _figure(precision_recall_chart(labels, scores))
        yield _figure(calibration_chart(labels, scores))
        for name, values in scores.items():
            yield _figure(score_chart(labels, values, name, names))
        for name, values in scores.items():
            table = confusion_table(labels, values, name=name, threshold=threshold, names=names)
            yield f'<figure><figcaption>Confusion matrix</figcaption><div class="scroll">{table}</div></figure>'
    yield "</div>"


def _slices(comparison: Comparison) -> Iterator[str]:
    if comparison.slices:
        yield "<h2>Slices</h2>"
        if comparison.production is not None:
            yield _figure(slice_chart(comparison.slices, comparison.metric))
        yield slices_table(comparison.slices, comparison.metric)
    if comparison.floors:
        yield "<h2>Floors</h2>" + floors_table(comparison.floors)


def _settings(comparison: Comparison) -> dict[str, str]:
    rows = comparison.test_rows
    found = {
        "test rows": f"{comparison.rows:,}, from {rows['start']} until {rows['end']}",
        "data": ", ".join(f"{name} version {v}" for name, v in rows["data_versions"].items()),
        "comparisons on these rows": f"this is number {comparison.use}",
        "rule": comparison.rule,
        "confidence": f"{comparison.confidence:.0%}",
    }
    if comparison.needed is not None:
        found["asked for here"] = f"{comparison.needed:.2%}"
    if comparison.margin:
        found["margin"] = f"may be worse by {comparison.margin:g}"
    if comparison.estimate is not None and comparison.bootstrap is not None:
        low, high = comparison.estimate.interval(comparison.bootstrap.level)
        found["interval without resampling"] = f"{low:+.4f} to {high:+.4f}"
    if comparison.bootstrap is not None:
        found["resamples"] = f"{comparison.bootstrap.resamples:,}, seed {comparison.bootstrap.seed}"
    return found


def _figure(chart: Chart, note: str = "") -> str:
    more = f"<p>{escape(note or chart.description)}</p>"
    drawn = chart.svg(ticks_up=bool(chart.y.label))
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>{drawn}{more}</figure>"


def _production(comparison: Comparison) -> str:
    return "an empty production" if comparison.production is None else f"version {comparison.production}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
