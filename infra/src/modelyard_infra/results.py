"""What an operation on a stack did, found or would do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that was, or would be, touched."""

    name: str
    kind: str
    """folder, supervisor, service, provider or stack."""
    operation: str
    """create, update, replace, delete or (folders, which are kept) forget; of a refresh: changed or gone."""
    detail: str = ""
    """What differs, as `setting: old → new`, for people."""

    def __str__(self) -> str:
        line = f"{self.operation} {self.kind} {self.name}"
        return f"{line}: {self.detail}" if self.detail else line


@dataclass(frozen=True, slots=True)
class StackResult:
    """The result of preview, up, refresh or down."""

    environment: str
    action: str
    changes: tuple[Change, ...]
    """What was, or would be, done; of a refresh: what was found changed. In the engine's order."""
    found: tuple[Change, ...]
    """What had changed behind the stack's back when the operation began."""
    unchanged: int
    """Resources that were right already."""
    outputs: dict[str, Any]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def has_changes(self) -> bool:
        """Whether anything was, or would be, touched."""
        return bool(self.changes)

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON document."""
        return asdict(self)
