"""Which known vulnerabilities stop a release: all but those that the environment accepts, until their last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from modelyard.release.scanning.auditing import Vulnerability


class Acceptance(Protocol):
    """One vulnerability that may be there for a while."""

    @property
    def id(self) -> str:
        """One of its names."""

    @property
    def reason(self) -> str:
        """Why it does no harm here."""

    @property
    def until(self) -> date:
        """The last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One known vulnerability, and whether it is accepted."""

    vulnerability: Vulnerability
    accepted: Acceptance | None
    """None if nobody accepted it, or no longer."""
    lapsed: date | None = None
    """The last day on which it was accepted, if that is over."""

    def to_document(self) -> dict[str, Any]:
        """For machines."""
        said = self.vulnerability
        accepted = self.accepted
        return {
            "package": said.package.name,
            "version": said.package.version,
            "id": said.id,
            "aliases": list(said.aliases),
            "fixed_in": list(said.fixed_in),
            "accepted": None
            if accepted is None
            else {"id": accepted.id, "reason": accepted.reason, "until": accepted.until.isoformat()},
            "lapsed": None if self.lapsed is None else self.lapsed.isoformat(),
        }

    @property
    def sentence(self) -> str:
        """What it is, where, and what would end it."""
        said = self.vulnerability
        fixed = f"fixed in {', '.join(said.fixed_in)}" if said.fixed_in else "not fixed in any version yet"
        over = "" if self.lapsed is None else f"; it was accepted until {self.lapsed:%Y-%m-%d}"
        return f"{said.package.name} {said.package.version} has {said.id}, {fixed}{over}"


def judge(found: Sequence[Vulnerability], accepted: Sequence[Acceptance], *, today: date) -> tuple[Finding, ...]:
    """Every vulnerability with what the environment says of it, those that stop a release first.

    Args:
        found: What the scanner found.
        accepted: What the environment accepts.
        today: The day that counts.
    """
    findings = [_finding(one, accepted, today) for one in found]
    return tuple(sorted(findings, key=lambda one: (one.accepted is not None, one.sentence)))


def _finding(found: Vulnerability, accepted: Sequence[Acceptance], today: date) -> Finding:
    names = {found.id, *found.aliases}
    about = [one for one in accepted if one.id in names]
    valid = [one for one in about if today <= one.until]
    lapsed = max((one.until for one in about), default=None) if not valid else None
    return Finding(vulnerability=found, accepted=valid[0] if valid else None, lapsed=lapsed)
