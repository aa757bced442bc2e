"""Previews of several environments as one text: what changes, what a month costs, which rules are broken.

The tables are narrow, so that they can be read on a phone; details are folded away.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import ConfigurationError

ORDER = ("dev", "test", "prod")
OPERATIONS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
MOST_LINES = 60
MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a month would cost."""

    amount: float
    currency: str
    budget: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What `modelyard infra preview ENV --format json` said of one environment."""

    environment: str
    operations: Mapping[str, int]
    lines: tuple[str, ...]
    """One for each change."""
    findings: tuple[str, ...]
    refused: tuple[str, ...]
    """What holds data and would be replaced or removed."""
    cost: Cost | None
    simulated: bool


def read_previews(folder: Path) -> list[Preview]:
    """Every preview below a folder, dev first.

    Raises:
        ConfigurationError: a file is none.
    """
    found = [_read(file) for file in sorted(folder.rglob("*.json"))]
    return sorted(found, key=lambda one: (_place(one.environment), one.environment))


def render(previews: list[Preview], before: list[Preview] | None = None, *, expected: Sequence[str] = ()) -> str:
    """The text for a pull request, in Markdown.

    Args:
        previews: what would be.
        before: the same of the branch that it goes to, if known: for what the month cost before.
        expected: environments that must be there; a preview that failed leaves none behind.
    """
    costs = {one.environment: one.cost for one in before or ()}
    heading = ["| | + | ~ | ± | - | a month |", "|:--|--:|--:|--:|--:|--:|"]
    missing = [name for name in expected if name not in {one.environment for one in previews}]
    rows = [_row(one, costs.get(one.environment)) for one in previews]
    rows += [f"| **{plain(name)}** | ? | ? | ? | ? | ? |" for name in missing]
    blocks = ["\n".join([*heading, *rows]), "`+` new · `~` changed · `±` replaced · `-` removed"]
    blocks += [f"⛔ **{plain(name)}: no preview.** It failed, or did not run; its log says why." for name in missing]
    blocks += [block for one in previews for block in _alarms(one)]
    blocks += [_folded(one) for one in previews if one.lines]
    if any(one.simulated for one in previews):
        blocks.append("Simulated: compared with nothing, so everything is new.")
    return "\n\n".join(blocks)


def _read(file: Path) -> Preview:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return _preview(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{file}: not a preview ({type(error).__name__}: {error})",
            hint=f"modelyard infra preview ENV --format json > {file}",
        ) from error


def _preview(document: Mapping[str, Any]) -> Preview:
    changes = document["changes"]
    estimate = document.get("estimate")
    return Preview(
        environment=str(document["environment"]),
        operations=Counter(str(one["operation"]) for one in changes),
        lines=tuple(_line(one) for one in changes),
        findings=(*(_finding(one) for one in document.get("findings") or ()), *document.get("warnings", ())),
        refused=tuple(document.get("refused", ())),
        cost=_cost(estimate) if estimate else None,
        simulated=bool(document.get("simulated")),
    )


def _cost(estimate: Mapping[str, Any]) -> Cost:
    budget = estimate.get("budget")
    return Cost(
        amount=float(estimate["monthly"]),
        currency=str(estimate["currency"]),
        budget=float(budget) if budget is not None else None,
    )


def _finding(finding: Any) -> str:  # noqa: ANN401 - text, or a mapping
    if isinstance(finding, Mapping):
        return f"{finding.get('level', 'note')}: {finding.get('message') or finding.get('rule')}"
    return str(finding)


def _line(change: Mapping[str, Any]) -> str:
    mark = OPERATIONS.get(change["operation"], change["operation"])
    detail = f": {change['detail']}" if change.get("detail") else ""
    return f"{mark} {change['kind']} {change['name']}{detail}"


def _row(preview: Preview, before: Cost | None) -> str:
    counts = " | ".join(_count(preview.operations.get(name, 0)) for name in OPERATIONS)
    return f"| **{plain(preview.environment)}** | {counts} | {_money(preview.cost, before)} |"


def _count(number: int) -> str:
    return str(number) if number else "·"


def _money(now: Cost | None, before: Cost | None) -> str:
    if now is None:
        return "?"
    text = f"{now.amount:,.0f} {plain(now.currency)}"
    if before is not None:
        text += f" ({now.amount - before.amount:+,.0f})"
    return f"**{text}** ⚠" if now.budget is not None and now.amount > now.budget else text


def _alarms(preview: Preview) -> Iterator[str]:
    """What somebody should read even if they read nothing else."""
    name = plain(preview.environment)
    if preview.refused:
        listed = ", ".join(f"`{_code(key)}`" for key in preview.refused)
        yield f"⛔ **{name}: data would be lost.** {listed} would be replaced or removed; `infra up` refuses."
    over = preview.cost
    if over is not None and over.budget is not None and over.amount > over.budget:
        yield f"⚠ **{name}: above its budget** of {over.budget:,.0f} {plain(over.currency)} a month."
    if preview.findings:
        lines = [f"- {plain(finding)}" for finding in preview.findings[:MOST_LINES]]
        yield "\n".join([f"⚠ **{name}: {len(preview.findings)} policy findings**", "", *lines])


def _folded(preview: Preview) -> str:
    lines = [_code(line) for line in preview.lines[:MOST_LINES]]
    if len(preview.lines) > MOST_LINES:
        lines.append(f"… and {len(preview.lines) - MOST_LINES} more")
    summary = f"<summary>{plain(preview.environment)}: {len(preview.lines)} changes</summary>"
    return "\n".join(["<details>", summary, "", "```text", *lines, "```", "", "</details>"])


def plain(text: str) -> str:
    """Text that Markdown takes for nothing else, on one line; nobody is called by an @ in it."""
    return MARKUP.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")


def _code(text: str) -> str:
    """Text that ends neither the code nor the fold that it stands in."""
    return " ".join(text.split()).replace("`", "'").replace("<", "(")


def _place(environment: str) -> int:
    return ORDER.index(environment) if environment in ORDER else len(ORDER)
