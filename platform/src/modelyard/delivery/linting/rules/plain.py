"""Commands in the one spelling that every other rule reads, and nothing beside them that does the same otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.rules.commands import script_place
from modelyard.delivery.linting.scripts import script_of, surplus_of, task_name
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.works import CHANGES, commands_of
from modelyard.delivery.pipeline import Job, Pipeline, Stage
from modelyard.delivery.places import Place

LITERAL = re.compile(r"[a-z][a-z0-9-]*")
ASKS = frozenset({"--help", "-h", "--version"})
"""With one of these a command says something and does nothing, whatever else it is told."""
AROUND = frozenset({"--override"})
"""What a person may decide with a reason, and no pipeline."""
OPTIONS_ELSEWHERE = frozenset({"MODELYARD_ENV", "MAKEFLAGS", "GNUMAKEFLAGS", "MFLAGS", "MAKEFILES"})
"""Variables that tell commands what their words do not say."""
FILES = ("scriptPath", "filePath")
TARGETS = ("setup", "setup-dev", "lint", "type", "unit", "e2e", "test")
TASKS: Mapping[str, str] = {
    "azurecli": "a command, signed in",
    "bash": "a command",
    "cache": "downloads of the lock",
    "cmdline": "a command",
    "downloadpipelineartifact": "artifacts",
    "manualvalidation": "a person's yes",
    "powershell": "a command",
    "publishbuildartifacts": "artifacts",
    "publishcodecoverageresults": "coverage",
    "publishpipelineartifact": "artifacts",
    "publishtestresults": "results",
    "usepythonversion": "the interpreter",
}
"""Those that a rehearsal plays, and what they are for."""


def unclear(run: Run, study: Study) -> Iterator[Problem]:
    """Commands of the platform that could be about something else than they seem."""
    for _, _, step in run.steps:
        script = script_of(step)
        for words in commands_of(step) if script else ():
            why = _unclear(words) if words[0] == "modelyard" else ""
            if script and why:
                message = f"`{' '.join(words[:3])}` {why}"
                hint = "write `modelyard NOUN VERB ARGUMENTS --option value`, each option once"
                yield Problem(script_place(step, script, study, about=words[0]), message, hint)


def _unclear(words: Sequence[str]) -> str:
    options = [word for word in words if word.startswith("-")]
    asks = next((word for word in options if word in ASKS), "")
    joined = next((word for word in options if "=" in word), "")
    twice = next((word for word, count in Counter(options).items() if count > 1), "")
    around = next((word for word in options if word in AROUND), "")
    if asks:
        return f"only says something: `{asks}`"
    if joined:
        return f"hides a value in `{joined.partition('=')[0]}=`"
    if twice:
        return f"has `{twice}` twice, and only one of them counts"
    if around:
        return f"goes around what was compared: `{around}`"
    return _unclear_target(words)


def _unclear_target(words: Sequence[str]) -> str:
    """A command that changes an environment must name it, in letters."""
    if not any(doing.is_in(words) for doing in CHANGES):
        return ""
    if words[1] == "infra":
        named = words[3] if len(words) > len(("modelyard", "infra", "up")) else ""
    else:
        named = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "--env"), "")
    return "" if LITERAL.fullmatch(named) else f"changes an environment that it does not name, found `{named}`"


def burdened(run: Run, study: Study) -> Iterator[Problem]:
    """Calls of make with more than the name of a check."""
    for _, _, step in run.steps:
        script = script_of(step)
        for words in commands_of(step) if script and not surplus_of(script.text) else ():
            if script and words[0] == "make" and not _is_check(words, study):
                message = f"`{' '.join(words)}` is more than a setup or a check"
                hint = f"make {' | '.join(TARGETS)}; anything else is a `modelyard` command"
                yield Problem(script_place(step, script, study, about=words[0]), message, hint)


def _is_check(words: Sequence[str], study: Study) -> bool:
    targets = words[1:]
    return len(targets) == 1 and (targets[0] in TARGETS or targets[0] not in study.repository.targets)


def told_elsewhere(run: Run, study: Study) -> Iterator[Problem]:
    """Variables that change what a command does."""
    for place, name in _variables(run.pipeline):
        if name.upper().replace(".", "_") in OPTIONS_ELSEWHERE:
            message = f"`{name}` tells commands what their words do not say"
            yield Problem(study.at(place, name), message, "say it in the command")


def _variables(pipeline: Pipeline) -> Iterator[tuple[Place, str]]:
    jobs = [job for _, job in pipeline.jobs]
    scopes: tuple[Pipeline | Stage | Job, ...] = (pipeline, *pipeline.stages, *jobs)
    for variable in (variable for scope in scopes for variable in scope.variables if not variable.group):
        yield variable.place, variable.name
    for step in (step for job in jobs for step in job.all_steps):
        yield from ((step.place, name) for name in step.env)


def unknown_task(run: Run, study: Study) -> Iterator[Problem]:
    """Tasks that nobody can rehearse, and which may do anything."""
    for _, _, step in run.steps:
        if step.kind == "task" and task_name(step) not in TASKS:
            message = f"task `{step.does}` is none of those that are rehearsed"
            hint = f"use a `modelyard` command, or one of: {', '.join(sorted(TASKS))}"
            yield Problem(study.at(step.place, "task"), message, hint)


def from_file(run: Run, study: Study) -> Iterator[Problem]:
    """Tasks whose script stands in a file."""
    for _, _, step in run.steps:
        for key, value in step.inputs.items() if step.kind == "task" else ():
            if key.lower() in {name.lower() for name in FILES} and str(value).strip():
                message = f"`{step.label}` runs {value}, and nothing here reads what it does"
                yield Problem(study.at(step.place, key), message, "make it a `modelyard` command, called inline")


RULES = (
    Rule(
        id="plain-command",
        kind="house",
        what="Commands are written one way: `--option value`, each option once, the environment in letters.",
        why="The gates read commands; one in another spelling could deploy unseen.",
        check=each_run(unclear),
    ),
    Rule(
        id="plain-make",
        kind="house",
        what=f"make is called for one of {', '.join(TARGETS)}, without anything else.",
        why="`make unit -n` passes and tests nothing; a target of its own may deploy.",
        check=each_run(burdened),
    ),
    Rule(
        id="told-in-words",
        kind="house",
        what=f"No variable is called {', '.join(sorted(OPTIONS_ELSEWHERE))}.",
        why="They change what a command does, and nobody who reads the command sees it.",
        check=each_run(told_elsewhere),
    ),
    Rule(
        id="task-known",
        kind="house",
        what="Tasks are those that a rehearsal plays.",
        why="A task of the marketplace can deploy, and no gate reads it.",
        check=each_run(unknown_task),
    ),
    Rule(
        id="script-inline",
        kind="house",
        what="Tasks run their script inline, not from a file.",
        why="Logic in a shell script is logic in YAML, one step further away.",
        check=each_run(from_file),
    ),
)
