"""Judge one file: all gates in order, a report in the end.

Within a gate everything that is wrong is reported. A gate that has nothing to stand on once an earlier one refused is
skipped, and the report says so: unreadable bytes have no rows to compare, and rules make no sense on missing columns.
Rules and significance both run, since one explains the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from modelyard.gates.contract import Contract
from modelyard.gates.files import Limits
from modelyard.gates.history import AcceptedBatch
from modelyard.gates.identity import check_bytes, check_keys, check_rows, content_digest
from modelyard.gates.profile import Profile, profile_of
from modelyard.gates.reading import Reading, read_batch
from modelyard.gates.report import GATES, Check, Finding, Gate, ValidationReport, verdict_of
from modelyard.gates.rules.derivation import derive
from modelyard.gates.rules.engine import RuleEngine
from modelyard.gates.rules.explanation import explain
from modelyard.gates.rules.gate import check_rules
from modelyard.gates.schema import check_schema
from modelyard.gates.significance import check_significance


@dataclass(frozen=True, slots=True)
class Judgement:
    """The report on a batch, and what storing it needs."""

    report: ValidationReport
    frame: pl.DataFrame | None
    """The rows in the contract's types, the source's names untouched; None where they could not be read."""
    profile: Profile | None
    digest: str
    """sha256 of the file, in hex."""
    content: str
    """sha256 of the rows, in hex; empty where they could not be read."""
    period: str | None


@dataclass(slots=True)
class _Case:
    """What has been found out so far."""

    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, found: tuple[list[Finding], list[Check]]) -> None:
        self.findings += found[0]
        self.checks += found[1]

    def skip(self, gate: Gate, why: str) -> None:
        self.checks.append(Check(gate, "all", "file", "skipped", note=why))

    @contextmanager
    def timed(self, gate: Gate) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[gate] = self.seconds.get(gate, 0.0) + time.perf_counter() - begun

    def refused(self, gate: Gate) -> bool:
        return any(finding.gate == gate and finding.severity == "refusal" for finding in self.findings)


def judge(
    path: Path,
    contract: Contract,
    *,
    history: Sequence[AcceptedBatch],
    stored_keys: Callable[[], pl.DataFrame],
    rules: RuleEngine,
    false_alarm_rate: float = 0.01,
    limits: Limits | None = None,
) -> Judgement:
    """Judge the file at `path` against its contract and against what is stored.

    Args:
        path: The file; it is read once.
        contract: What the source promises.
        history: The accepted batches of this source, in the order in which they were accepted.
        stored_keys: Loads the key columns of everything stored; called only for an increment with a key.
        rules: The engine that checks the contract's rules.
        false_alarm_rate: Largest acceptable chance that the significance gate refuses a batch like the stored ones.
        limits: How much the file may ask of this machine.
    """
    case = _Case()
    with case.timed("format"):
        reading = read_batch(path, contract, limits)
        case.add((list(reading.format_findings), []))
        case.checks.append(Check("format", "readable", "file", "refused" if reading.format_findings else "passed"))
    with case.timed("identity"):
        if reading.digest:
            case.add(check_bytes(reading.digest, history))
    if reading.format_findings:
        return _skipped(case, GATES[2:], path, contract, reading)
    with case.timed("schema"):
        case.add(check_schema(reading.columns, contract, reading.type_findings))
    return _judge_rows(
        case, path, contract, reading, history=history, stored_keys=stored_keys, rules=rules, rate=false_alarm_rate
    )


def _skipped(
    case: _Case,
    gates: Sequence[Gate],
    path: Path,
    contract: Contract,
    reading: Reading,
    *,
    content: str = "",
    period: str | None = None,
) -> Judgement:
    refusing = next(gate for gate in GATES if case.refused(gate))
    for gate in gates:
        case.skip(gate, f"the {refusing} gate refused")
    return _judgement(case, path, contract, reading, content=content, period=period)


def _judge_rows(
    case: _Case,
    path: Path,
    contract: Contract,
    reading: Reading,
    *,
    history: Sequence[AcceptedBatch],
    stored_keys: Callable[[], pl.DataFrame],
    rules: RuleEngine,
    rate: float,
) -> Judgement:
    frame = reading.frame
    complete = frame is not None and len(frame.columns) == len(contract.columns)
    if frame is None or not complete:
        return _skipped(case, GATES[3:], path, contract, reading)
    with case.timed("identity"):
        content = content_digest(frame)
        if not case.refused("identity"):
            case.add(check_rows(content, history))
        known = case.refused("identity")
        # A batch that is stored as a whole repeats its period and keys too; to say so three times helps nobody.
        period, found, measured = check_keys(frame, contract, history=[] if known else history, stored_keys=stored_keys)
        case.add((found, measured))
    if known or case.refused("schema"):
        return _skipped(case, GATES[3:], path, contract, reading, content=content, period=period)
    with case.timed("rules"):
        derived = derive(frame, contract)
        case.add(check_rules(derived, contract, rules))
        if case.refused("rules"):
            case.findings = explain(frame, contract, case.findings)
    with case.timed("significance"):
        profile = profile_of(derived, contract)
        compared = [batch.profile for batch in (history if contract.delivery == "increment" else history[-1:])]
        case.add(check_significance(profile, compared, contract, false_alarm_rate=rate))
    return _judgement(case, path, contract, reading, content=content, period=period, profile=profile)


def _judgement(
    case: _Case,
    path: Path,
    contract: Contract,
    reading: Reading,
    *,
    content: str = "",
    period: str | None = None,
    profile: Profile | None = None,
) -> Judgement:
    findings = tuple(sorted(case.findings, key=lambda finding: GATES.index(finding.gate)))
    report = ValidationReport(
        source=contract.source,
        contract=contract.version,
        file=path.name,
        digest=reading.digest,
        content=content,
        rows=None if reading.frame is None else reading.frame.height,
        period=period,
        verdict=verdict_of(findings),
        findings=findings,
        checks=tuple(case.checks),
        seconds={gate: round(spent, 6) for gate, spent in case.seconds.items()},
    )
    return Judgement(report, reading.frame, profile, reading.digest, content, period)
