"""Approvals: what a person must say before a deployment goes on, and who said it, why and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from modelyard.delivery.rehearsing.recording.records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be approved."""

    stage: str
    job: str
    environment: str
    """Empty for a manual validation."""
    instructions: str = ""
    approvers: Sequence[str] = ()
    """Who approves in the service; here whoever runs the rehearsal does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody said."""

    approved: bool
    by: str
    reason: str
    how: Literal["asked", "given"]
    """`given` with the command, before anybody was asked."""


class Approver(Protocol):
    """Gets a decision."""

    def ask(self, request: Request) -> Decision | None:
        """What somebody decides; None if nobody is there to ask."""


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """Approves everything in somebody's name."""

    by: str
    reason: str

    def ask(self, request: Request) -> Decision | None:
        """Yes."""
        del request
        return Decision(approved=True, by=self.by, reason=self.reason, how="given")


class Nobody:
    """Where nobody can be asked."""

    def ask(self, request: Request) -> Decision | None:
        """Nothing."""
        del request
        return None


Gates = Mapping[str, Sequence[str]]
"""Environments that need an approval, and who approves there."""


def keep_decision(record: RunRecord, request: Request, decision: Decision) -> None:
    """Writes a decision into the record."""
    record.approvals.append(
        {
            "id": f"{len(record.approvals) + 1:08d}-0000-0000-0000-{record.number:012d}",
            "attempt": str(record.attempt),
            "stage": request.stage,
            "job": request.job,
            "environment": request.environment,
            "decision": "approved" if decision.approved else "rejected",
            "by": decision.by,
            "reason": decision.reason,
            "how": decision.how,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
