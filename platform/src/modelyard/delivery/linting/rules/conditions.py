"""Conditions and runtime expressions: they parse, and refer to what exists."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.delivery.expressions.declaring import COUNTING, STATUS, names
from modelyard.delivery.expressions.looking import find_roots
from modelyard.delivery.expressions.parsing import Expression, parse
from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.linting.expressed import Expressed, expressed_in
from modelyard.delivery.linting.outputs import indirect_reference, wrong_reference
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

EVERYWHERE = ("variables", "pipeline", "resources", "env")
KNOWN_ROOTS = {
    "pipeline": EVERYWHERE,
    "stage": (*EVERYWHERE, "dependencies", "stageDependencies"),
    "job": (*EVERYWHERE, "dependencies", "stageDependencies"),
    "step": EVERYWHERE,
}
"""Named values, by where an expression stands."""


def _read(run: Run) -> Iterator[tuple[Expressed, Expression]]:
    for expressed in expressed_in(run):
        try:
            yield expressed, parse(expressed.text, expressed.place)
        except InvalidPipelineError:
            continue


def _place(expressed: Expressed, study: Study) -> Place:
    return study.at(expressed.place, expressed.key)


def unreadable(run: Run, study: Study) -> Iterator[Problem]:
    """Expressions that are none."""
    for expressed in expressed_in(run):
        try:
            parse(expressed.text, expressed.place)
        except InvalidPipelineError as error:
            message = error.message.removeprefix(f"{expressed.place}: ")
            yield Problem(_place(expressed, study), message, error.hint)


def out_of_place(run: Run, study: Study) -> Iterator[Problem]:
    """Named values and functions that are not known where they are used."""
    for expressed, expression in _read(run):
        roots = find_roots(expression)
        allowed = KNOWN_ROOTS[expressed.level]
        for name in roots.values:
            if name.lower() not in {known.lower() for known in allowed}:
                message = f"`{name}` is not known in {_where(expressed)}"
                hint = "write ${{ parameters.NAME }}: parameters are gone when a pipeline runs"
                known = hint if name.lower() == "parameters" else f"known here: {', '.join(allowed)}"
                yield Problem(_place(expressed, study), message, known)
        wrong = names(COUNTING if expressed.is_condition else STATUS)
        for name in roots.functions:
            if name in wrong:
                yield Problem(_place(expressed, study), f"{name}() does not work in {_where(expressed)}")


def _where(expressed: Expressed) -> str:
    if expressed.is_condition:
        return f"the condition of a {expressed.level}"
    return f"a {expressed.key} of the {expressed.level}"


def dangling(run: Run, study: Study) -> Iterator[Problem]:
    """References to stages, jobs, steps and outputs that are not there, or that nobody waits for."""
    for expressed, expression in _read(run):
        roots = find_roots(expression)
        found = [wrong_reference(path, expressed, run.pipeline) for path in roots.paths]
        found += [
            _wrong_name(name, expressed) for call, given in roots.calls if call in names(STATUS) for name in given
        ]
        for wrong in dict.fromkeys(problem for problem in found if problem is not None):
            yield Problem(_place(expressed, study), *wrong)


def around_a_corner(run: Run, study: Study) -> Iterator[Problem]:
    """References to what is waited for, but not directly."""
    for expressed, expression in _read(run):
        for path in find_roots(expression).paths:
            wrong = wrong_reference(path, expressed, run.pipeline)
            indirect = indirect_reference(path, expressed, run.pipeline)
            if wrong is None and indirect is not None:
                yield Problem(_place(expressed, study), *indirect)


def _wrong_name(name: str | None, expressed: Expressed) -> tuple[str, str] | None:
    """`succeeded('X')`: X must be something that this depends on."""
    part = expressed.stage if expressed.level == "stage" else expressed.job
    if name is None or part is None or expressed.level == "step":
        return None
    known = {before.lower() for before in part.depends_on}
    if name.lower() in known:
        return None
    return f"`{part.name}` asks how `{name}` ended but does not depend on it", f"add {name} to its dependsOn"


def not_worked_out(run: Run, study: Study) -> Iterator[Problem]:
    """`$[ ]` where the service leaves it as text."""
    for _, _, step in run.steps:
        for key, value in {**step.env, **step.inputs}.items():
            if isinstance(value, str) and runtime_expression(value) is not None:
                message = f"`$[ ]` is not worked out in {key} of a step"
                yield Problem(
                    study.at(step.place, key), message, "put it in a variable of the job, and use $(variable)"
                )


RULES = (
    Rule(
        id="expression-parses",
        kind="correctness",
        what="Conditions and `$[ ]` are expressions with known functions and the right number of arguments.",
        why="The service refuses the run, or the stage, when it is too late.",
        check=each_run(unreadable),
    ),
    Rule(
        id="expression-context",
        kind="correctness",
        what="Conditions and `$[ ]` use the named values that exist where they stand.",
        why="Parameters are gone at run time, and dependencies are known to stages and jobs only.",
        check=each_run(out_of_place),
    ),
    Rule(
        id="reference-exists",
        kind="correctness",
        what="dependencies and stageDependencies name what is in dependsOn, and outputs name a step that exists.",
        why="A wrong reference is no error in the service: it is an empty value, and the condition is false.",
        check=each_run(dangling),
    ),
    Rule(
        id="reference-direct",
        kind="house",
        what="What an expression asks for stands in dependsOn itself, not only around a corner.",
        why="The documentation promises values of direct dependencies only.",
        check=each_run(around_a_corner),
    ),
    Rule(
        id="runtime-place",
        kind="correctness",
        what="`$[ ]` stands in variables, conditions and matrices only.",
        why="Elsewhere it stays as it is written.",
        check=each_run(not_worked_out),
    ),
)
