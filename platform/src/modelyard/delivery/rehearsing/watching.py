"""Who watches a rehearsal hears what happens while it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from modelyard.delivery.rehearsing.recording.records import JobRecord, StageRecord, StepRecord


class Watcher(Protocol):
    """Hears what happens. Every text is masked already."""

    def stage_begins(self, stage: StageRecord) -> None:
        """A stage begins."""

    def stage_ends(self, stage: StageRecord) -> None:
        """A stage has ended, or was skipped."""

    def job_begins(self, stage: StageRecord, job: JobRecord) -> None:
        """A job begins."""

    def job_ends(self, stage: StageRecord, job: JobRecord) -> None:
        """A job has ended, or was skipped."""

    def step_begins(self, step: StepRecord) -> None:
        """A step begins."""

    def step_ends(self, step: StepRecord, last: Sequence[str]) -> None:
        """A step has ended, or was skipped; the last lines of its output."""

    def line(self, text: str) -> None:
        """A step printed a line."""

    def warn(self, text: str) -> None:
        """Something that the watcher should know."""


class Silent:
    """Nobody watches."""

    def stage_begins(self, stage: StageRecord) -> None:
        """Nothing."""

    def stage_ends(self, stage: StageRecord) -> None:
        """Nothing."""

    def job_begins(self, stage: StageRecord, job: JobRecord) -> None:
        """Nothing."""

    def job_ends(self, stage: StageRecord, job: JobRecord) -> None:
        """Nothing."""

    def step_begins(self, step: StepRecord) -> None:
        """Nothing."""

    def step_ends(self, step: StepRecord, last: Sequence[str]) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""
