"""The typed pipeline out of its final YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.delivery.expanding.expansion import Expansion
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar, plain
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.expanding.typed.checking import (
    as_fields,
    as_items,
    as_text,
    check_first,
    check_keys,
    choice,
    text,
)
from modelyard.delivery.expanding.typed.jobs import one_job, read_jobs, read_pool
from modelyard.delivery.expanding.typed.keys import ONE_JOB, PIPELINE, SCHEDULE, TRIGGER
from modelyard.delivery.expanding.typed.resources import check_filter, read_resources
from modelyard.delivery.expanding.typed.stages import LOCKS, read_stages
from modelyard.delivery.expanding.typed.variables import read_variables
from modelyard.delivery.pipeline import Pipeline, Stage

BODIES: Mapping[str, tuple[str, ...]] = {"stages": (), "jobs": (), "steps": ONE_JOB}
DEFAULT_STAGE = "__default"
DEFAULT_JOB = "Job"


def read_pipeline(expansion: Expansion) -> Pipeline:
    """What the service would run.

    Raises:
        InvalidPipelineError: the final YAML is not a pipeline; the message begins with file and line.
    """
    fields = expansion.node
    body = next((name for name in BODIES if fields.get(name) is not None), "")
    check_keys(fields, (*PIPELINE, *(BODIES[body] if body else ONE_JOB), *BODIES), "a pipeline")
    if not body:
        refuse(fields.place, "a pipeline needs something to do", hint="add stages, jobs, steps or extends")
    return Pipeline(
        file=expansion.file,
        place=fields.place,
        name=text(fields, "name"),
        trigger=_trigger(fields, "trigger"),
        pr=_trigger(fields, "pr"),
        schedules=_schedules(fields.get("schedules")),
        resources=read_resources(fields.get("resources")),
        variables=read_variables(fields.get("variables")),
        pool=read_pool(fields.get("pool")),
        lock_behavior=choice(fields, "lockBehavior", LOCKS),
        stages=_stages(fields, body),
        templates=expansion.templates,
        extends=expansion.extends,
        document=expansion.document,
    )


def _stages(fields: Fields, body: str) -> tuple[Stage, ...]:
    node = fields.get(body)
    if body == "stages" and node is not None:
        return read_stages(node)
    if body == "jobs" and node is not None:
        jobs = read_jobs(node)
    else:
        own = tuple(entry for entry in fields.entries if entry[0].text in ("steps", *ONE_JOB))
        jobs = (one_job(Fields(own, fields.place), DEFAULT_JOB),)
    return (Stage(name=DEFAULT_STAGE, place=fields.place, jobs=jobs),)


def _trigger(fields: Fields, name: str) -> object:
    node = fields.get(name)
    if node is None:
        return None
    if isinstance(node, Scalar):
        if node.text != "none":
            refuse(node.place, f"`{name}` is none, a list of branches or a mapping, found {excerpt(node.text)}")
        return "none"
    if isinstance(node, Items):
        return [as_text(item, "a branch") for item in node.items]
    check_keys(node, TRIGGER[name], f"`{name}`")
    for key in ("branches", "paths", "tags"):
        check_filter(node.get(key), key)
    return plain(node)


def _schedules(node: Node | None) -> tuple[Mapping[str, Any], ...]:
    if node is None:
        return ()
    found = [as_fields(item, "a schedule") for item in as_items(node, "`schedules`")]
    for schedule in found:
        check_first(schedule, ("cron",), "a schedule")
        check_keys(schedule, SCHEDULE, "a schedule")
        check_filter(schedule.get("branches"), "branches")
    return tuple(plain(schedule) for schedule in found)
