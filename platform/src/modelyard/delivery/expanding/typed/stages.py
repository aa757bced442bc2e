"""Typed stages out of a final pipeline."""

from __future__ import annotations

from modelyard.delivery.expanding.nodes import Fields, Node
from modelyard.delivery.expanding.refusing import refuse
from modelyard.delivery.expanding.typed.checking import (
    as_fields,
    as_items,
    check_first,
    check_keys,
    choice,
    optional_text,
    text,
)
from modelyard.delivery.expanding.typed.jobs import (
    check_name,
    read_dependencies,
    read_jobs,
    read_pool,
    refuse_same_names,
)
from modelyard.delivery.expanding.typed.keys import STAGE
from modelyard.delivery.expanding.typed.variables import read_variables
from modelyard.delivery.pipeline import Stage

LOCKS = ("sequential", "runLatest")


def read_stages(node: Node) -> tuple[Stage, ...]:
    """The stages of a pipeline. One without dependsOn waits for the one before it.

    Raises:
        InvalidPipelineError: one is not a stage, or two have the same name.
    """
    stages: list[Stage] = []
    for number, item in enumerate(as_items(node, "`stages`"), start=1):
        before = (stages[-1].name,) if stages else ()
        stages.append(_stage(as_fields(item, "a stage"), number, before))
    if not stages:
        refuse(node.place, "`stages` has no stage in it", hint="add a stage")
    refuse_same_names(stages, "stage")
    return tuple(stages)


def _stage(fields: Fields, position: int, before: tuple[str, ...]) -> Stage:
    check_first(fields, ("stage",), "a stage")
    check_keys(fields, STAGE, "a stage")
    name = text(fields, "stage") or f"Stage{position}"
    check_name(name, fields, "stage")
    jobs = fields.get("jobs")
    if jobs is None:
        refuse(fields.place, f"the stage '{name}' has no jobs", hint="add `jobs:` with at least one job")
    return Stage(
        name=name,
        place=fields.place,
        title=text(fields, "displayName"),
        depends_on=read_dependencies(fields, default=before),
        condition=optional_text(fields, "condition"),
        variables=read_variables(fields.get("variables")),
        pool=read_pool(fields.get("pool")),
        jobs=read_jobs(jobs),
        lock_behavior=choice(fields, "lockBehavior", LOCKS),
        manual=choice(fields, "trigger", ("manual", "automatic")) == "manual",
    )
