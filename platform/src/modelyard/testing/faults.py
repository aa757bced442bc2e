"""Faults on purpose: an engine whose process dies by SIGKILL at a chosen instant, as a pulled plug would."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from modelyard.lake.engine import Commit, Engine, Frame, Written
from modelyard.lake.layers import DataVersion, Table

T = TypeVar("T")


@dataclass(slots=True)
class DyingEngine:
    """Does what `engine` does, and kills its own process at the `die_at`-th instant.

    Every write has two instants, one before it and one after it; both are counted from 1.
    """

    engine: Engine
    die_at: int
    instants: int = field(default=0, init=False)

    def version(self, table: Table) -> DataVersion | None:
        """As `engine`."""
        return self.engine.version(table)

    def scan(self, table: Table, *, version: int | None = None, batches: Sequence[str] | None = None) -> Frame:
        """As `engine`."""
        return self.engine.scan(table, version=version, batches=batches)

    def rows(self, table: Table) -> int:
        """As `engine`."""
        return self.engine.rows(table)

    def append(self, table: Table, frame: Frame, *, transaction: str, metadata: Mapping[str, str]) -> Written:
        """As `engine`, if the process lives."""
        return self._between(
            lambda: self.engine.append(table, frame, transaction=transaction, metadata=metadata),
        )

    def replace(
        self,
        table: Table,
        frame: Frame,
        *,
        transaction: str,
        metadata: Mapping[str, str],
        batches: Sequence[str] | None = None,
    ) -> Written:
        """As `engine`, if the process lives."""
        return self._between(
            lambda: self.engine.replace(table, frame, transaction=transaction, metadata=metadata, batches=batches),
        )

    def committed(self, table: Table, transaction: str) -> bool:
        """As `engine`."""
        return self.engine.committed(table, transaction)

    def history(self, table: Table) -> tuple[Commit, ...]:
        """As `engine`."""
        return self.engine.history(table)

    def _between(self, action: Callable[[], T]) -> T:
        self._instant()
        result = action()
        self._instant()
        return result

    def _instant(self) -> None:
        self.instants += 1
        if self.instants == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
