"""A workflow is a graph of named steps. Every step is idempotent, and is also a command that a person can type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from time import monotonic

from modelyard.errors import InvalidSettingsError

Note = Callable[[str], None]
"""Takes a few words about what a step is doing just now."""
Watch = Callable[[str], AbstractContextManager[Note]]
"""Opens a step's progress display, given the step's title."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did."""

    changed: bool
    """False if everything was already as it should be."""
    summary: str
    """One line for people."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """The same for machines."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done."""

    name: str
    title: str
    """What people read while it runs."""
    command: tuple[str, ...]
    """The command line that does exactly this step; schedulers run it."""
    run: Callable[[Note], Outcome]
    needs: tuple[str, ...] = ()
    """Names of the steps that must have ended well before."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step that ended well, and how long it took."""

    name: str
    command: tuple[str, ...]
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Workflow:
    """Steps, and the order that their needs give them.

    Raises:
        InvalidSettingsError: two steps share a name, a need names no step, or the needs run in a circle.
    """

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        self.order()

    def order(self) -> tuple[Step, ...]:
        """The steps, each after everything that it needs; otherwise in the order of their declaration."""
        by_name = {step.name: step for step in self.steps}
        if len(by_name) != len(self.steps):
            raise InvalidSettingsError(f"workflow {self.name}: two steps share a name")
        for step in self.steps:
            for need in step.needs:
                if need not in by_name:
                    raise InvalidSettingsError(f"workflow {self.name}: step {step.name} needs {need!r}, which is none")
        try:
            names = tuple(TopologicalSorter({step.name: step.needs for step in self.steps}).static_order())
        except CycleError as error:
            raise InvalidSettingsError(f"workflow {self.name}: steps need each other: {error.args[1]}") from error
        return tuple(by_name[name] for name in names)

    def run(self, watch: Watch) -> Iterator[StepRun]:
        """Runs the steps in order and yields each as it ends; the first error ends the run where it is.

        Running the workflow again after that, or after a kill, continues: a step that is done says so and does nothing.
        """
        for step in self.order():
            begun = monotonic()
            with watch(step.title) as note:
                outcome = step.run(note)
            yield StepRun(step.name, step.command, outcome, monotonic() - begun)
