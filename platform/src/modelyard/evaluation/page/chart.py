"""A chart as SVG text. Colours come from the page's style, so that it follows the reader's light or dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 480.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 46.0
_TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """What is shown along one side, and from where to where."""

    label: str
    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1; what lies outside is drawn at the border."""
        span = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / span if span else 0.5))

    def ticks(self) -> list[float]:
        """Round values to write beside the axis."""
        span = self.high - self.low
        if span <= 0 or not math.isfinite(span):
            return [self.low]
        rough = span / _TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        return [place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Chart:
    """Marks between two axes. Add marks, then take `svg()`."""

    title: str
    description: str
    """What the chart says, for who cannot see it."""
    x: Axis
    y: Axis
    height: float = HEIGHT
    left: float = _LEFT
    _marks: list[str] = field(default_factory=list)

    def line(self, points: Iterable[Point], look: str) -> None:
        """Points joined by a line."""
        path = " ".join(f"{self.across(x):.1f},{self.up(y):.1f}" for x, y in points)
        self._marks.append(f'<polyline class="line {look}" points="{path}"/>')

    def dots(self, points: Iterable[Point], look: str, *, size: float = 3.0) -> None:
        """Points by themselves."""
        self._marks.extend(
            f'<circle class="dot {look}" cx="{self.across(x):.1f}" cy="{self.up(y):.1f}" r="{size:g}"/>'
            for x, y in points
        )

    def bars(self, edges: Sequence[float], heights: Sequence[float], look: str) -> None:
        """A histogram: one bar between every two edges."""
        floor = self.up(max(0.0, self.y.low))
        for left, right, value in zip(edges, edges[1:], heights, strict=False):
            start, end, top = self.across(left), self.across(right), self.up(value)
            size = f'width="{max(end - start - 0.5, 0.5):.1f}" height="{max(floor - top, 0):.1f}"'
            self._marks.append(f'<rect class="bar {look}" x="{start:.1f}" y="{top:.1f}" {size}/>')

    def band(self, low: float, high: float) -> None:
        """A stretch of the horizontal axis, behind the marks."""
        start, end = self.across(low), self.across(high)
        inside = f'width="{max(end - start, 1):.1f}" height="{self.up(self.y.low) - self.up(self.y.high):.1f}"'
        self._marks.insert(0, f'<rect class="band" x="{start:.1f}" y="{self.up(self.y.high):.1f}" {inside}/>')

    def rule(self, value: float, look: str, said: str = "", *, line: int = 0) -> None:
        """A vertical line through a value of the horizontal axis, and what it is, on the first or a further line."""
        place, top = self.across(value), self.up(self.y.high)
        self._marks.append(
            f'<line class="rule {look}" x1="{place:.1f}" x2="{place:.1f}" y1="{top:.1f}" y2="{self._base:.1f}"/>'
        )
        if said:
            anchor, gap = ("start", 5) if place < WIDTH * 0.6 else ("end", -5)
            self._marks.append(_text("said", anchor, f"{place + gap:.1f}", f"{top + 12 + 16 * line:.1f}", said))

    def words(self, y: float, text: str) -> None:
        """A label beside the vertical axis."""
        self._marks.append(_text("tick", "end", f"{self.left - 8:.1f}", f"{self.up(y) + 4:.1f}", text))

    def svg(self, *, ticks_up: bool = True) -> str:
        """The chart as an element of a page."""
        mark = "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())
        inside = [*self._across_axis(), *(self._up_axis() if ticks_up else []), *self._marks]
        return (
            f'<svg viewBox="0 0 {WIDTH:g} {self.height:g}" role="img" aria-labelledby="{mark}-t {mark}-d">'
            f'<title id="{mark}-t">{escape(self.title)}</title><desc id="{mark}-d">{escape(self.description)}</desc>'
            f"{''.join(inside)}</svg>"
        )

    def across(self, x: float) -> float:
        """A value of the horizontal axis as a place in the picture."""
        return self.left + self.x.share(x) * (WIDTH - self.left - _RIGHT)

    def up(self, y: float) -> float:
        """A value of the vertical axis as a place in the picture."""
        return self._base - self.y.share(y) * (self._base - _TOP)

    @property
    def _base(self) -> float:
        return self.height - _BOTTOM

    def _across_axis(self) -> Iterable[str]:
        ticks, top, base = self.x.ticks(), f"{_TOP:g}", f"{self._base:.1f}"
        for tick in ticks:
            place = f"{self.across(tick):.1f}"
            yield f'<line class="grid" x1="{place}" x2="{place}" y1="{top}" y2="{base}"/>'
            yield _text("tick", "middle", place, f"{self._base + 17:.1f}", _short(tick, ticks))
        middle = f"{(self.left + WIDTH - _RIGHT) / 2:.1f}"
        yield _text("label", "middle", middle, f"{self.height - 8:.1f}", self.x.label)

    def _up_axis(self) -> Iterable[str]:
        ticks = self.y.ticks()
        for tick in ticks:
            place = self.up(tick)
            yield f'<line class="grid" x1="{self.left:g}" x2="{WIDTH - _RIGHT:g}" y1="{place:.1f}" y2="{place:.1f}"/>'
            yield _text("tick", "end", f"{self.left - 8:.1f}", f"{place + 4:.1f}", _short(tick, ticks))
        middle = f"{(_TOP + self._base) / 2:.1f}"
        yield f'<g transform="rotate(-90 14 {middle})">{_text("label", "middle", "14", middle, self.y.label)}</g>'


def _text(look: str, anchor: str, x: str, y: str, said: str) -> str:
    return f'<text class="{look}" text-anchor="{anchor}" x="{x}" y="{y}">{escape(said)}</text>'


def _short(value: float, ticks: Sequence[float]) -> str:
    """As many digits as tell the ticks apart."""
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else abs(value) or 1.0
    digits = max(0, -math.floor(math.log10(step)) + (1 if f"{step:e}".startswith("2.5") else 0)) if step else 0
    return f"{value + 0.0:,.{min(digits, 8)}f}"
