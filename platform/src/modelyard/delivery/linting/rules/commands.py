"""Scripts: one command each, which a developer can type, and which exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import Script, script_of, surplus_of, task_name
from modelyard.delivery.linting.study import Repository, Run, Study
from modelyard.delivery.linting.works import commands_of
from modelyard.delivery.pipeline import Job, Step
from modelyard.delivery.places import Place

DUMPS = frozenset({"env", "printenv", "set", "export", "declare", "compgen"})
"""Without anything to set or to run, they print every variable."""
TRACE = re.compile(r"-[a-w]*x[a-z]*")
"""`set -x` prints every command with the values in it."""
FILE_INPUTS = ("scriptPath", "filePath")
MOVES = frozenset({"cd", "pushd", "git"})
"""After one of these nobody knows here what is where."""
OUTSIDE = re.compile(r"[$%*~{]|^/|^\.\./|^[A-Za-z]:")
SUFFIXES = (".py", ".sh", ".ps1")


def script_place(step: Step, script: Script, study: Study, *, about: str = "") -> Place:
    """Where a script stands, or the line of it that says `about`."""
    return study.at(step.place, script.key, about=about)


def several(run: Run, study: Study) -> Iterator[Problem]:
    """Scripts that are more than one command."""
    for _, _, step in run.steps:
        script = script_of(step)
        surplus = surplus_of(script.text) if script else []
        if script and surplus:
            message = f"the script of `{step.label}` is more than one command: {', '.join(surplus)}"
            hint = "give it a `modelyard` or `make` command of its own, and test that"
            yield Problem(script_place(step, script, study), message, hint)


def dumps(run: Run, study: Study) -> Iterator[Problem]:
    """Commands that print the environment, secrets too."""
    for _, _, step in run.steps:
        script = script_of(step)
        for words in commands_of(step) if script else []:
            if script and _shows(words):
                message = f"`{' '.join(words)}` prints variables, and what is secret in them"
                yield Problem(script_place(step, script, study, about=words[0]), message, "take it out")


def _shows(words: Sequence[str]) -> bool:
    if words[0] == "set" and any(TRACE.fullmatch(word) for word in words[1:]):
        return True
    bare = not any(re.match(r"-[eu]|[^-]", word) for word in words[1:])
    return (words[0] in DUMPS and (bare or words[0] == "printenv")) or "env:" in {word.lower() for word in words}


def foreign(run: Run, study: Study) -> Iterator[Problem]:
    """Commands that are not ours."""
    for _, _, step in run.steps:
        script = script_of(step)
        for words in commands_of(step) if script else []:
            program = words[0]
            if script and program not in {"make", *study.repository.programs}:
                message = f"`{program}` is no command of this repository"
                hint = f"use make, or one of: {', '.join(sorted(study.repository.programs))}"
                yield Problem(script_place(step, script, study, about=program), message, hint)


def unknown_target(words: Sequence[str], repository: Repository) -> tuple[str, str] | None:
    """What `make` is asked for and cannot do."""
    if words[0] != "make":
        return None
    asked = [word for word in words[1:] if not word.startswith("-") and "=" not in word and not MACRO.search(word)]
    missing = [word for word in asked if word not in repository.targets]
    if not missing:
        return None
    return f"the Makefile has no target `{missing[0]}`", f"targets: {', '.join(sorted(repository.targets))}"


def unknown_command(words: Sequence[str], repository: Repository) -> tuple[str, str] | None:
    """What `modelyard` is asked for and cannot do."""
    if words[0] != "modelyard":
        return None
    wrong = repository.commands(words[1:])
    return (f"`{' '.join(words)}`: {wrong}", "`modelyard NOUN VERB --help` says what there is") if wrong else None


def missing_file(words: Sequence[str], repository: Repository) -> tuple[str, str] | None:
    """A script that is run and is not in the repository."""
    interpreted = words[0] in {"python", "python3", "bash", "sh"}
    for word in [*words[:1], *(words[1:2] if interpreted else ())]:
        name = word.removeprefix("./").removeprefix("$(Build.SourcesDirectory)/")
        named = word.startswith(("./", "$(Build.SourcesDirectory)/")) or "/" in name or interpreted
        if named and name.endswith(SUFFIXES) and not OUTSIDE.search(name) and name not in repository.files:
            return f"`{name}` is not in this repository", "correct the path, from the root of the repository"
    return None


def _checked(
    wrong: Callable[[Sequence[str], Repository], tuple[str, str] | None],
) -> Callable[[Run, Study], Iterator[Problem]]:
    def check(run: Run, study: Study) -> Iterator[Problem]:
        for _, job, step in run.steps:
            script = script_of(step) if _is_at_root(step) and not _is_elsewhere(job) else None
            for words in commands_of(step) if script else []:
                found = wrong(words, study.repository)
                if script and found:
                    yield Problem(script_place(step, script, study, about=words[0]), *found)

    return check


def _is_elsewhere(job: Job) -> bool:
    """Whether a job works with something else than a checkout of this repository."""
    return any(step.kind == "checkout" and step.does != "self" for step in job.all_steps)


def _is_at_root(step: Step) -> bool:
    """Whether a step runs where the repository is, as far as can be told."""
    powershell = step.shell in {"pwsh", "powershell"} or task_name(step).endswith("powershell")
    if powershell or any(words[0] in MOVES for words in commands_of(step)):
        return False
    given = step.working_directory or str(step.inputs.get("workingDirectory", ""))
    return given in {"", "$(Build.SourcesDirectory)", "$(System.DefaultWorkingDirectory)"}


def missing_input(run: Run, study: Study) -> Iterator[Problem]:
    """Tasks that run a file that is not there."""
    for _, job, step in run.steps:
        for key, value in step.inputs.items() if step.kind == "task" and not _is_elsewhere(job) else ():
            name = str(value).replace("\\", "/").removeprefix("./") if key in FILE_INPUTS else ""
            wrong = missing_file([f"./{name}"], study.repository) if name and not OUTSIDE.search(name) else None
            if wrong:
                yield Problem(study.at(step.place, key), *wrong)


RULES = (
    Rule(
        id="one-command",
        kind="house",
        what="Every script is one command: no pipe, `&&`, `;`, redirect, loop, subshell or code on the command line.",
        why="Logic in YAML is tested by nobody and runs nowhere else.",
        check=each_run(several),
    ),
    Rule(
        id="no-dumps",
        kind="house",
        what="No step prints the environment (env, printenv, set).",
        why="The log would hold what secrets were in it.",
        check=each_run(dumps),
    ),
    Rule(
        id="own-command",
        kind="house",
        what="Scripts call make, or a program of this repository.",
        why="A developer can type the same, and what is behind it is locked.",
        check=each_run(foreign),
    ),
    Rule(
        id="make-target",
        kind="correctness",
        what="`make TARGET` names a target of the Makefile.",
        why="The step would fail, and only when it is reached.",
        check=each_run(_checked(unknown_target)),
    ),
    Rule(
        id="modelyard-command",
        kind="correctness",
        what="`modelyard NOUN VERB --option` exists, with its options and arguments.",
        why="The step would fail, and only when it is reached.",
        check=each_run(_checked(unknown_command)),
    ),
    Rule(
        id="file-exists",
        kind="correctness",
        what="Scripts that a step runs are in the repository.",
        why="The step would fail, and only when it is reached.",
        check=each_run(_checked(missing_file)),
    ),
    Rule(
        id="file-input-exists",
        kind="correctness",
        what="Files that a task runs are in the repository.",
        why="The step would fail, and only when it is reached.",
        check=each_run(missing_input),
    ),
)
