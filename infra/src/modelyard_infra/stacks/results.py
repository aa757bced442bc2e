"""What an operation on a stack did, found or would do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelyard_infra.costs import Estimate


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that was, or would be, touched."""

    name: str
    kind: str
    """folder, supervisor, service; storage account, subnet, …"""
    operation: str
    """create, update, replace, delete or (folders, which are kept) forget; of a refresh: changed or gone."""
    detail: str = ""
    """What differs, as `setting: old → new`, for people."""
    concern: str = ""
    """What it belongs to in Azure: network, lake, …; empty on this machine."""

    def __str__(self) -> str:
        line = f"{self.operation} {self.kind} {self.name}"
        return f"{line}: {self.detail}" if self.detail else line


@dataclass(frozen=True, slots=True)
class StackResult:
    """The result of preview, up, refresh or down."""

    environment: str
    action: str
    changes: tuple[Change, ...] = ()
    """What was, or would be, done; of a refresh: what was found changed. In the engine's order."""
    found: tuple[Change, ...] = ()
    """What had changed behind the stack's back when the operation began."""
    unchanged: int = 0
    """Resources that were right already."""
    outputs: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    simulated: bool = False
    """Whether it happened in a simulated Azure."""
    refused: tuple[str, ...] = ()
    """Keys of resources that hold data, that the change would replace or remove, and that nobody has acknowledged."""
    estimate: Estimate | None = None
    """Of a preview: what the environment would cost in a month; None on this machine, which costs nothing."""

    @property
    def has_changes(self) -> bool:
        """Whether anything was, or would be, touched."""
        return bool(self.changes)

    def costing(self, estimate: Estimate | None) -> StackResult:
        """The same result, with an estimate."""
        return replace(self, estimate=estimate)

    def command(self, verb: str) -> str:
        """The command line for the same environment."""
        return f"modelyard infra {verb} {self.environment}{' --simulate' if self.simulated else ''}"

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON document."""
        document = asdict(replace(self, estimate=None))
        return {**document, "estimate": self.estimate.to_json() if self.estimate else None}
