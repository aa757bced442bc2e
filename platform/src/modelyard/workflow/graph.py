"""A workflow is a graph of named steps. Every step is idempotent, and is also a command that a person can type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic

from modelyard.workflow.flow import Flow, Task
from modelyard.workflow.ordering import in_order

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
    """A task of this process: schedulers run its command, a workflow calls it."""

    task: Task
    """The same as data: its name, its needs, and the command line that does exactly this."""
    run: Callable[[Note], Outcome]

    @property
    def name(self) -> str:
        """What others need it by."""
        return self.task.name

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the steps that must have ended well before."""
        return self.task.needs


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
        return in_order(self.steps, whole=f"workflow {self.name}", piece="step")

    @property
    def flow(self) -> Flow:
        """The same graph as data, which schedulers are rendered from."""
        return Flow(self.name, self.name, tuple(step.task for step in self.steps))

    def run(self, watch: Watch) -> Iterator[StepRun]:
        """Runs the steps in order and yields each as it ends; the first error ends the run where it is.

        Running the workflow again after that, or after a kill, continues: a step that is done says so and does nothing.
        """
        for step in self.order():
            begun = monotonic()
            with watch(step.task.title) as note:
                outcome = step.run(note)
            yield StepRun(step.name, step.task.command, outcome, monotonic() - begun)
