"""How a rehearsal ends that did not succeed: one sentence, the next command, an exit code."""

from __future__ import annotations

from modelyard.delivery.rehearsing.recording.records import BAD, JobRecord, RunRecord, StageRecord, StepRecord
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.errors import RehearsalFailedError

OWN_CODES = frozenset({3, 4, 5, 6, 7, 8, 75})
"""Exit codes that say something; every other one becomes 6."""
NOT_APPROVED = 5


def failure_of(rehearsal: Rehearsal) -> RehearsalFailedError | None:
    """The error that a run ends with; None if it succeeded."""
    record = rehearsal.record
    if record.result not in BAD:
        return None
    again = _again(record)
    if rehearsal.canceled:
        return _error(f"rehearsal {record.number} was canceled", again, rehearsal.cancellation.exit_code)
    if rehearsal.stopped:
        return _not_approved(record, again)
    found = first_failure(record)
    if found is None:
        reason = next((f"{one.name}: {one.reason}" for one in record.stages if one.result in BAD), record.reason)
        return _error(f"rehearsal {record.number} failed in stage {reason}", again, RehearsalFailedError.exit_code)
    stage, job, step = found
    where = f"stage {stage.name}, job {job.key}"
    if step is None:
        message = f"rehearsal {record.number} failed in {where} ({job.place}): {job.reason}"
        return _error(message, again, RehearsalFailedError.exit_code)
    hook = f", on {step.hook}" if step.hook else ""
    message = (
        f"rehearsal {record.number} failed in {where}{hook}, step {step.number} {step.label!r} ({step.place}): "
        f"{step.reason}; its output is in {rehearsal.folder.path / step.log}"
    )
    return _error(message, again, code_of(step))


def first_failure(record: RunRecord) -> tuple[StageRecord, JobRecord, StepRecord | None] | None:
    """The step that failed first, or the job where no step could."""
    for stage in record.stages:
        for job in stage.jobs:
            if job.result in BAD:
                return stage, job, next((step for step in job.steps if step.result in BAD), None)
    return None


def code_of(step: StepRecord) -> int:
    """The step's exit code, where that is one of Modelyard's own."""
    return step.exit_code if step.exit_code in OWN_CODES else RehearsalFailedError.exit_code


def _not_approved(record: RunRecord, again: str) -> RehearsalFailedError:
    found = first_failure(record)
    where = f"{found[0].name}/{found[1].key}" if found else "it"
    step = found[2] if found else None
    reason = (step.reason if step else found[1].reason) if found else "not approved"
    message = f"rehearsal {record.number} stopped before {where}: {reason}"
    return _error(message, f"{again} --approve-as NAME --reason WHY", NOT_APPROVED)


def _again(record: RunRecord) -> str:
    return f"modelyard ci rehearse {record.file} --rerun {record.number}"


def _error(message: str, again: str, code: int) -> RehearsalFailedError:
    error = RehearsalFailedError(message, hint=again)
    error.exit_code = code
    return error
