"""A validation report as people read it in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelyard.gates.report import GATES, Check, Finding, Gate, ValidationReport

if TYPE_CHECKING:
    from rich.table import Table


def render(report: ValidationReport, *, width: int = 120) -> str:
    """The report as text: a summary, the gates, and everything that was found."""
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=width, highlight=False, no_color=True)
    console.print(report.summary(), markup=False)
    console.print(_gates(report))
    if report.findings:
        console.print(_findings(report.findings))
    text = console.file
    assert isinstance(text, StringIO)
    return text.getvalue()


def _gates(report: ValidationReport) -> Table:
    from rich.table import Table

    table = Table("gate", "outcome", "checks", "seconds", title="gates")
    for gate in GATES:
        checks = [check for check in report.checks if check.gate == gate]
        table.add_row(gate, _outcome(report, gate, checks), str(len(checks)), f"{report.seconds.get(gate, 0.0):.3f}")
    return table


def _outcome(report: ValidationReport, gate: Gate, checks: list[Check]) -> str:
    if any(finding.gate == gate for finding in report.refusals):
        return "refused"
    if checks and all(check.outcome == "skipped" for check in checks):
        return f"skipped: {checks[0].note}"
    return "passed"


def _findings(findings: tuple[Finding, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table("gate", "code", "subject", "what", "found", "allowed", "rows", title="findings", show_lines=True)
    for each in findings:
        what = each.message + "".join(f"\n{line}" for line in (*each.examples, each.hint) if line)
        rows = "" if each.rows is None else str(each.rows)
        cells = (each.gate, each.code, each.subject, what, each.found, each.allowed, rows)
        table.add_row(*(escape(cell) for cell in cells))
    return table
