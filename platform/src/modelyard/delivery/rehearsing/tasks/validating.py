"""ManualValidation: somebody must look before the run goes on."""

from __future__ import annotations

from modelyard.delivery.rehearsing.playing.approvals import Request
from modelyard.delivery.rehearsing.playing.consenting import consent
from modelyard.delivery.rehearsing.work import DONE, Outcome, Work


def manual_validation(work: Work) -> Outcome:
    """Asks, as an approval asks."""
    stage, _, job = work.job.partition("/")
    request = Request(stage=stage, job=job, environment="", instructions=work.input("instructions"))
    refusal = consent(work.rehearsal, request)
    return DONE if refusal is None else work.failed(refusal)
