"""What must have succeeded before something else may happen, as a table; and whether a pipeline's graph keeps to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelyard.delivery.expressions.status import GOOD
from modelyard.delivery.linting.graph import SKIPPED, Graph, Part, job_graph, stage_graph
from modelyard.delivery.linting.outcomes import BAD, truths
from modelyard.delivery.linting.works import AZURE_ENVIRONMENTS, WORKS, Site, works_in
from modelyard.delivery.pipeline import Job, Pipeline
from modelyard.delivery.places import Place

Works = Mapping[str, Sequence[Site]]
"""Where a pipeline does what, by names of WORKS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One demand: no path to `before` goes around `needs`."""

    before: str
    """Of WORKS: what must not happen on its own."""
    needs: str
    """Of WORKS: what must have succeeded."""
    instead: str = ""
    """Of WORKS: what stands for it in a pipeline that does not promote: the ledger holds that decision."""


CHECKS = ("style", "types", "tests", "loop")
GATES = (
    *(Gate(before="provision", needs=check) for check in CHECKS),
    *(Gate(before="promotion", needs=needed) for needed in (*CHECKS, "comparison", "approval")),
    *(Gate(before="deploy-dev", needs=needed) for needed in (*CHECKS, "suite", "scan")),
    *(
        gate
        for target in ("deploy-test", "deploy-prod")
        for gate in (
            *(Gate(before=target, needs=needed) for needed in (*CHECKS, "suite", "scan")),
            Gate(before=target, needs="comparison", instead="ledger"),
            Gate(before=target, needs="approval", instead="ledger"),
        )
    ),
    *(Gate(before=f"deploy-{name}", needs=f"images-{name}") for name in AZURE_ENVIRONMENTS),
    Gate(before="rollback", needs="approval"),
    Gate(before="deploy-test", needs="deploy-dev"),
    Gate(before="deploy-prod", needs="deploy-test"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One expanded pipeline, as the gates see it."""

    works: Works
    stages: Graph
    jobs: Mapping[str, Graph]
    """By stage."""


def examine(pipeline: Pipeline) -> Examined:
    """Finds what a pipeline does, and how its parts wait for each other."""
    jobs = {stage.name: job_graph(stage.jobs) for stage in pipeline.stages}
    return Examined(works=works_in(pipeline), stages=stage_graph(pipeline), jobs=jobs)


@dataclass(frozen=True, slots=True)
class Hole:
    """A way around a gate."""

    place: Place
    key: str
    """Of the mapping at the place: what to look at."""
    why: str


def needed_by(gate: Gate, found: Works) -> str:
    """What a gate asks for in a pipeline: the ledger holds the decision if nothing is promoted there."""
    return gate.instead if gate.instead and not found["promotion"] else gate.needs


def holes_of(gate: Gate, run: Examined) -> Iterator[tuple[Site, Hole]]:
    """Every step that a gate is about and that can run without it, with the way around."""
    needed = needed_by(gate, run.works)
    for target in run.works[gate.before]:
        guards = run.works[needed]
        if not guards:
            yield target, Hole(target.stage.place, "stage", f"nothing in this pipeline does {WORKS[needed].says}")
            continue
        holes = [hole_between(guard, target, run) for guard in guards]
        first = holes[0]
        if first is not None and all(hole is not None for hole in holes):
            yield target, first


def hole_between(guard: Site, target: Site, run: Examined) -> Hole | None:
    """How `target` can run although `guard` did not succeed, or None if it cannot."""
    if guard.stage.name == target.stage.name and guard.job.name == target.job.name:
        return None if guard.whole else _hole_in_job(guard, target)
    weak = _weak_step(guard) or _goes_on(guard.job)
    if weak is not None:
        return weak
    jobs = run.jobs[guard.stage.name]
    if guard.stage.name == target.stage.name:
        return _hole_in_graph(jobs, guard.job.name, target.job.name)
    return _weak_job(guard, jobs) or _hole_in_graph(run.stages, guard.stage.name, target.stage.name)


def _weak_step(guard: Site) -> Hole | None:
    """How a job can succeed although its gate did not, or did not run."""
    step = guard.step
    if guard.whole:
        return None
    if guard.hook == "failure":
        return Hole(step.place, "", f"step `{step.label}` runs only after a failure")
    if _may_be(step.continue_on_error):
        return Hole(step.place, "continueOnError", f"step `{step.label}` may fail and its job goes on")
    if step.enabled.lower() != "true":
        return Hole(step.place, "enabled", f"step `{step.label}` is switched off")
    if False in truths(step.condition, before={"job": frozenset({"Succeeded"})}):
        return Hole(step.place, "condition", f"step `{step.label}` can be skipped and its job succeeds")
    return None


def _goes_on(job: Job) -> Hole | None:
    if _may_be(job.continue_on_error):
        return Hole(job.place, "continueOnError", f"job {job.name} may fail and its stage goes on")
    return None


def _weak_job(guard: Site, jobs: Graph) -> Hole | None:
    """A job that is skipped does not keep its stage from succeeding."""
    name = guard.job.name
    for before in jobs.order if not jobs.cycle else []:
        if before != name and before not in jobs.ancestors(name):
            continue
        part = jobs.parts[before]
        good = {ancestor: frozenset(GOOD) for ancestor in jobs.ancestors(before)}
        if False in truths(part.condition, before=good, direct=part.depends_on):
            why = f"job {before} can be skipped and stage {guard.stage.name} succeeds"
            return Hole(part.place, "condition", why)
    return None


def _hole_in_job(guard: Site, target: Site) -> Hole | None:
    step = target.step
    if guard.order >= target.order:
        return Hole(step.place, "", f"it runs before `{guard.step.label}`")
    if guard.hook != target.hook and target.hook == "failure":
        return Hole(step.place, "", f"it runs when `{guard.step.label}` failed")
    weak = _weak_step(guard)
    if weak is not None:
        return weak
    for result in ("Failed", "Canceled"):
        if True in truths(step.condition, before={"job": frozenset({result})}):
            return Hole(step.place, "condition", f"its condition lets it run when the job is {result}")
    return None


def _hole_in_graph(graph: Graph, guard: str, target: str) -> Hole | None:
    if graph.cycle:
        return None
    if guard not in graph.ancestors(target):
        why = f"{graph.kind} {target} does not wait for {graph.kind} {guard}"
        return Hole(graph.parts[target].place, "dependsOn", why)
    for result in BAD:
        weak = _first_weak(graph, guard, target, result)
        if weak is not None:
            why = f"the condition of {graph.kind} {weak.name} lets it run when {graph.kind} {guard} is {result}"
            return Hole(weak.place, "condition", why)
    return None


def _first_weak(graph: Graph, guard: str, target: str, result: str) -> Part | None:
    """The first part on the way that may run although it should not, if the target then may run too."""
    found = graph.outcomes_after(guard, result)
    if found[target] == SKIPPED:
        return None
    way = {*graph.ancestors(target), target}
    after = (name for name in graph.order if name in way and guard in graph.ancestors(name))
    return next(graph.parts[name] for name in after if found[name] != SKIPPED)


def _may_be(value: str) -> bool:
    return value.strip().lower() not in {"false", ""}
