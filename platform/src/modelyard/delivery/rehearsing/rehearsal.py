"""Everything that the parts of one rehearsal share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from modelyard.delivery.pipeline import Pipeline
from modelyard.delivery.rehearsing.agent.cancelling import Cancellation
from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.agent.processes import Executor, Processes
from modelyard.delivery.rehearsing.agent.secret_file import Secrets
from modelyard.delivery.rehearsing.planning.drills import Drill
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.playing.approvals import Approver, Gates
from modelyard.delivery.rehearsing.recording.journal import Journal
from modelyard.delivery.rehearsing.recording.records import RunRecord
from modelyard.delivery.rehearsing.runs import RunFolder, Runs
from modelyard.delivery.rehearsing.watching import Watcher


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """One run of one pipeline on this machine."""

    pipeline: Pipeline
    record: RunRecord
    journal: Journal
    mask: Mask
    runs: Runs
    folder: RunFolder
    secrets: Secrets
    given: Variables
    """Predefined variables and those of the secrets file."""
    passed: Mapping[str, str]
    """Of the caller's environment."""
    approver: Approver
    gates: Gates
    watcher: Watcher
    cancellation: Cancellation
    prepare: Callable[[], None]
    """Makes the checkout pristine."""
    drill: Drill | None = None
    executor: Callable[[], Executor] = Processes
    """A new one for each agent."""
    minute: float = 60.0
    """Seconds, for everything that says how many minutes it may take."""
    hidden: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Secret outputs by stage and job; never written."""
    stopped: bool = False
    """Whether an approval was refused, or nobody could be asked: nothing more runs."""

    def warn(self, text: str) -> None:
        """Says something that does not stop the run, and keeps it for the summary."""
        masked = self.mask(text)
        if masked not in self.record.warnings:
            self.record.warnings.append(masked)
            self.watcher.warn(masked)

    @property
    def canceled(self) -> bool:
        """Whether somebody wants it to end."""
        return self.cancellation.requested
