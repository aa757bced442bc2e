"""The significance gate: is this batch a sample of the data that is stored?

Stored data is the null hypothesis. With many rows any difference is significant, and with few rows nothing is, so a
column is refused only if both hold: the difference is *material* (its effect size exceeds a margin) and it is *not
chance* (its p-value, corrected for the number of tests with Holm's method, is below the false alarm rate). The answer
has three values: passed, refused, and undecided where the rows are too few to tell. Undecided refuses nothing and is
reported.

Seasons: margins that the contract sets hold as they are. Where it sets none and enough batches are stored, the margin
is learned: what the stored batches differ from each other, with room to spare.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelyard.gates.causes import category_cause, number_cause
from modelyard.gates.contract import Column, Contract
from modelyard.gates.distances import Distance, categories, holm, novelty, nulls, numbers
from modelyard.gates.profile import ColumnProfile, Profile, merge
from modelyard.gates.report import Check, Finding, Outcome

ENOUGH = 6
"""Stored batches from which margins are learned."""
TINY = 1e-12
"""Below this, a p-value is no longer worth spelling out."""
ROOM = 1.5
"""How much larger than the largest difference among stored batches a learned margin is."""

Measure = Callable[[ColumnProfile, ColumnProfile], Distance | None]


@dataclass(frozen=True, slots=True)
class _Test:
    """One comparison of one column, before the correction for many."""

    subject: str
    name: str
    distance: Distance
    margin: float


def check_significance(
    batch: Profile, history: Sequence[Profile], contract: Contract, *, false_alarm_rate: float
) -> tuple[list[Finding], list[Check]]:
    """Compare a batch's profile with the profiles of the stored batches.

    Args:
        batch: The batch that is judged.
        history: What it is compared with: all stored batches of an increment, the last of a snapshot.
        contract: Margins, and the columns that are not compared.
        false_alarm_rate: The largest acceptable chance that a batch like the stored ones is refused.

    Returns:
        A finding for each difference that is material and not chance, and all measurements.
    """
    if not history:
        return [], [Check("significance", "all", "table", "skipped", note="nothing is stored yet")]
    stored = merge(history)
    compared = [name for name in contract.compared if name in batch.columns and name in stored.columns]
    tests = [test for name in compared for test in _tests(name, batch, stored, history, contract)]
    corrected = holm([test.distance.p_value for test in tests])
    judged = [
        (test, p_value, _outcome(test, p_value, false_alarm_rate))
        for test, p_value in zip(tests, corrected, strict=True)
    ]
    findings = [_finding(test, p_value, batch, stored) for test, p_value, outcome in judged if outcome == "refused"]
    checks = [_check(test, p_value, outcome) for test, p_value, outcome in judged]
    volume = _volume(batch, history, contract)
    left_out = [_left_out(column, contract) for column in contract.columns if column.name not in contract.compared]
    return [*findings, *volume[0]], [*checks, *volume[1], *left_out]


def _left_out(column: Column, contract: Contract) -> Check:
    return Check("significance", "distribution", column.name, "skipped", note=contract.why_not_compared(column))


def _tests(name: str, batch: Profile, stored: Profile, history: Sequence[Profile], contract: Contract) -> list[_Test]:
    ours, theirs = batch.columns[name], stored.columns[name]
    parts = [profile.columns[name] for profile in history]
    limits = contract.compared[name]
    measures: Sequence[tuple[str, Measure, float | None, float]] = (
        ("nulls", nulls, limits.null_margin, contract.null_margin),
        ("distribution", _distribution, limits.margin, contract.margin),
        ("novelty", novelty, limits.novel_margin, contract.novel_margin),
    )
    tests = []
    for kind, measure, said, default in measures:
        distance = measure(ours, theirs)
        if distance is not None:
            tests.append(_Test(name, kind, distance, _margin(said, default, parts, theirs, measure)))
    return tests


def _distribution(ours: ColumnProfile, theirs: ColumnProfile) -> Distance | None:
    """The distance of two columns' values; None where one of them has no values."""
    if ours.categories is not None or theirs.categories is not None:
        return categories(ours, theirs)
    if ours.sketch is None or theirs.sketch is None:
        return None
    return numbers(ours.sketch, theirs.sketch)


