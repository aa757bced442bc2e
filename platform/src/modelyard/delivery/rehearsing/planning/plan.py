"""The resolved graph of a pipeline as a tree: stages, jobs, matrix, conditions, gates, steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step
from modelyard.delivery.rehearsing.planning.graph import in_order
from modelyard.delivery.rehearsing.playing.approvals import Gates

Node = tuple[str, Sequence["Node"]]
"""A line, and what hangs below it."""


def tree_of(pipeline: Pipeline, gates: Gates) -> Node:
    """The pipeline as a tree of lines, stages in the order in which they run.

    Raises:
        InvalidPipelineError: the order does not hold together.
    """
    stages = {stage.name: stage for stage in pipeline.stages}
    order = in_order(pipeline.stages, kind="stage")
    return pipeline.file, [_stage(stages[name], gates) for name in order]


def lines_of(node: Node) -> Iterator[str]:
    """A tree as text."""
    yield node[0]
    yield from _below(node, "")


def _below(node: Node, prefix: str) -> Iterator[str]:
    for at, child in enumerate(node[1]):
        is_last = at == len(node[1]) - 1
        yield f"{prefix}{'└─ ' if is_last else '├─ '}{child[0]}"
        yield from _below(child, prefix + ("   " if is_last else "│  "))


def document_of(pipeline: Pipeline, gates: Gates) -> dict[str, object]:
    """The same for machines."""
    order = in_order(pipeline.stages, kind="stage")
    stages = {stage.name: stage for stage in pipeline.stages}
    return {"file": pipeline.file, "stages": [_document(stages[name], gates) for name in order]}


def _stage(stage: Stage, gates: Gates) -> Node:
    jobs = {job.name: job for job in stage.jobs}
    said = [f"stage {stage.name}", _after(stage.depends_on), _if(stage.condition), "by hand" if stage.manual else ""]
    return _line(said), [_job(jobs[name], gates) for name in in_order(stage.jobs, kind="job")]


def _job(job: Job, gates: Gates) -> Node:
    said = [f"{job.kind} {job.name}", _after(job.depends_on), _if(job.condition), _times(job), _gate(job, gates)]
    below: list[Node] = [(_step(step), ()) for step in job.steps]
    below += [(f"on {hook.name}", [(_step(step), ()) for step in hook.steps]) for hook in job.hooks]
    return _line(said), below


def label_of(step: Step) -> str:
    """What people read of a step: `checkout self` rather than `self`."""
    plain = not (step.title or step.name) and step.kind in ("checkout", "download", "publish")
    return f"{step.kind} {step.does}" if plain else step.label


def _step(step: Step) -> str:
    return _line([label_of(step), _if(step.condition), step.does if step.kind == "task" and step.title else ""])


def _after(names: Sequence[str]) -> str:
    return f"after {', '.join(names)}" if names else ""


def _if(condition: str | None) -> str:
    return f"if {condition}" if condition else ""


def _times(job: Job) -> str:
    matrix = job.strategy.matrix
    if isinstance(matrix, Mapping):
        return f"for each of {', '.join(matrix)}"
    if matrix:
        return f"for each of {matrix}"
    return f"{job.strategy.parallel} times" if job.strategy.parallel else ""


def _gate(job: Job, gates: Gates) -> str:
    if not job.environment:
        return ""
    gated = job.environment.partition(".")[0] in gates
    return f"in environment {job.environment}{', which needs an approval' if gated else ''}"


def _line(said: Sequence[str]) -> str:
    first, *rest = [part for part in said if part]
    return f"{first}  ({'; '.join(rest)})" if rest else first


def _document(stage: Stage, gates: Gates) -> dict[str, object]:
    jobs = [
        {
            "name": job.name,
            "kind": job.kind,
            "dependsOn": list(job.depends_on),
            "condition": job.condition,
            "matrix": job.strategy.matrix,
            "environment": job.environment,
            "approval": bool(job.environment) and (job.environment or "").partition(".")[0] in gates,
            "steps": [label_of(step) for step in job.all_steps],
        }
        for job in stage.jobs
    ]
    return {"name": stage.name, "dependsOn": list(stage.depends_on), "condition": stage.condition, "jobs": jobs}
