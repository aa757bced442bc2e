"""What the gates found out about a batch, as values: findings, measurements, and a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

Gate = Literal["format", "identity", "schema", "rules", "significance"]
Severity = Literal["refusal", "warning"]
Outcome = Literal["passed", "refused", "undecided", "skipped"]
Verdict = Literal["accepted", "refused"]

GATES: tuple[Gate, ...] = ("format", "identity", "schema", "rules", "significance")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a batch, or odd about it."""

    gate: Gate
    code: str
    """A stable name for this kind of finding, such as `truncated`."""
    subject: str
    """What it is about: a column, several columns, `file` or `table`."""
    message: str
    found: str = ""
    allowed: str = ""
    rows: int | None = None
    """How many rows are affected, where that can be counted."""
    examples: tuple[str, ...] = ()
    """A few affected rows, such as `row 17: 'abc'`. Rows are counted from 1, without the header."""
    hint: str = ""
    """A likely cause, where one can be seen."""
    severity: Severity = "refusal"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was measured, whether or not it was fine."""

    gate: Gate
    name: str
    subject: str
    outcome: Outcome
    measured: float | None = None
    limit: str = ""
    p_value: float | None = None
    """After correction for the number of tests; None where no test was made."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The gates' answer for one file."""

    source: str
    contract: str
    """The contract's version."""
    file: str
    digest: str
    """sha256 of the file's bytes, in hex; empty where the file could not be read."""
    content: str
    """sha256 of the rows, whatever their order, format or file name; empty where they could not be read."""
    rows: int | None
    period: str | None
    verdict: Verdict
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time per gate."""

    @property
    def accepted(self) -> bool:
        """True where nothing was found that refuses the batch."""
        return self.verdict == "accepted"

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """The findings for which the batch is refused."""
        return tuple(finding for finding in self.findings if finding.severity == "refusal")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are worth a look and refuse nothing."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def summary(self) -> str:
        """One line: the verdict, the file, and the first reason."""
        rows = "" if self.rows is None else f", {self.rows:,} rows"
        if self.accepted:
            return f"{self.source}: accepted {self.file}{rows}, {len(self.checks)} checks"
        first = self.refusals[0]
        more = f" (and {len(self.refusals) - 1} more)" if len(self.refusals) > 1 else ""
        return f"{self.source}: refused {self.file}{rows}: [{first.gate}] {first.subject}: {first.message}{more}"

    def to_json(self) -> str:
        """The report as one JSON object."""
        # Part by part: `asdict` on the whole copies every value of every check twice.
        return json.dumps(_plain(self), ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, text: str) -> ValidationReport:
        """The report that `to_json` wrote."""
        fields = json.loads(text)
        fields["findings"] = tuple(
            Finding(**{**each, "examples": tuple(each["examples"])}) for each in fields["findings"]
        )
        fields["checks"] = tuple(Check(**each) for each in fields["checks"])
        return cls(**fields)


def _plain(part: ValidationReport | Finding | Check) -> dict[str, object]:
    return {each.name: getattr(part, each.name) for each in fields(part)}


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Refused as soon as one finding refuses."""
    return "refused" if any(finding.severity == "refusal" for finding in findings) else "accepted"
