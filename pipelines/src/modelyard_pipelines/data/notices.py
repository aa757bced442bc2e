"""What people are told about data."""

from __future__ import annotations

from pathlib import Path

from modelyard.gates.report import ValidationReport
from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Notifier


def tell_of_refusal(notifier: Notifier, report: ValidationReport, digest: str, place: Path) -> None:
    """One notification for one refused batch: what, where, how much, and the next step."""
    notifier.notify(
        Notification(
            kind="batch refused",
            title=f"{report.source}: {report.file} was refused",
            what=report.summary(),
            where=str(place),
            how_much=f"{report.rows or 0} rows held back",
            next_step=f"modelyard data quarantine {report.source}",
            facts={"digest": digest, "codes": ", ".join(sorted({one.code for one in report.refusals}))},
            event=f"{report.source} {digest or report.file}",
        )
    )
