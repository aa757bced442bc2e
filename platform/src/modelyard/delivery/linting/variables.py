"""Variables whose value stands in the pipeline, put where `$(name)` asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.delivery.expressions.texts import expand_macros
from modelyard.delivery.pipeline import Job, Pipeline, Stage

DEEPEST = 5


def values_for(pipeline: Pipeline, stage: Stage, job: Job) -> dict[str, str]:
    """What is known of a job's variables before it runs; the inner ones win."""
    scopes = (pipeline.variables, stage.variables, job.variables)
    return {variable.name: variable.value for scope in scopes for variable in scope if not variable.group}


def settled(text: str, values: Mapping[str, str]) -> str:
    """A text with what is known put in, also where a value names another variable."""
    for _ in range(DEEPEST):
        further = expand_macros(text, values)
        if further == text:
            break
        text = further
    return text
