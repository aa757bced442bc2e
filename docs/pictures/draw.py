"""Draws docs/pictures/yard.svg, the picture of the README. Run it after changing the words below."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

INK, LINE, PAPER = "#1b2733", "#5b6b7a", "#ffffff"
FILLS = {"data": "#e3f1ea", "model": "#e8ecfb", "serve": "#fdefdc", "gate": "#fbe3e1", "infra": "#eef1f4"}
BOX = (140, 54)
Place = tuple[int, int]


def box(at: Place, title: str, note: str, kind: str) -> str:
    """A room: a rectangle with a title and a note; `at` is its middle."""
    (x, y), (w, h) = at, BOX
    return (
        f'<rect x="{x - w // 2}" y="{y - h // 2}" width="{w}" height="{h}" rx="8" fill="{FILLS[kind]}" stroke="{LINE}"/>'
        f'<text x="{x}" y="{y - 3}" class="t">{escape(title)}</text>'
        f'<text x="{x}" y="{y + 15}" class="n">{escape(note)}</text>'
    )


def gate(at: Place, word: str) -> str:
    """A gate: a diamond on an arrow."""
    x, y = at
    points = f"{x},{y - 17} {x + 17},{y} {x},{y + 17} {x - 17},{y}"
    return (
        f'<polygon points="{points}" fill="{FILLS["gate"]}" stroke="{LINE}"/>'
        f'<text x="{x}" y="{y + 33}" class="n">{escape(word)}</text>'
    )


def arrow(start: Place, end: Place) -> str:
    """A straight arrow."""
    return f'<path d="M{start[0]},{start[1]} L{end[0]},{end[1]}" class="a"/>'


def picture() -> str:
    """The whole picture as SVG text."""
    xs = [96, 296, 462, 628]
    top, low = 110, 250
    parts = [
        f'<rect x="14" y="40" width="892" height="330" rx="14" fill="{FILLS["infra"]}" stroke="{LINE}" stroke-dasharray="6 5"/>',
        '<text x="30" y="30" class="h">environments/*.yaml  →  blueprint  →  pulumi up: local · dev · test · prod</text>',
        box((xs[0], top), "source", "files, as they land", "data"),
        box((xs[1], top), "RAW", "as it came", "data"),
        box((xs[2], top), "CLEAN", "names, types, privacy", "data"),
        box((xs[3], top), "CURATED", "joined for a purpose", "data"),
        box((816, top), "train", "MLflow: candidates", "model"),
        box((816, low), "staging", "passed its thresholds", "model"),
        box((562, low), "production", "name, reason, ledger", "model"),
        box((362, low), "bundle", "digests, no pickle", "serve"),
        box((110, low), "model API", "replaced, never down", "serve"),
        arrow((166, top), (226, top)),
        arrow((366, top), (392, top)),
        arrow((532, top), (558, top)),
        arrow((698, top), (746, top)),
        arrow((816, 137), (816, 223)),
        arrow((746, low), (632, low)),
        arrow((492, low), (432, low)),
        arrow((292, low), (180, low)),
        gate((196, top), "gates"),
        gate((816, 176), ""),
        gate((689, low), "compare"),
        gate((236, low), "API suite"),
        '<text x="196" y="172" class="n">refused: quarantine</text><text x="196" y="187" class="n">+ one notification</text>',
        '<text x="460" y="345" class="n">every box is a real program: Delta tables, the MLflow server, a supervised API; every diamond can say no</text>',
    ]
    style = (
        f".t{{font:600 15px sans-serif;fill:{INK};text-anchor:middle}}"
        f".n{{font:11.5px sans-serif;fill:{LINE};text-anchor:middle}}"
        f".h{{font:600 14px sans-serif;fill:{INK}}}"
        f".a{{stroke:{LINE};stroke-width:1.6;fill:none;marker-end:url(#m)}}"
    )
    marker = (
        '<marker id="m" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{LINE}"/></marker>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 385" role="img" '
        f'aria-label="From source files to a served prediction"><style>{style}</style><defs>{marker}</defs>'
        f'<rect width="920" height="385" fill="{PAPER}"/>{"".join(parts)}</svg>\n'
    )


if __name__ == "__main__":
    (Path(__file__).parent / "yard.svg").write_text(picture(), encoding="utf-8")
