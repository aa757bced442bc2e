"""Flows: commands with needs, as data. Nothing in a flow can run, so that every scheduler can be given it.

A task may be declared once for every source, purpose or model; `Flow.over` writes it out for those that there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter

from modelyard.errors import InvalidSettingsError
from modelyard.workflow.ordering import in_order
from modelyard.workflow.subjects import Each, Subjects

ENVIRONMENT = "env"
"""What stands for the environment's name in a command."""
NAME = re.compile(r"[a-z][a-z0-9_-]{0,99}")
"""What Airflow, Databricks and Container Apps all take as the name of a task."""


@dataclass(frozen=True, slots=True)
class Task:
    """One command, which may be run again at any time."""

    name: str
    title: str
    """What people read while it runs; may hold the same places as the command."""
    command: tuple[str, ...]
    """The words of the command line, with places to fill in: {env}, {source}, {purpose}, {model}."""
    needs: tuple[str, ...] = ()
    """Names of the tasks that must have ended well before."""
    each: Each = "once"
    """What it is done for."""
    timeout_minutes: int = 60
    retries: int = 0
    """How often it is run again where that may help."""
    owner: str = ""
    """Who is asked about it. Where it is about a model: the model's owner."""

    @property
    def places(self) -> frozenset[str]:
        """What has to be filled in."""
        texts = (self.title, *self.command)
        return frozenset(place for text in texts for _, place, _, _ in Formatter().parse(text) if place is not None)


@dataclass(frozen=True, slots=True)
class Flow:
    """Tasks that belong together.

    Raises:
        InvalidSettingsError: the tasks don't hold together.
    """

    name: str
    title: str
    tasks: tuple[Task, ...]
    parameters: tuple[str, ...] = ()
    """What has to be said when it is started: places in its commands. Such a flow has no timetable."""
    cron: str | None = None
    """When it runs by itself, in UTC: the environment says so. None: never."""

    def __post_init__(self) -> None:
        self.order()
        for task in self.tasks:
            if not NAME.fullmatch(task.name):
                raise self._refusal(task, f"has a name that schedulers refuse; allowed: {NAME.pattern}")
            if task.timeout_minutes < 1 or task.retries < 0:
                raise self._refusal(task, "has a time-out below one minute, or fewer retries than none")

    def order(self) -> tuple[Task, ...]:
        """The tasks, each after everything that it needs."""
        return in_order(self.tasks, whole=f"flow {self.name}", piece="task")

    def over(self, subjects: Subjects, environment: str, **said: str) -> Flow:
        """The flow with one task for each thing that a task is done for, and every place filled in.

        Args:
            subjects: the sources, purposes and models that there are.
            environment: what stands for the environment's name in the commands.
            said: what stands for each parameter.

        Raises:
            InvalidSettingsError: a command has a place that nothing fills in.
        """
        names = {task.name: {one: _name(task, one) for one in subjects.of(task.each)} for task in self.tasks}
        each = {task.name: task.each for task in self.tasks}
        written = []
        for task in self.tasks:
            for one, name in names[task.name].items():
                needs = tuple(
                    names[need][other]
                    for need in task.needs
                    for other in subjects.related(task.each, one, each[need])
                    if other in names[need]
                )
                filled = self._filled(task, {ENVIRONMENT: environment, task.each: one, **said})
                owner = subjects.owner(one) if task.each == "model" else task.owner
                written.append(replace(filled, name=name, needs=needs, each="once", owner=owner))
        return replace(self, tasks=tuple(written))

    def only(self, wanted: tuple[str, ...]) -> Flow:
        """The flow with nothing but these tasks; a declared task's name stands for all that it is written out to.

        Raises:
            InvalidSettingsError: there is no such task.
        """
        known = {task.name for task in self.tasks}
        chosen = {name for name in known for one in wanted if name == one or name.startswith(f"{one}-")}
        for one in wanted:
            if not any(name == one or name.startswith(f"{one}-") for name in known):
                raise InvalidSettingsError(
                    f"flow {self.name} has no task {one!r}; found {', '.join(sorted(known))}",
                    hint=f"modelyard schedule show {self.name}",
                )
        kept = (task for task in self.tasks if task.name in chosen)
        return replace(
            self, tasks=tuple(replace(task, needs=tuple(n for n in task.needs if n in chosen)) for task in kept)
        )

    def _filled(self, task: Task, said: Mapping[str, str]) -> Task:
        for place in sorted(task.places - set(said)):
            allowed = ", ".join(sorted(set(said) - {"once"}))
            raise self._refusal(task, f"has a place {{{place}}} that nothing fills in; allowed: {allowed}")
        words = tuple(word.format(**said) for word in task.command)
        # A scheduler fills its own words in where it reads a command, not where it shows a title.
        shown = {place: value if NAME.fullmatch(value) else place for place, value in said.items()}
        return replace(task, title=task.title.format(**shown), command=words)

    def _refusal(self, task: Task, problem: str) -> InvalidSettingsError:
        return InvalidSettingsError(f"flow {self.name}: task {task.name!r} {problem}")


def _name(task: Task, subject: str) -> str:
    return task.name if task.each == "once" else f"{task.name}-{subject}"
