"""What the API test suite found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    name: str
    """A sentence that is true when the check passed."""
    passed: bool
    detail: str = ""
    """What was found where it did not, or the figure where it measured one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteReport:
    """All checks of one run of the suite, in order."""

    url: str
    model: str
    version: str
    digest: str
    checks: tuple[Check, ...]
    p95_ms: float | None = None
    """The 95th percentile of single-row predictions, in milliseconds."""

    @property
    def passed(self) -> bool:
        """Whether every check passed; a suite that checked nothing did not."""
        return bool(self.checks) and not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def sentence(self) -> str:
        """The result in one line."""
        if self.passed:
            return f"{len(self.checks)} checks passed against {self.model} {self.version}"
        found = "; ".join(f"not so: {check.name} ({check.detail})" for check in self.failures[:3])
        return f"{len(self.failures)} of {len(self.checks)} checks failed against {self.model} {self.version}: {found}"

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "url": self.url,
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "passed": self.passed,
            "p95_ms": self.p95_ms,
            "checks": [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in self.checks],
        }
