"""What is asked of a rehearsal, and who helps with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.delivery.rehearsing.agent.cancelling import Cancellation
from modelyard.delivery.rehearsing.agent.processes import Executor, Processes
from modelyard.delivery.rehearsing.playing.approvals import Approver, Gates, Nobody
from modelyard.delivery.rehearsing.watching import Silent, Watcher
from modelyard.delivery.rehearsing.yards import NoYards, YardKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one call asks for."""

    root: Path
    """The developer's checkout."""
    home: Path
    """Where rehearsals are kept."""
    file: str = ""
    """The entry file, from the root; of a rerun empty."""
    stages: tuple[str, ...] = ()
    """Only these; empty for all."""
    environment: str = ""
    """`local`: yards of this machine stand in for Azure."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Parameters by name; a name with a dot is a predefined variable."""
    secrets: Path | None = None
    rerun: int | None = None
    """Go on with this run."""
    fail: str = ""
    """The step that a drill makes fail."""
    keep: bool = False
    """Leave the services of the yards running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who helps."""

    person: str
    """Who begins the run."""
    approver: Approver = field(default_factory=Nobody)
    gates: Gates = field(default_factory=dict)
    watcher: Watcher = field(default_factory=Silent)
    cancellation: Cancellation = field(default_factory=Cancellation)
    yards: YardKeeper = field(default_factory=NoYards)
    executor: Callable[[], Executor] = Processes
    minute: float = 60.0
    """Seconds; shorter where nobody wants to wait for a timeout."""
    around: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """The caller's environment."""
