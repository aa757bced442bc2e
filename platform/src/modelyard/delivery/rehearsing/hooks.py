"""The steps of one agent, and the hooks of a deployment: each hook is an agent of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from modelyard.delivery.pipeline import Job, Step
from modelyard.delivery.places import Place
from modelyard.delivery.rehearsing.agent.agents import Agent, Folders
from modelyard.delivery.rehearsing.agent.artifacts import names_in
from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.planning.plan import label_of
from modelyard.delivery.rehearsing.planning.predefined import set_predefined
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.recording.records import GOOD, JobRecord, StageRecord, State, StepRecord
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.delivery.rehearsing.steps import Bench, run_step
from modelyard.delivery.rehearsing.tasks.caches import keep

ORDER = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic")
NOT_IN_FILES = re.compile(r"[^A-Za-z0-9]+")
GRACE_MINUTES = 5
"""What always runs may take this long after its job was canceled."""
ALL_ARTIFACTS = "the artifacts of this run"


def run_steps(
    rehearsal: Rehearsal,
    stage: StageRecord,
    job: JobRecord,
    *,
    steps: Sequence[Step],
    records: Sequence[StepRecord],
    variables: Variables,
    with_sources: bool,
    deadline: float | None,
) -> str:
    """Runs steps on a fresh agent; returns how the job stands after them."""
    rehearsal.prepare()
    folders = Folders.fresh(rehearsal.folder, with_sources=with_sources)
    set_predefined(variables, folders.predefined())
    status = "Canceled" if rehearsal.canceled else "Succeeded"
    agent = Agent(folders, variables, rehearsal.passed, outputs={}, status=status)
    executor = rehearsal.executor()
    bench = Bench(
        rehearsal=rehearsal,
        agent=agent,
        executor=executor,
        stage=stage,
        job=job,
        deadline=deadline,
        grace=GRACE_MINUTES * rehearsal.minute,
    )
    try:
        for position, (step, record) in enumerate(zip(steps, records, strict=True), start=1):
            run_step(bench, step, record, position=position)
    finally:
        executor.close()
        _take_outputs(rehearsal, stage, job, agent=agent)
        for wish in agent.at_end:
            keep(wish, succeeded=agent.status in GOOD)
    return agent.status


def hook_steps(rehearsal: Rehearsal, job: Job) -> dict[str, tuple[Step, ...]]:
    """The steps of each hook. As in the service, `deploy` downloads all artifacts first unless told otherwise."""
    found = {hook.name: hook.steps for hook in job.hooks}
    deploy = found.get("deploy")
    if deploy is not None and not any(step.kind == "download" for step in deploy):
        found["deploy"] = (_download_all(job.place), *deploy) if names_in(rehearsal.folder.artifacts) else deploy
    return found


def checks_out(steps: Sequence[Step], *, deployment: bool) -> bool:
    """Whether the sources are there: a job has them unless it says otherwise, a deployment only where it says so."""
    named = [step.does for step in steps if step.kind == "checkout"]
    return "self" in named or (not named and not deployment)


def new_records(steps: Sequence[Step], *, logs: PurePosixPath, first: int = 1, hook: str = "") -> list[StepRecord]:
    """The records of steps that have not begun."""
    return [
        StepRecord(
            number=number,
            label=label_of(step),
            name=step.name,
            place=str(step.place),
            hook=hook,
            log=str(logs / f"{number:02d}-{_file_name(step)}.log"),
        )
        for number, step in enumerate(steps, start=first)
    ]


def run_hooks(
    rehearsal: Rehearsal,
    stage: StageRecord,
    job: Job,
    record: JobRecord,
    *,
    variables: Variables,
    deadline: float | None,
) -> State:
    """Runs a deployment's hooks in their order; after a failure the rest is skipped, and on: failure runs."""
    steps = {name: with_titles(found, variables, rehearsal.mask) for name, found in hook_steps(rehearsal, job).items()}
    last = [name for name in ("failure", "success") if name in steps]
    records = _hook_records(steps, [*[name for name in ORDER if name in steps], *last], stage=stage, job=record)
    status = "Succeeded"

    def run(name: str) -> str:
        return run_steps(
            rehearsal,
            stage,
            record,
            steps=steps[name],
            records=records[name],
            variables=variables.child(),
            with_sources=checks_out(steps[name], deployment=True),
            deadline=deadline,
        )

    for name in (one for one in ORDER if one in steps):
        if status not in ("Succeeded", "SucceededWithIssues"):
            _skip(records[name], "a hook before it failed")
            continue
        status = _worse(status, run(name))
    chosen = {"Failed": "failure", "Canceled": ""}.get(status, "success")
    for name in last:
        if name == chosen:
            status = _worse(status, run(name))
        else:
            _skip(records[name], f"the hooks before it {'succeeded' if chosen == 'success' else 'did not succeed'}")
    return _as_state(status)


def _hook_records(
    steps: dict[str, tuple[Step, ...]], names: list[str], *, stage: StageRecord, job: JobRecord
) -> dict[str, list[StepRecord]]:
    logs = PurePosixPath("logs") / stage.name / job.key
    found: dict[str, list[StepRecord]] = {}
    for name in names:
        found[name] = new_records(steps[name], logs=logs, first=len(job.steps) + 1, hook=name)
        job.steps.extend(found[name])
    return found


def _skip(records: Sequence[StepRecord], reason: str) -> None:
    for record in records:
        record.result, record.reason = "Skipped", reason


def _worse(one: str, other: str) -> str:
    order = ("Succeeded", "SucceededWithIssues", "Canceled", "Failed")
    return max(one, other, key=order.index)


def _as_state(status: str) -> State:
    states: dict[str, State] = {"Succeeded": "Succeeded", "SucceededWithIssues": "SucceededWithIssues"}
    return states.get(status, "Failed" if status == "Failed" else "Canceled")


def _take_outputs(rehearsal: Rehearsal, stage: StageRecord, job: JobRecord, *, agent: Agent) -> None:
    """Keeps output variables; secret ones, and those with a secret in them, in memory only."""
    for name, value in agent.outputs.items():
        if name in agent.secret_outputs or rehearsal.mask(value) != value:
            rehearsal.hidden.setdefault((stage.name, job.key), {})[name] = value
            if name not in job.secret_outputs:
                job.secret_outputs.append(name)
        else:
            job.outputs[name] = value


def _download_all(place: Place) -> Step:
    return Step(kind="download", does="current", place=place, title=ALL_ARTIFACTS)


def _file_name(step: Step) -> str:
    return NOT_IN_FILES.sub("-", (step.name or label_of(step)).lower()).strip("-")[:50] or "step"


def with_titles(steps: Sequence[Step], variables: Variables, mask: Mask) -> tuple[Step, ...]:
    """Steps whose titles have their macros expanded, as people read them; a secret may be among them."""
    return tuple(replace(step, title=mask(variables.expand(step.title))) for step in steps)
