"""What a step prints: masked, kept in its log, and obeyed where it speaks to the agent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from modelyard.delivery.rehearsing.agent.commands import LoggingCommand, read_command
from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.recording.records import Result

LAST_LINES = 15
"""How much of a failed step's output is shown."""
RESULTS: dict[str, Result] = {
    "succeeded": "Succeeded",
    "succeededwithissues": "SucceededWithIssues",
    "failed": "Failed",
    "skipped": "Skipped",
    "canceled": "Canceled",
}


@dataclass(slots=True)
class Transcript:
    """The output of one step."""

    file: IO[str]
    mask: Mask
    obey: Callable[[LoggingCommand], str | None]
    """Does what a command says; a sentence if it cannot."""
    show: Callable[[str], None]
    """Gets each masked line as it comes."""
    issues: list[str] = field(default_factory=list)
    completed: Result | None = None
    """What `##vso[task.complete]` said."""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def line(self, text: str) -> None:
        """Takes one line of output."""
        command = read_command(text)
        problem = self._obey(command) if command is not None else None
        self.write(text)
        if problem:
            self.issues.append(self.mask(f"warning: {problem}"))
            self.write(f"warning: {problem}")

    def write(self, text: str) -> None:
        """Keeps and shows a line, without secrets; what a step cannot have meant for a terminal is left out."""
        masked = self.mask(text)
        self.file.write(masked + "\n")
        self.file.flush()
        self.last.append(masked)
        self.show(masked)

    def _obey(self, command: LoggingCommand) -> str | None:
        if command.is_secret:
            self.mask.add(command.text)
            # As it was printed too: with `;` or `%` escaped it looks different.
            self.mask.add(command.raw)
        if command.name == "task.logissue":
            kind = command.properties.get("type", "error")
            self.issues.append(self.mask(f"{kind}: {command.text}"))
            return None
        if command.name == "task.complete":
            self.completed = _worse(self.completed, RESULTS.get(command.properties.get("result", "succeeded").lower()))
            return None
        return self.obey(command)


def _worse(one: Result | None, other: Result | None) -> Result | None:
    order: tuple[Result | None, ...] = (None, "Succeeded", "Skipped", "SucceededWithIssues", "Canceled", "Failed")
    return max(one, other, key=order.index)


def open_log(file: Path) -> IO[str]:
    """A log that only its owner can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    log = file.open("w", encoding="utf-8")
    file.chmod(0o600)
    return log
