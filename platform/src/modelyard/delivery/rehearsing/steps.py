"""One step: whether it runs, how often it is tried, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from modelyard.delivery.expressions.status import Status
from modelyard.delivery.pipeline import Step
from modelyard.delivery.rehearsing.agent.agents import Agent
from modelyard.delivery.rehearsing.agent.obeying import Obedience
from modelyard.delivery.rehearsing.agent.processes import Executor
from modelyard.delivery.rehearsing.agent.transcript import Transcript, open_log
from modelyard.delivery.rehearsing.planning.scopes import holds
from modelyard.delivery.rehearsing.recording.records import JobRecord, StageRecord, StepRecord
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.delivery.rehearsing.tasks.exchanging import download_step, publish_step
from modelyard.delivery.rehearsing.tasks.table import task_named
from modelyard.delivery.rehearsing.work import DONE, Outcome, Work
from modelyard.errors import InvalidPipelineError

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 10.0
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where a step runs."""

    rehearsal: Rehearsal
    agent: Agent
    executor: Executor
    stage: StageRecord
    job: JobRecord
    deadline: float | None = None
    """Of the job, on the monotonic clock."""
    grace: float | None = None
    """Seconds for each step that still runs after the deadline."""


def run_step(bench: Bench, step: Step, record: StepRecord, *, position: int) -> None:
    """Runs a step, or says why it is skipped; the record and the agent's status tell the end.

    Args:
        bench: where it runs.
        step: what runs.
        record: changed.
        position: in its job or hook, counted from 1.
    """
    rehearsal = bench.rehearsal
    reason = _reason_to_skip(bench, step)
    if reason is not None:
        record.result, record.reason = "Skipped", reason
        rehearsal.watcher.step_ends(record, ())
        return
    record.result = "Running"
    rehearsal.watcher.step_begins(record)
    rehearsal.journal.save()
    begun = time.monotonic()
    drill = rehearsal.drill
    record.drill = drill is not None and drill.hits(
        bench.stage.name, bench.job.key, hook=record.hook, step=step, number=position
    )
    log = rehearsal.folder.path / record.log
    with open_log(log) as file:
        obedience = Obedience(rehearsal, bench.agent, step=step, job=f"{bench.stage.name}/{bench.job.key}")
        transcript = Transcript(file, rehearsal.mask, obedience, rehearsal.watcher.line)
        outcome = _tried(bench, step, record, transcript=transcript)
    _conclude(bench, step, record, outcome=outcome)
    record.seconds = round(time.monotonic() - begun, 3)
    rehearsal.watcher.step_ends(record, tuple(transcript.last))
    rehearsal.journal.save()


def _reason_to_skip(bench: Bench, step: Step) -> str | None:
    """Why a step does not run; None if it does. A condition that cannot be worked out is left to the step."""
    agent, rehearsal = bench.agent, bench.rehearsal
    if rehearsal.canceled:
        agent.status = "Canceled"
    if rehearsal.cancellation.insisted:
        return "canceled for good"
    if step.enabled == "false":
        return "disabled"
    try:
        runs = _holds(bench, step)
    except InvalidPipelineError:
        return None
    if runs:
        return None
    if step.condition:
        return f"its condition does not hold: {step.condition}"
    return "the run is canceled" if agent.status == "Canceled" else "a step before it failed"


def _holds(bench: Bench, step: Step) -> bool:
    variables = bench.agent.variables
    variables.replace("Agent.JobStatus", bench.agent.status)
    status = Status(canceled=bench.rehearsal.canceled, job=bench.agent.status)
    return holds(step.condition, values={"variables": variables.values()}, status=status, place=step.place)


