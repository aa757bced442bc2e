"""Every condition and runtime expression of a pipeline, with what it may refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.linting.study import Run
from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step, Variable
from modelyard.delivery.places import Place

Level = Literal["pipeline", "stage", "job", "step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressed:
    """One expression that is worked out while a pipeline runs."""

    text: str
    """Without `$[ ]`."""
    level: Level
    key: str
    """condition, matrix, or the key of a variable's value."""
    place: Place
    """Of the stage, job, step or variable that it belongs to."""
    stage: Stage | None = None
    job: Job | None = None

    @property
    def is_condition(self) -> bool:
        """Whether it may ask how what came before ended."""
        return self.key == "condition"


def expressed_in(run: Run) -> Iterator[Expressed]:
    """All of them, from the outside inwards."""
    pipeline = run.pipeline
    yield from _values(pipeline.variables, "pipeline")
    for stage in pipeline.stages:
        yield from _condition(stage.condition, "stage", stage.place, stage=stage)
        yield from _values(stage.variables, "stage", stage=stage)
        for job in stage.jobs:
            yield from _of_job(job, stage)


def _of_job(job: Job, stage: Stage) -> Iterator[Expressed]:
    yield from _condition(job.condition, "job", job.place, stage=stage, job=job)
    yield from _values(job.variables, "job", stage=stage, job=job)
    matrix = job.strategy.matrix
    found = runtime_expression(matrix) if isinstance(matrix, str) else None
    if found is not None:
        yield Expressed(text=found, level="job", key="matrix", place=job.place, stage=stage, job=job)
    for step in job.all_steps:
        yield from _condition(step.condition, "step", step.place, stage=stage, job=job)


def _condition(
    text: str | None, level: Level, place: Place, *, stage: Stage | None = None, job: Job | None = None
) -> Iterator[Expressed]:
    if text is not None and text.strip():
        bare = runtime_expression(text)
        shown = text if bare is None else bare
        yield Expressed(text=shown, level=level, key="condition", place=place, stage=stage, job=job)


def _values(
    variables: tuple[Variable, ...], level: Level, *, stage: Stage | None = None, job: Job | None = None
) -> Iterator[Expressed]:
    for variable in variables:
        text = runtime_expression(variable.value)
        if text is not None:
            yield Expressed(text=text, level=level, key="value", place=variable.place, stage=stage, job=job)


def steps_named(job: Job, name: str) -> list[Step]:
    """Steps of a job that outputs may be asked of."""
    return [step for step in job.all_steps if step.name.lower() == name.lower()]


def stage_named(pipeline: Pipeline, name: str) -> Stage | None:
    """A stage in any spelling."""
    return next((stage for stage in pipeline.stages if stage.name.lower() == name.lower()), None)


def job_named(stage: Stage, name: str) -> Job | None:
    """A job of a stage in any spelling."""
    return next((job for job in stage.jobs if job.name.lower() == name.lower()), None)
