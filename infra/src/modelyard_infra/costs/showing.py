"""An estimate as people read it."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.cli.output import table
from modelyard_infra.costs.estimate import Estimate, Line

HEADINGS = ("resource", "what", "quantity", "unit", "unit price", "monthly", "")


def estimate_text(estimate: Estimate) -> str:
    """Lines, sums, the budget, and what was assumed."""
    rows = [_row(line) for line in sorted(estimate.lines, key=lambda line: -line.monthly)]
    return "\n".join([table(HEADINGS, rows), "", *_sums(estimate), "", "assumed for a month:", *_assumed(estimate)])


def summary(estimate: Estimate) -> str:
    """The estimate in one line, for a preview."""
    return f"costs about {_money(estimate.monthly, estimate)} a month ({estimate.caution}){_share(estimate)}"


def _row(line: Line) -> tuple[object, ...]:
    price = f"{line.unit_price:.6f}".rstrip("0").rstrip(".")
    always = "always" if line.always else "by use"
    return (line.key, line.what, _quantity(line.quantity), line.unit, price, f"{line.monthly:,.2f}", always)


def _quantity(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 1 else f"{amount:.2g}"


def _sums(estimate: Estimate) -> Iterable[str]:
    by_use = estimate.monthly - estimate.always
    yield f"{estimate.environment} costs about {_money(estimate.monthly, estimate)} a month{_share(estimate)}"
    yield f"  always on {_money(estimate.always, estimate)}, by use {_money(by_use, estimate)}"
    yield f"  {estimate.caution}"


def _share(estimate: Estimate) -> str:
    """The budget is in the currency of the bills, which the blueprint does not know."""
    if not estimate.budget:
        return ""
    percent = 100 * estimate.monthly / estimate.budget
    return f": {percent:.0f} % of the budget of {estimate.budget:,.0f} if bills are in {estimate.table.currency}"


def _assumed(estimate: Estimate) -> Iterable[str]:
    return (f"  {name.replace('_', ' ')}: {value:g}" for name, value in estimate.assumptions)


def _money(amount: float, estimate: Estimate) -> str:
    return f"{amount:,.0f} {estimate.table.currency}"
