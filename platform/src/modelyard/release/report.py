"""What the API test suite found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

HEADINGS = ("", "check", "requests", "p50 ms", "p95 ms", "found")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    name: str
    """A sentence that is true when the check passed."""
    passed: bool
    detail: str = ""
    """What was found where it did not, or what it was held against and measured where it did."""
    requests: int = 0
    """How many requests it took."""
    p50_ms: float | None = None
    """Half of the requests were answered within so many milliseconds."""
    p95_ms: float | None = None
    """95 of 100 were."""

    @classmethod
    def timed(cls, name: str, seconds: Sequence[float], *, passed: bool, detail: str) -> Check:
        """A check that sent requests, answered after so many `seconds` each."""
        half, most = percentiles_ms(seconds)
        return cls(name, passed=passed, detail=detail, requests=len(seconds), p50_ms=half, p95_ms=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteReport:
    """All checks of one run of the suite, in order."""

    url: str
    model: str
    version: str
    digest: str
    checks: tuple[Check, ...]
    p50_ms: float | None = None
    """The median of single-row predictions, one after the other, in milliseconds."""
    p95_ms: float | None = None
    """The 95th percentile of single-row predictions, in milliseconds."""
    sample: str = ""
    """What the predictions were held against."""
    rows: int = 0
    """How many rows that were."""

    @property
    def passed(self) -> bool:
        """Whether every check passed; a suite that checked nothing did not."""
        return bool(self.checks) and not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(check.requests for check in self.checks)

    def sentence(self) -> str:
        """The result in one line."""
        if self.passed:
            return f"{len(self.checks)} checks passed against {self.model} {self.version}"
        found = "; ".join(f"not so: {check.name} ({check.detail})" for check in self.failures[:3])
        return f"{len(self.failures)} of {len(self.checks)} checks failed against {self.model} {self.version}: {found}"

    def summary(self) -> str:
        """Counts and times in one line, for people."""
        text = f"{len(self.checks) - len(self.failures)} of {len(self.checks)} checks passed, {self.requests} requests"
        if self.p95_ms is not None:
            text += f"; one row: p50 {_shown(self.p50_ms)} ms, p95 {_shown(self.p95_ms)} ms"
        return f"{text}; held against {self.rows} rows: {self.sample}"

    def lines(self) -> list[tuple[object, ...]]:
        """One line a check, for a table under `HEADINGS`."""
        return [
            (
                "passed" if check.passed else "FAILED",
                check.name,
                check.requests,
                _shown(check.p50_ms),
                _shown(check.p95_ms),
                check.detail,
            )
            for check in self.checks
        ]

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "url": self.url,
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "passed": self.passed,
            "requests": self.requests,
            "sample": self.sample,
            "rows": self.rows,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "checks": [asdict(check) for check in self.checks],
        }


def percentiles_ms(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    """The median and the 95th percentile in milliseconds; nothing of nothing."""
    if not seconds:
        return None, None
    most = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return round(median(seconds) * 1e3, 3), round(most * 1e3, 3)


def _shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.1f}"
