"""The tables of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from modelyard.evaluation.floors import FloorResult
from modelyard.evaluation.slicing import SliceRow

Values = NDArray[np.float64]


def figures_table(rows: Mapping[str, str]) -> str:
    """Names and what was found."""
    cells = (
        f'<tr><th scope="row">{escape(name)}</th><td class="text">{escape(said)}</td></tr>'
        for name, said in rows.items()
    )
    return f'<div class="scroll"><table><tbody>{"".join(cells)}</tbody></table></div>'


def slices_table(slices: Sequence[SliceRow], metric: str) -> str:
    """Both versions in every slice."""
    head = ("slice", "rows", f"candidate's {metric}", "production's", "difference", "interval", "")
    rows = [
        (
            f"{row.column} = {row.value}",
            f"{row.rows:,}",
            f"{row.candidate:.4f}",
            "" if row.production is None else f"{row.production:.4f}",
            "" if row.difference is None else f"{row.difference:+.4f}",
            "" if row.interval is None else f"{row.interval[0]:+.4f} to {row.interval[1]:+.4f}",
            "worse beyond chance" if row.worse else "",
        )
        for row in slices
    ]
    return _table("Slices with at least 50 rows", head, rows, [row.worse for row in slices])


def floors_table(floors: Sequence[FloorResult]) -> str:
    """Every slice that is held to a floor."""
    words = {True: "holds", False: "fails", None: "not judged"}
    rows = [
        (
            f"{one.column} = {one.value}",
            f"{one.rows:,}",
            one.metric,
            "-" if one.found is None else f"{one.found:.4f}",
            one.limit,
            words[one.passed],
        )
        for one in floors
    ]
    head = ("slice", "rows", "metric", "found", "floor", "")
    return _table("What must hold in every slice", head, rows, [one.passed is False for one in floors])


def confusion_table(labels: Values, scores: Values, *, name: str, threshold: float, names: Sequence[str]) -> str:
    """Labels against what is said from the threshold on."""
    ones, said = labels == 1, scores >= threshold
    rows = []
    for truth, word in ((ones, names[1]), (~ones, names[0])):
        total = int(truth.sum())
        cells = [
            _cell(int((truth & claim).sum()), total, hit=bool(truth is ones) == (claim is said))
            for claim in (said, ~said)
        ]
        rows.append(f'<tr><th scope="row">is: {escape(word)}</th>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col">said: {escape(word)}</th>' for word in (names[1], names[0]))
    caption = f"{escape(name)}, from a score of {threshold:g} on it says {escape(names[1])}"
    return (
        f'<table class="matrix"><caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(count: int, total: int, *, hit: bool) -> str:
    share = f"{count / total:.1%} of these" if total else "no such row"
    return f'<td class="{"hit" if hit else "miss"}">{count:,}<small>{share}</small></td>'


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], marked: Sequence[bool]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' if title else "<td></td>" for title in head)
    lines = "".join(_line(row, "worse" if mark else "") for row, mark in zip(rows, marked, strict=True))
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _line(row: Sequence[str], look: str) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
    return f'<tr class="{look}"><th scope="row">{escape(row[0])}</th>{cells}</tr>'