def _margin(
    said: float | None, default: float, parts: Sequence[ColumnProfile], whole: ColumnProfile, measure: Measure
) -> float:
    if said is not None:
        return said
    if len(parts) < ENOUGH:
        return default
    return max(default, ROOM * max((_apart(part, whole, measure(part, whole)) for part in parts), default=0.0))


def _apart(part: ColumnProfile, whole: ColumnProfile, distance: Distance | None) -> float:
    """How far one stored batch lies from the others, of which `whole` also holds the batch itself.

    F_whole = w F_part + (1 - w) F_others with w the batch's share of rows, so the distance to the others is the
    distance to the whole divided by 1 - w.
    """
    share = part.rows / whole.rows if whole.rows else 1.0
    return distance.effect / (1 - share) if distance is not None and share < 1 else 0.0


def _outcome(test: _Test, p_value: float, false_alarm_rate: float) -> Outcome:
    if test.distance.effect > test.margin:
        return "refused" if p_value < false_alarm_rate else "undecided"
    return "passed" if test.distance.effect + test.distance.tolerance <= test.margin else "undecided"


def _finding(test: _Test, p_value: float, batch: Profile, stored: Profile) -> Finding:
    name = test.subject
    ours, theirs = batch.columns[name], stored.columns[name]
    chance = f"p < {TINY}" if p_value < TINY else f"p = {p_value:.2g}"
    if test.name == "nulls":
        message = f"has another share of missing values than the stored data ({chance})"
        found, allowed = f"{ours.null_share:.1%}", f"{theirs.null_share:.1%}, give or take {test.margin:.1%}"
        return Finding("significance", "nulls", name, message, found, allowed)
    if test.name == "novelty":
        message = f"has values that were never stored before ({chance})"
        found, allowed = f"{test.distance.effect:.1%} of its rows", f"at most {test.margin:.1%}"
        return Finding("significance", "novelty", name, message, found, allowed, hint=category_cause(ours, theirs))
    message = f"is distributed unlike the stored data ({chance})"
    found, allowed = f"distance {test.distance.effect:.3f}", f"at most {test.margin:.3f}"
    cause = category_cause(ours, theirs) if ours.categories is not None else number_cause(name, batch, stored)
    return Finding("significance", "distribution", name, message, found, allowed, hint=cause)


def _check(test: _Test, p_value: float, outcome: Outcome) -> Check:
    limit = f"at most {test.margin:.3f}"
    return Check("significance", test.name, test.subject, outcome, round(test.distance.effect, 6), limit, p_value)


def _volume(batch: Profile, history: Sequence[Profile], contract: Contract) -> tuple[list[Finding], list[Check]]:
    """Compare the number of rows with what the stored batches had. There is no test: a batch has one such number."""
    usual = statistics.median(profile.rows for profile in history)
    change = abs(math.log(max(batch.rows, 1) / max(usual, 1)))
    spread = max((abs(math.log(max(each.rows, 1) / max(usual, 1))) for each in history), default=0.0)
    margin = max(-math.log(1 - min(contract.volume_margin, 0.99)), ROOM * spread if len(history) >= ENOUGH else 0.0)
    low, high = usual * math.exp(-margin), usual * math.exp(margin)
    limit = f"{low:,.0f} to {high:,.0f}"
    outcome: Outcome = "passed" if change <= margin else "refused"
    check = Check("significance", "volume", "table", outcome, float(batch.rows), limit)
    if outcome == "passed":
        return [], [check]
    word = "fewer" if batch.rows < usual else "more"
    message = f"has far {word} rows than the stored batches, which have {usual:,.0f} as a rule"
    return [Finding("significance", "volume", "table", message, f"{batch.rows:,} rows", limit)], [check]
