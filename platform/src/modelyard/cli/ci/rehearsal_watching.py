"""Shows a rehearsal while it runs, and asks for approvals on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from modelyard.cli.output import say
from modelyard.delivery.rehearsing.playing.approvals import Decision, Request
from modelyard.delivery.rehearsing.recording.records import BAD, JobRecord, StageRecord, StepRecord
from modelyard.delivery.rehearsing.recording.summary import shown

MARKS = {"Succeeded": "✓", "SucceededWithIssues": "!", "Skipped": "-"}
WIDEST = 100
CLEAR = "\r\033[K"


class Progress:
    """One line for each step with its result and time; on a terminal the step's output as a line that changes."""

    def __init__(self, *, live: bool | None = None) -> None:
        self._live = sys.stderr.isatty() if live is None else live
        self._step = ""

    def stage_begins(self, stage: StageRecord) -> None:
        """Names it."""
        say(f"stage {stage.name}")

    def stage_ends(self, stage: StageRecord) -> None:
        """Says why one was skipped, or could not begin."""
        if not stage.jobs:
            say(f"stage {stage.name} {shown(stage.result)}: {stage.reason}")

    def job_begins(self, stage: StageRecord, job: JobRecord) -> None:
        """Names it."""
        del stage
        say(f"  {'deployment' if job.environment else 'job'} {job.key}")

    def job_ends(self, stage: StageRecord, job: JobRecord) -> None:
        """Says why one has no steps to show."""
        del stage
        if job.reason:
            say(f"  {'deployment' if job.environment else 'job'} {job.key} {shown(job.result)}: {job.reason}")

    def step_begins(self, step: StepRecord) -> None:
        """Shows what runs just now."""
        self._step = step.label
        self._show("…")

    def line(self, text: str) -> None:
        """Shows what it prints just now."""
        self._show(text)

    def step_ends(self, step: StepRecord, last: Sequence[str]) -> None:
        """One line; of a step that failed also where it stands, where its log is, and what it said last."""
        self._show(None)
        mark = MARKS.get(step.result, "✗")
        hook = f"{step.hook}: " if step.hook else ""
        reason = f": {step.reason}" if step.reason and step.result != "Succeeded" else ""
        say(f"    {mark} {hook}{step.label} ({step.seconds:.1f} s){reason}")
        if step.result in BAD:
            for one in last:
                say(f"        {one}")
            say(f"        {step.place}, log: {step.log}")

    def warn(self, text: str) -> None:
        """A line of its own."""
        say(f"  ! {text}")

    def _show(self, text: str | None) -> None:
        if self._live:
            # The line's width is bounded, so that a terminal never wraps what is to be cleared again.
            shown_text = "" if text is None else f"    … {self._step}: {text}"[:WIDEST]
            click.echo(f"{CLEAR}{shown_text}", nl=False, err=True)


class AskOnTerminal:
    """Asks whoever sits at the terminal; nobody, where there is none."""

    def __init__(self, person: str) -> None:
        self._person = person

    def ask(self, request: Request) -> Decision | None:
        """Who approves, and why."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        what = f"environment {request.environment}" if request.environment else request.job
        say(f"  {what} needs an approval before stage {request.stage}")
        if request.approvers:
            say(f"    in the service by: {', '.join(request.approvers)}")
        if request.instructions:
            say(f"    {request.instructions}")
        try:
            approved = click.confirm("    approve?", err=True)
            by = click.prompt("    who", default=self._person, err=True)
            reason = click.prompt("    why", err=True)
        except click.Abort:
            return None
        return Decision(approved=approved, by=by, reason=reason, how="asked")
