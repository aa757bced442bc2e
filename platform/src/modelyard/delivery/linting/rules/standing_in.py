"""Rehearsals: with a stand-in, nothing reaches Azure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard.delivery.connections import connection_of
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import script_of, task_name
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.works import AZURE_ENVIRONMENTS, commands_of, target_of

CLOUD_PROGRAMS = frozenset({"az", "azd", "terraform", "pulumi", "kubectl", "helm", "azcopy"})
CLOUD_TASKS = ("azure", "kubernetes", "helm", "docker", "terraform")


def reaching(run: Run, study: Study) -> Iterator[Problem]:
    """What would touch an environment in Azure."""
    if not run.stand_in:
        return
    for _, _, step in run.steps:
        if connection_of(step) or task_name(step).startswith(CLOUD_TASKS):
            message = f"with a stand-in, `{step.label}` still reaches Azure"
            yield Problem(study.at(step.place, "task"), message, "choose it by `if eq(parameters.standIn, 'none')`")
        script = script_of(step)
        for words in commands_of(step) if script else []:
            wrong = _reaches(words)
            if script and wrong:
                yield Problem(study.at(step.place, script.key, about=words[0]), wrong, "add --simulate, or --env local")
    yield from _groups(run)


def _groups(run: Run) -> Iterator[Problem]:
    scopes = [run.pipeline.variables]
    for stage in run.pipeline.stages:
        scopes += [stage.variables, *(job.variables for job in stage.jobs)]
    for variable in (variable for scope in scopes for variable in scope if variable.group):
        message = f"with a stand-in, the variable group `{variable.name}` is still asked for"
        yield Problem(variable.place, message, "choose it by `if eq(parameters.standIn, 'none')`")


def _reaches(words: Sequence[str]) -> str | None:
    shown = " ".join(words[:4])
    if words[0] in CLOUD_PROGRAMS:
        return f"with a stand-in, `{words[0]}` still reaches Azure"
    if words[0] != "modelyard" or target_of(words) not in AZURE_ENVIRONMENTS:
        return None
    if "infra" in words[1:2]:
        return None if "--simulate" in words else f"with a stand-in, `{shown}` changes or reads Azure for real"
    return f"with a stand-in, `{shown}` is about {target_of(words)}, not about what plays it"


RULES = (
    Rule(
        id="stand-in",
        kind="house",
        what="With a stand-in, infrastructure is simulated and no command or task reaches Azure.",
        why="A rehearsal on somebody's machine must never touch an environment.",
        check=each_run(reaching),
    ),
)
