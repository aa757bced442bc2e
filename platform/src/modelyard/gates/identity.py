"""The identity gate: has this batch, or part of it, been stored already?

Four questions, from the plainest to the most thorough: the same bytes under any name, the same rows in any order or
file format, the same period, the same keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from io import BytesIO

import polars as pl

from modelyard.gates.contract import Contract
from modelyard.gates.history import AcceptedBatch
from modelyard.gates.report import Check, Finding, Outcome

EXAMPLES = 3


def content_digest(frame: pl.DataFrame) -> str:
    """sha256 over the rows, the same for any order of rows and columns and for any file format.

    Rows are sorted and written as text: unlike a hash of a library's own making, this never changes with a version.
    """
    ordered = frame.select(sorted(frame.columns))
    buffer = BytesIO()
    ordered.sort(ordered.columns, nulls_last=False).write_csv(buffer, null_value="")
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


def check_bytes(digest: str, history: Sequence[AcceptedBatch]) -> tuple[list[Finding], list[Check]]:
    """Refuse a file whose bytes are stored already, whatever it is called now."""
    same = next((batch for batch in history if batch.digest == digest), None)
    check = Check("identity", "same bytes", "file", "refused" if same else "passed", limit="new bytes")
    if same is None:
        return [], [check]
    message = f"is the same file as {_named(same)}"
    finding = Finding(
        "identity", "same_bytes", "file", message, found=digest[:12], allowed="a file that is not stored yet"
    )
    return [finding], [check]


def check_rows(content: str, history: Sequence[AcceptedBatch]) -> tuple[list[Finding], list[Check]]:
    """Refuse rows that are stored already, in whatever order and file format they come."""
    same = next((batch for batch in history if batch.content == content), None)
    check = Check("identity", "same rows", "table", "refused" if same else "passed", limit="new rows")
    if same is None:
        return [], [check]
    message = f"holds exactly the rows of {_named(same)}, written in another way"
    finding = Finding(
        "identity", "same_rows", "table", message, found=content[:12], allowed="rows that are not stored yet"
    )
    return [finding], [check]


def check_keys(
    frame: pl.DataFrame,
    contract: Contract,
    *,
    history: Sequence[AcceptedBatch],
    stored_keys: Callable[[], pl.DataFrame],
) -> tuple[str | None, list[Finding], list[Check]]:
    """Refuse an increment for a period that is stored, or with keys that are, and a snapshot that lost keys.

    Returns:
        The batch's period, the findings and the measurements. The period is None where the batch has none.
    """
    if contract.delivery == "snapshot":
        return None, *(_vanished(frame, contract, stored_keys()) if contract.key and history else ([], []))
    period, findings, checks = _period(frame, contract, history)
    if contract.key and history:
        overlap = _overlap(frame, contract, stored_keys())
        findings.extend(overlap[0])
        checks.extend(overlap[1])
    return period, findings, checks


def _named(batch: AcceptedBatch) -> str:
    return f"{batch.file}, accepted on {batch.accepted_at:%Y-%m-%d %H:%M}"


def _period(
    frame: pl.DataFrame, contract: Contract, history: Sequence[AcceptedBatch]
) -> tuple[str | None, list[Finding], list[Check]]:
    if not contract.period:
        return None, [], []
    found = frame.select(contract.period).drop_nulls().unique().sort(contract.period).rows()
    subject = ", ".join(contract.period)
    if len(found) != 1:
        return None, [_mixed(subject, [_label(values) for values in found])], []
    period = _label(found[0])
    problem = _period_problem(period, subject, history)
    outcome: Outcome = "refused" if problem and problem.severity == "refusal" else "passed"
    check = Check("identity", "period", subject, outcome, limit="a period that is not stored yet", note=period)
    return period, [problem] if problem else [], [check]


def _label(values: Sequence[object]) -> str:
    """A period's values as text that sorts in time: 2013, 1 is 2013-01."""
    return "-".join(f"{value:02d}" if isinstance(value, int) else str(value) for value in values)


def _mixed(subject: str, periods: Sequence[str]) -> Finding:
    shown = ", ".join(periods[:EXAMPLES]) + (f" and {len(periods) - EXAMPLES} more" if len(periods) > EXAMPLES else "")
    message = f"holds {len(periods)} periods"
    return Finding("identity", "mixed_periods", subject, message, shown or "none", "exactly one period per batch")


def _period_problem(period: str, subject: str, history: Sequence[AcceptedBatch]) -> Finding | None:
    stored = {batch.period: batch for batch in history if batch.period is not None}
    if period in stored:
        message = f"is for a period that came with {_named(stored[period])}"
        return Finding("identity", "period_stored", subject, message, period, "a period that is not stored yet")
    if stored and period < min(stored):
        # A gap may be filled later, since a refused month comes again; nothing comes before the beginning.
        message = "is for a period before the first that is stored"
        hint = "is it an old file, or is the year wrong?"
        return Finding("identity", "period_stale", subject, message, period, f"{min(stored)} or later", hint=hint)
    return None


def _overlap(frame: pl.DataFrame, contract: Contract, stored: pl.DataFrame) -> tuple[list[Finding], list[Check]]:
    subject = ", ".join(contract.key)
    keys = frame.lazy().select(contract.key).drop_nulls()
    repeated = keys.join(stored.lazy().select(contract.key), on=contract.key, how="semi").collect()
    share = repeated.height / frame.height
    outcome: Outcome = "refused" if repeated.height else "passed"
    check = Check("identity", "stored keys", subject, outcome, round(share, 6), "0")
    if not repeated.height:
        return [], [check]
    examples = tuple(", ".join(str(value) for value in row) for row in repeated.head(EXAMPLES).rows())
    message = f"repeats {repeated.height:,} keys that are stored already ({share:.1%} of its rows)"
    finding = Finding(
        "identity",
        "keys_stored",
        subject,
        message,
        f"{share:.1%}",
        "no stored key",
        rows=repeated.height,
        examples=examples,
    )
    return [finding], [check]


def _vanished(frame: pl.DataFrame, contract: Contract, stored: pl.DataFrame) -> tuple[list[Finding], list[Check]]:
    """A snapshot replaces what is stored, so whatever it lacks is lost: few keys may go at once."""
    subject = ", ".join(contract.key)
    gone = stored.lazy().select(contract.key).join(frame.lazy(), on=contract.key, how="anti").collect()
    share = gone.height / max(stored.height, 1)
    allowed = f"at most {contract.vanished_margin:.1%}"
    outcome: Outcome = "refused" if share > contract.vanished_margin else "passed"
    check = Check("identity", "vanished keys", subject, outcome, round(share, 6), allowed)
    if outcome == "passed":
        return [], [check]
    examples = tuple(", ".join(str(value) for value in row) for row in gone.head(EXAMPLES).rows())
    message = f"lacks {gone.height:,} keys of the snapshot that is stored ({share:.1%})"
    hint = "was the file cut off?"
    finding = Finding(
        "identity",
        "keys_vanished",
        subject,
        message,
        f"{share:.1%}",
        allowed,
        gone.height,
        examples=examples,
        hint=hint,
    )
    return [finding], [check]
