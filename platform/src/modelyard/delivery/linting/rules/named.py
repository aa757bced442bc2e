"""Names of steps and variables. Those of stages and jobs are checked where a pipeline is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import script_of
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.variables import values_for
from modelyard.delivery.pipeline import Job, Step, Variable
from modelyard.delivery.places import Place

RESERVED_PREFIXES = ("endpoint", "input", "path", "secret", "securefile")
"""Variables that begin so never reach a script."""
PREDEFINED = re.compile(
    r"(?i)(system|build|agent|pipeline|environment|strategy|common|checks|resources|release)\.|tf_build$|rev$|date$"
)

SET_BY_REHEARSALS = {"modelyard_yards"}


def twice(run: Run, study: Study) -> Iterator[Problem]:
    """Steps of a job that have the same name."""
    for _, job in run.pipeline.jobs:
        for steps in (job.steps, *(hook.steps for hook in job.hooks)):
            seen: dict[str, Place] = {}
            for step in steps:
                first = seen.setdefault(step.name.lower(), step.place) if step.name else step.place
                if first is not step.place:
                    message = f"step `{step.name}` is already there, at {first}"
                    yield Problem(study.at(step.place, "name"), message, "rename one; any spelling counts as the same")


def _variables(run: Run) -> Iterator[Variable]:
    yield from run.pipeline.variables
    for stage in run.pipeline.stages:
        yield from stage.variables
        for job in stage.jobs:
            yield from job.variables


def reserved(run: Run, study: Study) -> Iterator[Problem]:
    """Variables that no script will see."""
    for variable in _variables(run):
        low = variable.name.lower()
        prefix = next((prefix for prefix in RESERVED_PREFIXES if low.startswith(prefix)), None)
        if prefix and not variable.group:
            message = f"variable `{variable.name}` begins with `{prefix}`, so scripts do not get it"
            yield Problem(study.at(variable.place, "name"), message, "give it a name that begins otherwise")


def unknown_macros(run: Run, study: Study) -> Iterator[Problem]:
    """`$(name)` of variables that nothing here sets: the shell would run them as commands."""
    for stage, job, step in run.steps:
        scopes = (run.pipeline.variables, stage.variables, job.variables)
        if any(variable.group for scope in scopes for variable in scope):
            continue
        known = {name.lower() for name in values_for(run.pipeline, stage, job)} | _of_matrix(job)
        known |= SET_BY_REHEARSALS if run.stand_in else set()
        for key, text in _texts(step):
            for name in MACRO.findall(text):
                if not _is_set(name, known, job):
                    hint = "declare it in variables:, or name the step that sets it"
                    place = study.at(step.place, key, about=f"$({name})")
                    yield Problem(place, f"nothing sets the variable $({name})", hint)


def _is_set(name: str, known: set[str], job: Job) -> bool:
    if name.lower() in known or PREDEFINED.match(name):
        return True
    if isinstance(job.strategy.matrix, str) and "." not in name:
        return True
    return any(step.name and name.lower().startswith(f"{step.name.lower()}.") for step in job.all_steps)


def _of_matrix(job: Job) -> set[str]:
    matrix = job.strategy.matrix
    return (
        set() if matrix is None or isinstance(matrix, str) else {key.lower() for leg in matrix.values() for key in leg}
    )


def _texts(step: Step) -> Iterator[tuple[str, str]]:
    script = script_of(step)
    if script is not None:
        yield script.key, script.text
    for key, value in (*step.env.items(), *step.inputs.items()):
        if isinstance(value, str) and (script is None or key != script.key):
            yield key, value


RULES = (
    Rule(
        id="unique-steps",
        kind="correctness",
        what="Named steps of a job have names of their own.",
        why="An output variable would have two sources; the service refuses the second one.",
        check=each_run(twice),
    ),
    Rule(
        id="reserved-variables",
        kind="house",
        what="No variable begins with endpoint, input, path, secret or securefile.",
        why="Agents keep these names for themselves and do not hand them to scripts.",
        check=each_run(reserved),
    ),
    Rule(
        id="macro-known",
        kind="house",
        what="`$(name)` is predefined, or set in the pipeline.",
        why="One that nothing sets stays as it is, and a shell takes it for a command.",
        check=each_run(unknown_macros),
    ),
)