def _tried(bench: Bench, step: Step, record: StepRecord, *, transcript: Transcript) -> Outcome:
    """Tries a step until it succeeds or has no attempt left."""
    while True:
        record.attempts += 1
        transcript.completed = None
        outcome = _outcome(bench, step, record, transcript=transcript)
        wants_more = outcome.result == "Failed" and outcome.again and not record.drill
        if not wants_more or record.attempts > step.retries or _time_is_up(bench):
            record.issues.extend(transcript.issues)
            return outcome
        pause = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (record.attempts - 1))
        transcript.write(f"attempt {record.attempts} failed: {outcome.reason}; trying again in {pause:g} s")
        if bench.rehearsal.cancellation.wait(pause):
            return Outcome(result="Canceled", reason="canceled")


def _outcome(bench: Bench, step: Step, record: StepRecord, *, transcript: Transcript) -> Outcome:
    """One attempt, and what the step itself said of it."""
    work = Work(
        rehearsal=bench.rehearsal,
        agent=bench.agent,
        executor=bench.executor,
        step=step,
        job=f"{bench.stage.name}/{bench.job.key}",
        transcript=transcript,
        seconds=_seconds(bench, step),
    )
    try:
        _holds(bench, step)
        outcome = work.failed("made to fail: this is a drill") if record.drill else _does(work)
    except InvalidPipelineError as error:
        outcome = work.failed(error.message)
    except OSError as error:
        outcome = work.failed(f"{error.filename or ''}: {error.strerror}".removeprefix(": "))
    said = transcript.completed
    if outcome.result != "Succeeded" or said is None or said == "Succeeded":
        return outcome
    return Outcome(result=said, reason="it said so with ##vso[task.complete]", exit_code=outcome.exit_code)


def _does(work: Work) -> Outcome:
    kinds: Mapping[str, Callable[[Work], Outcome]] = {
        "script": _script,
        "task": _task,
        "checkout": _checkout,
        "download": download_step,
        "publish": publish_step,
    }
    return kinds[work.step.kind](work)


def _script(work: Work) -> Outcome:
    step = work.step
    return work.script(step.does, step.shell, folder=step.working_directory or "", strict=work.is_set("failOnStderr"))


def _task(work: Work) -> Outcome:
    task = task_named(work.step.does)
    if task is None:
        reason = f"{work.step.does} has no part on this machine"
        work.say(reason)
        return Outcome(result="Skipped", reason=reason)
    return task(work)


def _checkout(work: Work) -> Outcome:
    if work.step.does in ("self", "none"):
        return DONE
    reason = f"repository {work.step.does} is not checked out in a rehearsal"
    work.say(reason)
    return Outcome(result="Skipped", reason=reason)


def _conclude(bench: Bench, step: Step, record: StepRecord, *, outcome: Outcome) -> None:
    """Writes the result down and lets it count for the job. A step that was skipped here leaves an issue behind."""
    record.result, record.exit_code = outcome.result, outcome.exit_code
    record.reason = bench.rehearsal.mask(outcome.reason)
    if outcome.result == "Failed" and step.continue_on_error == "true" and not bench.rehearsal.stopped:
        record.result = "SucceededWithIssues"
        record.reason = f"{record.reason}; continueOnError lets the job go on"
    agent = bench.agent
    if record.result == "Canceled" or bench.rehearsal.canceled or _time_is_up(bench):
        agent.status = "Canceled"
    elif record.result == "Failed":
        agent.status = "Failed"
    elif record.result in ("Skipped", "SucceededWithIssues") and agent.status == "Succeeded":
        agent.status = "SucceededWithIssues"


def _seconds(bench: Bench, step: Step) -> float | None:
    """How long a step may take: its own time, and no longer than its job has; what always runs has more."""
    own = step.timeout_minutes * bench.rehearsal.minute if step.timeout_minutes else None
    left = bench.grace if _time_is_up(bench) else None
    if left is None and bench.deadline is not None:
        left = max(SHORTEST_SECONDS, bench.deadline - time.monotonic())
    return min(filter(None, (own, left)), default=None)


def _time_is_up(bench: Bench) -> bool:
    return bench.deadline is not None and time.monotonic() >= bench.deadline
