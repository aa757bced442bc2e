"""Typed jobs out of a final pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.delivery.expanding.nodes import Fields, Node, Scalar, plain
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.expanding.typed.checking import (
    as_fields,
    as_items,
    as_text,
    check_first,
    check_keys,
    choice,
    number,
    optional_text,
    switch,
    text,
    texts,
)
from modelyard.delivery.expanding.typed.keys import DEPLOYMENT, ENVIRONMENT, HOOK, JOB, ROLLOUTS
from modelyard.delivery.expanding.typed.steps import read_steps
from modelyard.delivery.expanding.typed.variables import read_variables
from modelyard.delivery.pipeline import HOOKS, Hook, Job, Strategy

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_jobs(node: Node) -> tuple[Job, ...]:
    """The jobs of a stage. One without a name is called by its number.

    Raises:
        InvalidPipelineError: one is not a job, or two have the same name.
    """
    jobs = [_job(as_fields(item, "a job"), number) for number, item in enumerate(as_items(node, "`jobs`"), start=1)]
    if not jobs:
        refuse(node.place, "`jobs` has no job in it", hint="add one, or take the stage out")
    refuse_same_names(jobs, "job")
    return tuple(jobs)


def _job(fields: Fields, position: int) -> Job:
    word = check_first(fields, ("job", "deployment"), "a job")
    check_keys(fields, JOB if word == "job" else DEPLOYMENT, f"a {word}")
    name = text(fields, word) or ("Job" if position == 1 else f"Job{position}")
    check_name(name, fields, word)
    return _deployment(fields, name) if word == "deployment" else one_job(fields, name)


def one_job(fields: Fields, name: str) -> Job:
    """A job of steps; also a pipeline that has only steps."""
    steps = fields.get("steps")
    return Job(name=name, steps=read_steps(steps) if steps else (), strategy=_strategy(fields), **_shared(fields))


def _shared(fields: Fields) -> dict[str, Any]:
    workspace = fields.get("workspace")
    return {
        "place": fields.place,
        "title": text(fields, "displayName"),
        "depends_on": read_dependencies(fields, default=()),
        "condition": optional_text(fields, "condition"),
        "variables": read_variables(fields.get("variables")),
        "pool": read_pool(fields.get("pool")),
        "timeout_minutes": number(fields, "timeoutInMinutes"),
        "cancel_timeout_minutes": number(fields, "cancelTimeoutInMinutes"),
        "continue_on_error": switch(fields, "continueOnError", "false"),
        "clean": _clean(workspace) if workspace else None,
    }


def _clean(node: Node) -> str | None:
    fields = as_fields(node, "`workspace`")
    check_keys(fields, ("clean",), "`workspace`")
    return choice(fields, "clean", ("outputs", "resources", "all"))


def _strategy(fields: Fields) -> Strategy:
    node = fields.get("strategy")
    if node is None:
        return Strategy()
    given = as_fields(node, "`strategy`")
    check_keys(given, ("matrix", "parallel", "maxParallel"), "the strategy of a job")
    matrix, parallel = given.get("matrix"), number(given, "parallel")
    if matrix is not None and given.get("parallel") is not None:
        refuse(matrix.place, "`matrix` and `parallel` cannot stand together", hint="keep one of the two")
    most = number(given, "maxParallel")
    return Strategy(
        matrix=_matrix(matrix) if matrix else None,
        parallel=int(parallel) if parallel is not None else None,
        max_parallel=int(most) if most is not None else None,
    )


def _matrix(node: Node) -> Mapping[str, Mapping[str, str]] | str:
    if isinstance(node, Scalar):
        if not node.text.strip().startswith("$["):
            hint = "write names with variables below them, or `$[ ... ]`"
            refuse(node.place, f"`matrix` is a mapping or a runtime expression, found {excerpt(node.text)}", hint=hint)
        return node.text
    return {
        key.text: {name.text: as_text(value, f"`{name.text}`") for name, value in as_fields(run, "a run").entries}
        for key, run in as_fields(node, "`matrix`").entries
    }


def _deployment(fields: Fields, name: str) -> Job:
    rollout, hooks = _rollout(fields)
    return Job(
        name=name, kind="deployment", environment=_environment(fields), rollout=rollout, hooks=hooks, **_shared(fields)
    )


def _environment(fields: Fields) -> str:
    node = fields.get("environment")
    if node is None:
        refuse(fields.place, "a deployment needs an environment", hint="add `environment: NAME`")
    if isinstance(node, Fields):
        check_keys(node, ENVIRONMENT, "`environment`")
        name = text(node, "name")
    else:
        name = as_text(node, "`environment`").partition(".")[0]
    if not name:
        refuse(node.place, "`environment` names none", hint="write `environment: NAME`")
    return name


def _rollout(fields: Fields) -> tuple[str, tuple[Hook, ...]]:
    node = fields.get("strategy")
    if node is None:
        refuse(fields.place, "a deployment needs a strategy", hint="add `strategy:` with runOnce, rolling or canary")
    given = as_fields(node, "`strategy`")
    check_keys(given, ROLLOUTS, "the strategy of a deployment")
    name = check_first(given, ROLLOUTS, "a strategy")
    found = given.get(name)
    body = as_fields(found or given, f"`{name}`")
    check_keys(body, ROLLOUTS[name], f"`{name}`")
    hooks = dict(body.entries)
    nodes = {key.text: value for key, value in hooks.items() if key.text in HOOKS}
    outcome = body.get("on")
    if outcome is not None:
        ends = as_fields(outcome, "`on`")
        check_keys(ends, ("failure", "success"), "`on`")
        nodes |= {key.text: value for key, value in ends.entries}
    if "deploy" not in nodes:
        refuse(body.place, f"`{name}` has no `deploy`", hint="add `deploy:` with its steps")
    return name, tuple(_hook(hook, nodes[hook]) for hook in HOOKS if hook in nodes)


def _hook(name: str, node: Node) -> Hook:
    fields = as_fields(node, f"`{name}`")
    check_keys(fields, HOOK, f"`{name}`")
    steps = fields.get("steps")
    return Hook(name=name, steps=read_steps(steps) if steps else (), place=fields.place)


def read_pool(node: Node | None) -> dict[str, Any]:
    """A pool by its name, or by its keys."""
    if node is None:
        return {}
    if isinstance(node, Scalar):
        return {"name": node.text} if node.text else {}
    return dict(plain(as_fields(node, "`pool`")))


def read_dependencies(fields: Fields, *, default: Sequence[str]) -> tuple[str, ...]:
    """What a stage or a job waits for.

    Raises:
        InvalidPipelineError: `dependsOn` is there and says nothing.
    """
    node = fields.get("dependsOn")
    if node is None:
        return tuple(default)
    if isinstance(node, Scalar) and not node.text:
        refuse(
            node.place, "`dependsOn` is empty", hint="write `dependsOn: []` for none, or leave it out for the default"
        )
    return texts(node, "`dependsOn`")


def check_name(name: str, fields: Fields, what: str) -> None:
    """A stage or a job is called by a word that expressions can use.

    Raises:
        InvalidPipelineError: another name.
    """
    if not NAME.fullmatch(name):
        hint = "use letters, digits and _, beginning with a letter; what people read is `displayName`"
        refuse(fields.place, f"the name of a {what} cannot be {excerpt(name)}", hint=hint)


def refuse_same_names(found: Sequence[Any], what: str) -> None:
    """Two parts beside each other have different names, without regard to case."""
    seen: dict[str, Any] = {}
    for part in found:
        first = seen.setdefault(part.name.lower(), part)
        if first is not part:
            refuse(
                part.place, f"a {what} '{part.name}' is already there, at {first.place}", hint="rename one of the two"
            )
