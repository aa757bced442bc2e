"""The comparison as one HTML page that a person decides from: the verdict first, then why, then the pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.comparison import Comparison
from modelyard.evaluation.plots import calibration_plot, residual_plot, roc_plot
from modelyard.evaluation.slicing import SliceRow

Values = NDArray[np.float64]

_VERDICTS = {
    "candidate_wins": "The candidate wins",
    "production_wins": "Production wins",
    "not_enough_data": "Not enough data to tell",
    "first": "The first version: nothing to compare with",
}
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
.verdict{font-size:1.3rem;padding:.6rem 1rem;border-radius:.4rem}
.candidate_wins,.first{background:#dff3e3}.production_wins{background:#fbe0dd}.not_enough_data{background:#fdf1d3}
table{border-collapse:collapse}td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #dde3ea}
td:first-child,th:first-child,td:nth-child(2),th:nth-child(2){text-align:left}.worse{color:#a3261c}
img{max-width:30rem;width:100%}footer{margin-top:2rem;color:#5c6b7a;font-size:.85rem}
"""


def comparison_page(comparison: Comparison, labels: Values, scores: Mapping[str, Values]) -> str:
    """The whole report as one HTML document that needs nothing from outside.

    Args:
        comparison: What is reported.
        labels: Of the test rows.
        scores: Name of a version, as shown, to its scores on the test rows.
    """
    binary = comparison.positives is not None
    pictures = (
        {"ROC curves": roc_plot(labels, scores), "Calibration": calibration_plot(labels, scores)}
        if binary
        else {"Residuals": residual_plot(labels, scores)}
    )
    title = f"{comparison.model}: version {comparison.candidate}"
    body = [
        f"<h1>{escape(title)} against {_production(comparison)}</h1>",
        f'<p class="verdict {comparison.verdict}">{_VERDICTS[comparison.verdict]}</p>',
        "<ul>" + "".join(f"<li>{escape(reason)}</li>" for reason in comparison.reasons) + "</ul>",
        "<h2>Figures</h2>" + _figures(comparison),
        *(f"<h2>{name}</h2>{_picture(name, content)}" for name, content in pictures.items()),
        "<h2>Slices</h2>" + _slices(comparison.slices) if comparison.slices else "",
        f"<footer>Evidence {comparison.digest}</footer>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _production(comparison: Comparison) -> str:
    return "an empty production" if comparison.production is None else f"version {comparison.production}"


def _figures(comparison: Comparison) -> str:
    rows = {
        f"{comparison.metric}, version {comparison.candidate}": f"{comparison.candidate_value:.4f}",
        "test rows": f"{comparison.rows:,}, from {comparison.test_rows['start']} until {comparison.test_rows['end']}",
        "data": ", ".join(f"{name} version {v}" for name, v in comparison.test_rows["data_versions"].items()),
    }
    if comparison.positives is not None:
        rows["rows with label 1"] = f"{comparison.positives:,}"
    if (bootstrap := comparison.bootstrap) is not None:
        low, high = bootstrap.interval
        wanted = f"{comparison.confidence:.0%}"
        rows |= {
            f"{comparison.metric}, version {comparison.production}": f"{bootstrap.production:.4f}",
            "difference": f"{bootstrap.difference:+.4f} ({bootstrap.level:.0%} interval {low:+.4f} to {high:+.4f})",
            "resamples won": f"{bootstrap.share_won:.1%} of {bootstrap.resamples:,}, needed {wanted}",
            "seed of the resampling": str(bootstrap.seed),
        }
    cells = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows.items())
    return f"<table>{cells}</table>"


def _slices(slices: tuple[SliceRow, ...]) -> str:
    head = "<tr><th>slice</th><th>value</th><th>rows</th><th>candidate</th><th>production</th><th>difference</th></tr>"
    return f"<table>{head}{''.join(_slice(row) for row in slices)}</table>"


def _slice(row: SliceRow) -> str:
    old = "" if row.production is None else f"{row.production:.4f}"
    gap = "" if row.difference is None else f"{row.difference:+.4f}"
    mark = ' class="worse"' if row.difference is not None and row.difference < 0 else ""
    words = f"<td>{escape(row.column)}</td><td>{escape(row.value)}</td><td>{row.rows:,}</td>"
    return f"<tr{mark}>{words}<td>{row.candidate:.4f}</td><td>{old}</td><td>{gap}</td></tr>"


def _picture(name: str, content: bytes) -> str:
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'
