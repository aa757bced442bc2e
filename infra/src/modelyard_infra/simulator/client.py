"""What lies between the provider and Azure: tries again where the real client does, waits for long operations.

Source of what is tried again, how often and when: pulumi/pulumi-azure-native, provider/pkg/azure/client_azcore.go.
Waiting is shortened by the setting `pace`; at pace 0 nobody waits.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator import faults
from modelyard_infra.simulator.arm_id import key as comparable
from modelyard_infra.simulator.errors import AlreadyExistsError, AzureError, PartlyDoneError
from modelyard_infra.simulator.plane import PACE, ControlPlane, is_singleton
from modelyard_infra.simulator.store import Entry, Stored

RETRIED = (408, 429, 500, 502, 503, 504)
RETRIED_CODE = "AnotherOperationInProgress"
RETRIES = 3
FIRST_DELAY, LONGEST_DELAY = 20.0, 120.0
POLL_SECONDS = 0.02

Result = TypeVar("Result")


def end_engine() -> None:
    """Kills the engine that started this process, as an out-of-memory killer would."""
    os.kill(os.getppid(), signal.SIGKILL)
    threading.Event().wait()


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that an operation is about."""

    kind: str
    id: str
    key: str
    """The last part of its URN."""


@dataclass
class AzureClient:
    """Speaks to the control plane for the provider."""

    plane: ControlPlane
    on_kill: Callable[[], None] = end_engine
    _waiting: threading.Event = field(default_factory=threading.Event)

    def create(self, target: Target, properties: Properties) -> Stored:
        """Makes a resource that is not there yet.

        Raises:
            AlreadyExistsError: it is there.
            AzureError: Azure refuses, and nothing was made.
            PartlyDoneError: it was made, and then something failed.
        """
        present = self.plane.get(target.id)
        if present is not None and not is_singleton(target.kind):
            self._note("create", target, "AlreadyExists")
            raise AlreadyExistsError(target.id)
        return self._write("create", target, properties)

    def update(self, target: Target, properties: Properties) -> Stored:
        """Makes a resource as asked for.

        Raises:
            AzureError: Azure refuses, and nothing was changed.
            PartlyDoneError: it was changed, and then something failed.
        """
        return self._write("update", target, properties)

    def read(self, target: Target) -> Stored | None:
        """What is there."""
        return self._operate("read", target, lambda: self.plane.get(target.id, target.kind))

    def delete(self, target: Target) -> None:
        """Takes a resource away; it may be gone already.

        Raises:
            AzureError: Azure refuses.
        """
        self._operate("delete", target, lambda: self.plane.delete(target.kind, target.id))
        fault = self._strike("delete", target, faults.AFTER) or self._strike("delete", target, faults.LOST)
        if fault is not None:
            raise fault.error

    def _write(self, operation: str, target: Target, properties: Properties) -> Stored:
        stored = self._operate(operation, target, lambda: self.plane.put(target.kind, target.id, properties))
        lost = self._strike(operation, target, faults.LOST)
        if lost is not None:
            raise lost.error
        while stored.busy:
            self._waiting.wait(POLL_SECONDS)
        failed = self._strike(operation, target, faults.AFTER)
        if failed is not None:
            raise PartlyDoneError(failed.error)
        return stored

    def _operate(self, operation: str, target: Target, action: Callable[[], Result]) -> Result:
        delay = FIRST_DELAY
        for attempt in range(RETRIES + 1):
            try:
                fault = self._strike(operation, target, faults.BEFORE)
                if fault is not None:
                    raise fault.error
                result = action()
            except AzureError as error:
                self._note(operation, target, error.code)
                if attempt == RETRIES or not _is_retried(error):
                    raise
                self._sleep(error.retry_after or delay)
                delay = min(delay * 3, LONGEST_DELAY)
            else:
                self._note(operation, target, "ok")
                return result
        raise AssertionError("the last attempt returns or raises")

    def _strike(self, operation: str, target: Target, moment: str) -> faults.Fault | None:
        """The fault that makes an operation fail; killing and hanging happen in here."""
        with self.plane.store.transaction() as tables:
            fault = faults.strike(
                tables, moment, operation=operation, key=target.key, kind=target.kind, identity=comparable(target.id)
            )
        if fault is None or fault.action == faults.FAIL:
            return fault
        if fault.action == faults.KILL:
            self.on_kill()
        while fault.action == faults.HANG and not Path(fault.until).exists():
            self._waiting.wait(POLL_SECONDS)
        return None

    def _note(self, operation: str, target: Target, outcome: str) -> None:
        if operation == "read":
            return
        with self.plane.store.transaction() as tables:
            tables.note(Entry(operation, target.key, target.kind, target.id, outcome))

    def _sleep(self, seconds: float) -> None:
        with self.plane.store.transaction() as tables:
            pace = float(tables.setting(PACE, "0"))
        until = time.monotonic() + seconds * pace
        while time.monotonic() < until:
            self._waiting.wait(POLL_SECONDS)


def _is_retried(error: AzureError) -> bool:
    return error.status in RETRIED or error.code == RETRIED_CODE
