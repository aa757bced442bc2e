"""Asks for an approval, and stops the run where there is none."""

from __future__ import annotations

from modelyard.delivery.rehearsing.playing.approvals import Decision, Request, keep_decision
from modelyard.delivery.rehearsing.rehearsal import Rehearsal

NOBODY = "it needs an approval, and nobody is here to ask"


def consent(rehearsal: Rehearsal, request: Request) -> str | None:
    """None if somebody approved; otherwise why not, and nothing runs any more."""
    decision = _asked(rehearsal, request)
    if decision is None:
        rehearsal.stopped = True
        return NOBODY
    keep_decision(rehearsal.record, request, decision)
    rehearsal.journal.save()
    if decision.approved:
        return None
    rehearsal.stopped = True
    return f"{decision.by} did not approve: {decision.reason}"


def _asked(rehearsal: Rehearsal, request: Request) -> Decision | None:
    try:
        with rehearsal.cancellation.asking():
            return rehearsal.approver.ask(request)
    except KeyboardInterrupt:
        return None
