"""A drill: one step is made to fail, so that one sees what the pipeline does then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.delivery.pipeline import Pipeline, Step
from modelyard.errors import InvalidPipelineError

LEAST_PARTS = 3


@dataclass(frozen=True, slots=True)
class Drill:
    """Which step fails."""

    stage: str
    job: str
    """A job's name, or one job of a matrix: `train.credit_risk`."""
    hook: str
    """Empty for a step of a job, and for any hook of a deployment."""
    step: str
    """A step's name, its title, or its number in its job or hook, counted from 1."""

    def hits(self, stage: str, job: str, *, hook: str, step: Step, number: int) -> bool:
        """Whether this is the step. `number` counts within the job or the hook."""
        jobs = (job, job.partition(".")[0])
        return (
            stage == self.stage
            and self.job in jobs
            and self.hook in ("", hook)
            and self.step in (step.name, step.title, step.label, str(number))
        )

    def __str__(self) -> str:
        return "/".join(filter(None, (self.stage, self.job, self.hook, self.step)))


def read_drill(text: str, pipeline: Pipeline) -> Drill:
    """The drill that `STAGE/JOB/STEP` or `STAGE/JOB/HOOK/STEP` names.

    Raises:
        InvalidPipelineError: the pipeline has no such step.
    """
    stage, job, *rest = [*text.split("/"), "", ""] if text.count("/") < LEAST_PARTS - 1 else text.split("/")
    hooks = {hook.name for _, one in pipeline.jobs for hook in one.hooks}
    has_hook = len(rest) > 1 and rest[0] in hooks
    drill = Drill(stage, job, rest[0] if has_hook else "", "/".join(rest[1:] if has_hook else rest))
    steps = list(_steps(pipeline))
    if not any(_is_it(drill, one) for one in steps):
        known = ["/".join(filter(None, (*one[:3], one[3].name or one[3].label))) for one in steps]
        close = [name for name in known if name.startswith(f"{drill.stage}/{drill.job}/")] or known
        raise InvalidPipelineError(
            f"{pipeline.place}: there is no step {text!r} to fail; there are: {', '.join(close)}",
            hint=f"see the steps with: modelyard ci rehearse {pipeline.file} --plan",
        )
    return drill


_Found = tuple[str, str, str, Step, int]


def _steps(pipeline: Pipeline) -> Iterator[_Found]:
    for stage, job in pipeline.jobs:
        for number, step in enumerate(job.steps, start=1):
            yield stage.name, job.name, "", step, number
        for hook in job.hooks:
            for number, step in enumerate(hook.steps, start=1):
                yield stage.name, job.name, hook.name, step, number


def _is_it(drill: Drill, found: _Found) -> bool:
    stage, job, hook, step, number = found
    # Which jobs a matrix has may only be known later, so the part after the dot is not looked at here.
    general = Drill(drill.stage, drill.job.partition(".")[0], drill.hook, drill.step)
    return general.hits(stage, job, hook=hook, step=step, number=number)
