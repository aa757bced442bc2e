"""Limits: timeouts, locks, and results that are kept whatever happened."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.delivery.linting.outcomes import truths
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import task_name
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.works import CHANGES, MEASURED, TESTS, Doing, does
from modelyard.delivery.pipeline import Job, Step

RESULTS = "publishtestresults"
COVERAGE = "publishcodecoverageresults"


def endless(run: Run, study: Study) -> Iterator[Problem]:
    """Jobs that nothing ends."""
    for _, job in run.pipeline.jobs:
        if not job.timeout_minutes:
            found = "timeoutInMinutes: 0, which is no limit" if job.timeout_minutes == 0 else "no timeoutInMinutes"
            place = study.at(job.place, "timeoutInMinutes" if job.timeout_minutes == 0 else job.kind)
            yield Problem(place, f"job `{job.name}` has {found}", "say how long it may take")


def unlocked(run: Run, study: Study) -> Iterator[Problem]:
    """Stages that change an environment without waiting for the run before."""
    for stage in run.pipeline.stages:
        deploys = any(job.kind == "deployment" and _changes(job) for job in stage.jobs)
        locked = (stage.lock_behavior or run.pipeline.lock_behavior or "").lower() == "sequential"
        if deploys and not locked:
            message = f"stage `{stage.name}` changes an environment without lockBehavior: sequential"
            yield Problem(study.at(stage.place, "lockBehavior"), message, "say it in the stage or in the pipeline")


def _changes(job: Job) -> bool:
    return any(does(step, CHANGES) for step in job.all_steps)


def lost_results(run: Run, study: Study) -> Iterator[Problem]:
    """Test results that are not published, or only when all is well."""
    for _, job in run.pipeline.jobs:
        for steps in (job.steps, *(hook.steps for hook in job.hooks)):
            yield from _lost(steps, TESTS, RESULTS, "test results", study)
            yield from _only_if_well(steps, study)


def lost_coverage(run: Run, study: Study) -> Iterator[Problem]:
    """Coverage that is measured by nobody."""
    for _, job in run.pipeline.jobs:
        yield from _lost(job.steps, MEASURED, COVERAGE, "coverage", study)


def _lost(steps: tuple[Step, ...], tests: tuple[Doing, ...], task: str, what: str, study: Study) -> Iterator[Problem]:
    tested = False
    for number, step in enumerate(steps):
        if does(step, tests) and not tested:
            tested = True
            if not any(task_name(later) == task for later in steps[number + 1 :]):
                message = f"`{step.label}` leaves {what}, and nothing publishes it"
                yield Problem(study.at(step.place, "bash"), message, "add the publishing task after it")


def _only_if_well(steps: tuple[Step, ...], study: Study) -> Iterator[Problem]:
    for step in steps:
        if task_name(step) in {RESULTS, COVERAGE}:
            runs = truths(step.condition, before={"job": frozenset({"Failed"})})
            if True not in runs:
                message = f"`{step.label}` publishes nothing when a test failed"
                yield Problem(study.at(step.place, "condition"), message, "add condition: succeededOrFailed()")


RULES = (
    Rule(
        id="timeout",
        kind="house",
        what="Every job says how long it may take.",
        why="A job that hangs would hold an agent, and the environment's lock, for hours.",
        check=each_run(endless),
    ),
    Rule(
        id="lock-sequential",
        kind="house",
        what="Stages that change an environment have lockBehavior: sequential.",
        why="By default a newer run cancels the one that waits, and a release is lost.",
        check=each_run(unlocked),
    ),
    Rule(
        id="results-published",
        kind="house",
        what="Jobs that test publish their results under succeededOrFailed().",
        why="Results matter most when a test failed.",
        check=each_run(lost_results),
    ),
    Rule(
        id="coverage-published",
        kind="house",
        what="Jobs with unit tests publish their coverage.",
        why="A reviewer sees what a change leaves untested.",
        check=each_run(lost_coverage),
    ),
)
