"""A step while it runs: what it is, where it runs, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.delivery.pipeline import Shell, Step
from modelyard.delivery.rehearsing.agent.agents import Agent
from modelyard.delivery.rehearsing.agent.guarding import reason_to_refuse
from modelyard.delivery.rehearsing.agent.processes import Command, Executor, began_at
from modelyard.delivery.rehearsing.agent.transcript import Transcript
from modelyard.delivery.rehearsing.recording.records import Result
from modelyard.delivery.rehearsing.rehearsal import Rehearsal

SHELLS: Mapping[Shell, tuple[str, ...]] = {
    "default": ("bash", "--noprofile", "--norc", "{script}"),
    "bash": ("bash", "--noprofile", "--norc", "{script}"),
    "pwsh": (
        "pwsh",
        "-NoLogo",
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        "$ErrorActionPreference = 'Stop'; & ([scriptblock]::Create((Get-Content -Raw '{script}'))); exit $LASTEXITCODE",
    ),
}
COULD_NOT_START = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What comes of a step."""

    result: Result
    reason: str = ""
    exit_code: int | None = None
    again: bool = True
    """Whether trying again may help."""


DONE = Outcome(result="Succeeded")


@dataclass(slots=True, kw_only=True)
class Work:
    """One attempt of one step."""

    rehearsal: Rehearsal
    agent: Agent
    executor: Executor
    step: Step
    job: str
    """`stage/job`, which owns what the step publishes."""
    transcript: Transcript
    seconds: float | None
    """How long it may take."""

    def input(self, *names: str, default: str = "") -> str:
        """A task's input by any of its names, macros expanded; tasks take names without regard to case."""
        given = {key.lower(): value for key, value in self.step.inputs.items()}
        for name in names:
            if name.lower() in given:
                return self.agent.variables.expand(_text(given[name.lower()])) or default
        return default

    def is_set(self, *names: str, default: bool = False) -> bool:
        """Whether an input says true."""
        return self.input(*names, default=str(default)).strip().lower() == "true"

    def path(self, text: str, *, within: Path | None = None) -> Path:
        """A path, from the sources unless said otherwise."""
        return (within or self.agent.folders.sources) / Path(text)

    def say(self, text: str) -> None:
        """A line in the step's log."""
        self.transcript.write(text)

    def failed(self, reason: str) -> Outcome:
        """A failure that another attempt would not mend."""
        self.say(f"error: {reason}")
        return Outcome(result="Failed", reason=reason, again=False)

    def script(self, text: str, shell: Shell = "default", *, folder: str = "", strict: bool = False) -> Outcome:
        """Runs a script; `strict` fails it for anything on stderr."""
        expanded = self.agent.variables.expand(text)
        reason = reason_to_refuse(expanded)
        if reason:
            return self.failed(f"{reason}; rehearse with --env local, which lets infrastructure be simulated")
        if shell not in SHELLS:
            return self.failed(f"{shell} is no shell of this machine; use bash, or pwsh where it is installed")
        where = self.path(self.agent.variables.expand(folder))
        if not where.is_dir():
            return self.failed(f"the working directory {where} does not exist")
        command = Command(
            words=SHELLS[shell],
            folder=where,
            surroundings=self.agent.environment(self.step.env),
            script=expanded,
            seconds=self.seconds,
        )
        return self._run(command, strict=strict)

    def _run(self, command: Command, *, strict: bool) -> Outcome:
        cancellation = self.rehearsal.cancellation
        ended = self.executor.run(command, self.transcript.line, cancellation=cancellation, on_begin=self._remember)
        self.rehearsal.record.process = {}
        if ended.canceled:
            return Outcome(result="Canceled", reason="canceled", exit_code=ended.code)
        if ended.timed_out:
            minutes = (self.seconds or 0) / self.rehearsal.minute
            return Outcome(result="Failed", reason=f"took more than {minutes:.3g} minutes", exit_code=ended.code)
        if ended.code == COULD_NOT_START and command.words[0] == "pwsh":
            return Outcome(result="Failed", reason="pwsh is not on this machine", exit_code=ended.code, again=False)
        if ended.code:
            return Outcome(result="Failed", reason=f"exit code {ended.code}", exit_code=ended.code)
        if strict and ended.wrote_errors:
            return Outcome(result="Failed", reason="it wrote to stderr, and failOnStderr is set", exit_code=0)
        return Outcome(result="Succeeded", exit_code=0)

    def _remember(self, process: int) -> None:
        self.rehearsal.record.process = {"id": str(process), "began": began_at(process)}
        self.rehearsal.journal.save()


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
