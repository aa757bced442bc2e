"""One job: whether it runs, how often, with which variables."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

from modelyard.delivery.pipeline import Job, Stage
from modelyard.delivery.rehearsing.hooks import checks_out, new_records, run_hooks, run_steps, with_titles
from modelyard.delivery.rehearsing.planning.matrices import ONCE, Turn, turns_of
from modelyard.delivery.rehearsing.planning.predefined import in_job, in_stage, set_predefined
from modelyard.delivery.rehearsing.planning.scopes import Values, holds, job_status, job_values, set_variables
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.playing.approvals import Request
from modelyard.delivery.rehearsing.playing.consenting import NOBODY, consent
from modelyard.delivery.rehearsing.recording.records import GOOD, JobRecord, StageRecord, State
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.errors import InvalidPipelineError


def run_job(rehearsal: Rehearsal, stage: Stage, job: Job, *, record: StageRecord) -> None:
    """Runs a job as often as its matrix says. What succeeded before, in the same run, is not run again."""
    before = {one.key: one for one in record.of(job.name)}
    record.jobs = [one for one in record.jobs if one.job != job.name]
    values = job_values(rehearsal, stage, job)
    try:
        variables = variables_of(rehearsal, stage, job, values=values)
        if not _holds(rehearsal, stage, job, variables=variables, values=values):
            _add_skipped(rehearsal, job, record)
            return
        turns = turns_of(job, variables, values)
    except InvalidPipelineError as error:
        _add(rehearsal, record, _new(job, job.name), result="Failed", reason=error.message)
        return
    if job.strategy.matrix is not None and turns == [ONCE]:
        rehearsal.warn(
            f"{job.place}: the matrix of job {job.name} is empty; the service then runs the job once, without its "
            "variables, and so does this rehearsal: give the job a condition"
        )
    for turn in turns:
        key = f"{job.name}.{turn.name}" if turn.name else job.name
        if key in before and before[key].result in GOOD:
            record.jobs.append(before[key])
        elif rehearsal.stopped:
            record.jobs.append(_new(job, key))
        else:
            one = _new(job, key)
            record.jobs.append(one)
            _run_turn(rehearsal, stage, job, turn=turn, record=one, stage_record=record, variables=variables.child())


def variables_of(rehearsal: Rehearsal, stage: Stage, job: Job | None = None, *, values: Values) -> Variables:
    """What a job sees: predefined variables, then those of the pipeline, its stage and itself."""
    variables = rehearsal.given.child()
    set_predefined(variables, in_stage(stage))
    set_variables(variables, rehearsal.pipeline.variables, values=values, rehearsal=rehearsal, unknown=True)
    set_variables(variables, stage.variables, values=values, rehearsal=rehearsal, unknown=True)
    if job is not None:
        set_predefined(variables, in_job(job, matrix=""))
        set_variables(variables, job.variables, values=values, rehearsal=rehearsal, unknown=True)
    return variables


def _holds(rehearsal: Rehearsal, stage: Stage, job: Job, *, variables: Variables, values: Values) -> bool:
    seen = {**values, "variables": variables.values()}
    return holds(job.condition, values=seen, status=job_status(rehearsal, stage, job), place=job.place)


def _run_turn(
    rehearsal: Rehearsal,
    stage: Stage,
    job: Job,
    *,
    turn: Turn,
    record: JobRecord,
    stage_record: StageRecord,
    variables: Variables,
) -> None:
    """Runs a job once, from its approval to its result."""
    set_predefined(variables, in_job(job, matrix=turn.name))
    for name, value in turn.variables.items():
        variables.set(name, value)
    rehearsal.watcher.job_begins(stage_record, record)
    record.result = "Running"
    begun = time.monotonic()
    refusal = _approved(rehearsal, stage, job) if job.kind == "deployment" else None
    if refusal is not None:
        record.result, record.reason = ("Waiting" if refusal == NOBODY else "Failed"), refusal
    else:
        deadline = begun + job.timeout_minutes * rehearsal.minute if job.timeout_minutes else None
        result = _run(rehearsal, stage_record, job, record=record, variables=variables, deadline=deadline)
        late = deadline is not None and time.monotonic() >= deadline
        _conclude(job, record, result, late=late, stopped=rehearsal.stopped)
    record.seconds = round(time.monotonic() - begun, 3)
    rehearsal.watcher.job_ends(stage_record, record)
    rehearsal.journal.save()


def _run(
    rehearsal: Rehearsal,
    stage: StageRecord,
    job: Job,
    *,
    record: JobRecord,
    variables: Variables,
    deadline: float | None,
) -> State:
    try:
        if job.kind == "deployment":
            return run_hooks(rehearsal, stage, job, record, variables=variables, deadline=deadline)
        steps = with_titles(job.steps, variables, rehearsal.mask)
        record.steps = new_records(steps, logs=PurePosixPath("logs") / stage.name / record.key)
        status = run_steps(
            rehearsal,
            stage,
            record,
            steps=steps,
            records=record.steps,
            variables=variables,
            with_sources=checks_out(steps, deployment=False),
            deadline=deadline,
        )
    except InvalidPipelineError as error:
        record.reason = error.message
        return "Failed"
    known: dict[str, State] = {"Failed": "Failed", "Canceled": "Canceled", "Succeeded": "Succeeded"}
    return known.get(status, "SucceededWithIssues")


def _conclude(job: Job, record: JobRecord, result: State, *, late: bool, stopped: bool) -> None:
    """What a job ended with. That somebody refused is not for continueOnError to overlook."""
    record.result = result
    if late and result in ("Failed", "Canceled"):
        record.reason = f"took more than {job.timeout_minutes:g} minutes"
    if result == "Failed" and job.continue_on_error.lower() == "true" and not stopped:
        record.result = "SucceededWithIssues"
        record.reason = "a step failed; continueOnError lets the stage go on"


def _approved(rehearsal: Rehearsal, stage: Stage, job: Job) -> str | None:
    """None if the environment needs no approval, or has it."""
    environment = (job.environment or "").partition(".")[0]
    if environment not in rehearsal.gates:
        return None
    request = Request(stage=stage.name, job=job.name, environment=environment, approvers=rehearsal.gates[environment])
    return consent(rehearsal, request)


def _add_skipped(rehearsal: Rehearsal, job: Job, stage: StageRecord) -> None:
    reason = f"its condition does not hold: {job.condition}" if job.condition else "a job before it did not succeed"
    _add(rehearsal, stage, _new(job, job.name), result="Skipped", reason=reason)


def _add(rehearsal: Rehearsal, stage: StageRecord, job: JobRecord, *, result: State, reason: str) -> None:
    job.result, job.reason = result, rehearsal.mask(reason)
    stage.jobs.append(job)
    rehearsal.watcher.job_ends(stage, job)
    rehearsal.journal.save()


def _new(job: Job, key: str) -> JobRecord:
    return JobRecord(key=key, job=job.name, place=str(job.place), environment=job.environment or "")
