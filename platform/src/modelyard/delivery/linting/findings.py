"""What a rule has to say about one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from modelyard.delivery.places import Place

Severity = Literal["error", "note"]
"""An error makes `modelyard ci lint` fail; a note tells what nobody can see in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a pipeline."""

    rule: str
    """Id of the rule that found it."""
    place: Place
    message: str
    """What was found and what is allowed, without the place."""
    hint: str = ""
    """What to do."""
    severity: Severity = "error"

    def __str__(self) -> str:
        kind = "" if self.severity == "error" else f"{self.severity}: "
        return f"{self.place}: {kind}{self.message} [{self.rule}]"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rule": self.rule,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "message": self.message,
            "hint": self.hint,
            "severity": self.severity,
        }


def in_order(findings: list[Finding]) -> list[Finding]:
    """By place, each one once: several expansions of a file have the same mistake."""
    once = {(finding.place, finding.rule, finding.message): finding for finding in findings}
    return [once[key] for key in sorted(once)]
