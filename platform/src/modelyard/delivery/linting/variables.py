"""Variables whose value stands in the pipeline, put where `$(name)` asks for them."""

from __future__ import annotations

from modelyard.delivery.pipeline import Job, Pipeline, Stage


def values_for(pipeline: Pipeline, stage: Stage, job: Job) -> dict[str, str]:
    """What is known of a job's variables before it runs; the inner ones win."""
    scopes = (pipeline.variables, stage.variables, job.variables)
    return {variable.name: variable.value for scope in scopes for variable in scope if not variable.group}
