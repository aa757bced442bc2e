"""Where something stands in a pipeline's files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file."""

    file: str
    """From the root of the repository, with forward slashes."""
    line: int
    """Counted from 1."""
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
