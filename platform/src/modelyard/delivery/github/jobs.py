"""Jobs in the words of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.github.outputs import (
    STATUSES,
    Output,
    job_id,
    joined,
    literal_variables,
    outputs_of,
    translated,
)
from modelyard.delivery.github.steps import AZURE, Document, StepWriter, begins_a_job
from modelyard.delivery.github.texts import Words, environment_name
from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step
from modelyard.errors import InvalidPipelineError

KEPT_ELSEWHERE = frozenset({"uv_cache_dir", "xdg_cache_home"})
"""Where downloads lie is what the cache action knows by itself."""


def write_job(pipeline: Pipeline, stage: Stage, job: Job, outputs: Sequence[Output]) -> Document:
    """One job; a deployment's parts are one job too, since each job there would ask for an approval of its own.

    Args:
        pipeline: what it belongs to.
        stage: the stage it is in.
        job: the job.
        outputs: its outputs that other jobs read.

    Raises:
        InvalidPipelineError: something in it has no counterpart.
    """
    known = {k: v for k, v in literal_variables(pipeline, stage, job).items() if k not in KEPT_ELSEWHERE}
    words = Words(known, matrix=job.strategy.matrix is not None)
    found: Document = {"name": job.title or job.name}
    if needed := _needs(pipeline, stage, job):
        found["needs"] = needed
    if condition := _condition(stage, job):
        found["if"] = f"${{{{ {condition} }}}}"
    found["runs-on"] = _runner(job, words)
    if job.environment:
        found["environment"] = job.environment
    found["permissions"] = _permissions(job)
    found["timeout-minutes"] = int(job.timeout_minutes or 60)
    if job.strategy.matrix is not None:
        found["strategy"] = _strategy(stage, job)
    if env := _environment(stage, job):
        found["env"] = env
    if outputs:
        found["outputs"] = {one.key: f"${{{{ steps.{one.step}.outputs.{one.name} }}}}" for one in outputs}
    found["steps"] = _steps(stage, job, words)
    return found


def _needs(pipeline: Pipeline, stage: Stage, job: Job) -> list[str]:
    stages = {one.name: one for one in pipeline.stages}
    found = [job_id(stage.name, name) for name in job.depends_on]
    for name in stage.depends_on:
        found += [job_id(name, one.name) for one in stages[name].jobs]
    found += [one.owner for one in outputs_of(stage, job)]
    return list(dict.fromkeys(found))


def _condition(stage: Stage, job: Job) -> str:
    parts = [translated(one.condition, stage, one.place) for one in (stage, job) if one.condition]
    if stage.depends_on and job.condition and any(status in parts[-1] for status in STATUSES):
        raise InvalidPipelineError(
            f"{job.place}: job {job.name} asks how jobs before it ended, and its stage waits for others",
            hint="there are no stages in GitHub Actions: let the stage say it, or a step",
        )
    found = joined("and", parts) if parts else ""
    return "" if found == "success()" else found


def _runner(job: Job, words: Words) -> str | list[str]:
    image, pool = job.pool.get("vmImage"), job.pool.get("name")
    return str(image) if image else ["self-hosted", words.value(str(pool))]


def _permissions(job: Job) -> Mapping[str, str]:
    said = {"contents": "read"}
    scripts = [f"{step.does} {step.inputs.get('inlineScript', '')}" for step in job.all_steps]
    if any(step.does.startswith(AZURE) for step in job.all_steps):
        said["id-token"] = "write"
    if any("ci comment" in script for script in scripts):
        said["pull-requests"] = "write"
    if any(asking in script for script in scripts for asking in ("ci approval", "ci matrix")):
        said["actions"] = "read"
    return said


def _strategy(stage: Stage, job: Job) -> Document:
    matrix = job.strategy.matrix
    found: Document = {"fail-fast": False}
    if job.strategy.max_parallel:
        found["max-parallel"] = job.strategy.max_parallel
    if isinstance(matrix, str):
        text = runtime_expression(matrix) or ""
        return {**found, "matrix": f"${{{{ fromJSON({translated(text, stage, job.place)}) }}}}"}
    return {**found, "matrix": {"include": [dict(values) for values in (matrix or {}).values()]}}


def _environment(stage: Stage, job: Job) -> dict[str, Any]:
    found = {}
    for variable in (*stage.variables, *job.variables):
        text = runtime_expression(variable.value)
        if text is not None:
            found[environment_name(variable.name)] = f"${{{{ {translated(text, stage, variable.place)} }}}}"
    return found


def _steps(stage: Stage, job: Job, words: Words) -> list[Document]:
    writer = StepWriter(stage, words)
    found = [one for step in job.steps for one in writer.write(step)]
    seen: list[tuple[object, ...]] = []
    # What follows a success comes first: should it fail, what follows a failure still runs.
    for hook in sorted(job.hooks, key=lambda one: one.name == "failure"):
        writer.status = "failure()" if hook.name == "failure" else ""
        if writer.status:
            # Nobody knows how far it came, so nobody knows who is signed in.
            writer.connection = ""
        for step in hook.steps:
            if begins_a_job(step):
                if _identity(step) in seen:
                    continue
                seen.append(_identity(step))
            found += writer.write(step)
    return found


def _identity(step: Step) -> tuple[object, ...]:
    return step.kind, step.does, tuple(sorted((name, str(value)) for name, value in step.inputs.items()))
