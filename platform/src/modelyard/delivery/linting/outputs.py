"""References to results and output variables: whether what they name exists, and is waited for."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.delivery.expressions.looking import Path
from modelyard.delivery.linting.expressed import Expressed, job_named, stage_named, steps_named
from modelyard.delivery.linting.graph import job_graph, stage_graph
from modelyard.delivery.pipeline import HOOKS, Job, Pipeline, Stage

NAMES_IN_JOB_OUTPUT = 2
"""Step and variable; a deployment, and a matrix, put one more in front."""


def wrong_reference(path: Path, expressed: Expressed, pipeline: Pipeline) -> tuple[str, str] | None:
    """What is wrong with a named value, with a hint; None if it is in order or cannot be judged."""
    root = str(path[0]).lower()
    if root in {"dependencies", "stagedependencies"} and expressed.level == "stage" and expressed.is_condition:
        return _of_stage(path[1:], expressed, pipeline)
    if root == "dependencies" and expressed.level == "job":
        return _of_job(path[1:], expressed)
    if root == "stagedependencies" and expressed.level in {"stage", "job"}:
        return _across_stages(path[1:], expressed, pipeline)
    return None


def _of_stage(path: Path, expressed: Expressed, pipeline: Pipeline) -> tuple[str, str] | None:
    here, name = expressed.stage, _first(path)
    if here is None or name is None:
        return None
    wrong = _stage_missing(name, here, pipeline)
    stage = stage_named(pipeline, name)
    if wrong or stage is None:
        return wrong
    key = _output_key(path[1:])
    if key is None:
        return _not_a_part(path[1:], f"dependencies.{name}")
    parts = key.split(".")
    job = job_named(stage, parts[0])
    if job is None:
        return f"stage `{name}` has no job `{parts[0]}` that could set the output `{key}`", _jobs(stage)
    return _wrong_output(job, parts[1:], key)


def _of_job(path: Path, expressed: Expressed) -> tuple[str, str] | None:
    stage, here, name = expressed.stage, expressed.job, _first(path)
    if stage is None or here is None or name is None:
        return None
    job = job_named(stage, name)
    if job is None:
        hint = f"jobs here: {', '.join(other.name for other in stage.jobs)}; other stages: stageDependencies"
        return f"`dependencies.{name}` names no job of stage `{stage.name}`", hint
    if job.name not in {*here.depends_on, *job_graph(stage.jobs).ancestors(here.name)}:
        message = f"job `{here.name}` asks for `dependencies.{name}` but does not depend on it, so there is no value"
        return message, f"add {job.name} to dependsOn of {here.name}"
    key = _output_key(path[1:])
    return _wrong_output(job, key.split("."), key) if key is not None else None


def _across_stages(path: Path, expressed: Expressed, pipeline: Pipeline) -> tuple[str, str] | None:
    here, name = expressed.stage, _first(path)
    if here is None or name is None:
        return None
    wrong = _stage_missing(name, here, pipeline)
    stage = stage_named(pipeline, name)
    if wrong or stage is None:
        return wrong
    asked = _first(path[1:])
    if asked is None or asked.lower() == "result":
        return None
    if asked.lower() == "outputs":
        return _of_stage(path, expressed, pipeline)
    job = job_named(stage, asked)
    if job is None:
        return f"stage `{name}` has no job `{asked}`", _jobs(stage)
    key = _output_key(path[2:])
    return _wrong_output(job, key.split("."), key) if key is not None else None


def _stage_missing(name: str, here: Stage, pipeline: Pipeline) -> tuple[str, str] | None:
    stage = stage_named(pipeline, name)
    if stage is None:
        return f"there is no stage `{name}`", f"stages here: {', '.join(other.name for other in pipeline.stages)}"
    if stage.name not in {*here.depends_on, *stage_graph(pipeline).ancestors(here.name)}:
        message = f"stage `{here.name}` asks for `{name}` but does not depend on it, so there is no value"
        return message, f"add {stage.name} to dependsOn of {here.name}"
    return None


def indirect_reference(path: Path, expressed: Expressed, pipeline: Pipeline) -> tuple[str, str] | None:
    """A stage or a job that is asked for and only waited for around a corner: the service says nothing of these."""
    root, name = str(path[0]).lower(), _first(path[1:])
    of_jobs = root == "dependencies" and expressed.level == "job"
    here = expressed.job if of_jobs else expressed.stage
    if name is None or here is None or root not in {"dependencies", "stagedependencies"}:
        return None
    found = job_named(expressed.stage, name) if of_jobs and expressed.stage else stage_named(pipeline, name)
    if found is None or found.name in here.depends_on:
        return None
    message = f"`{here.name}` asks for `{name}`, which is not in its dependsOn"
    return message, f"add {found.name} to dependsOn of {here.name}"


def _wrong_output(job: Job, parts: Sequence[str], key: str) -> tuple[str, str] | None:
    before = _prefix_of(job)
    if len(parts) < NAMES_IN_JOB_OUTPUT + (1 if before else 0):
        wanted = f"{before}." if before else ""
        return f"output `{key}` of job `{job.name}` is not complete", f"write {wanted}STEP.VARIABLE"
    if job.kind == "deployment" and not _is_deployment_prefix(parts[0], job):
        return f"outputs of deployment `{job.name}` begin with its name", f"write {job.name}.STEP.VARIABLE"
    step = parts[1] if before else parts[0]
    if not steps_named(job, step):
        named = ", ".join(sorted({step.name for step in job.all_steps if step.name})) or "none"
        return f"job `{job.name}` has no step named `{step}` that could set `{key}`", f"named steps: {named}"
    return None


def _prefix_of(job: Job) -> str:
    """What stands before the step in a job's outputs."""
    if job.kind == "deployment":
        return job.name
    return "LEG" if job.strategy.matrix is not None else ""


def _is_deployment_prefix(word: str, job: Job) -> bool:
    return word.lower() == job.name.lower() or word.lower().startswith(tuple(hook.lower() for hook in HOOKS))


def _output_key(path: Path) -> str | None:
    """The key in `outputs['a.b.c']`; None for a result, and for what cannot be read here."""
    if len(path) > 1 and str(path[0]).lower() == "outputs" and path[1] is not None:
        return path[1]
    return None


def _not_a_part(path: Path, before: str) -> tuple[str, str] | None:
    name = _first(path)
    if name is None or name.lower() in {"result", "outputs"}:
        return None
    return f"`{before}` has no part `{name}`", f"write {before}.result or {before}.outputs['JOB.STEP.VARIABLE']"


def _first(path: Path) -> str | None:
    return path[0] if path else None


def _jobs(stage: Stage) -> str:
    return f"jobs there: {', '.join(job.name for job in stage.jobs)}"
