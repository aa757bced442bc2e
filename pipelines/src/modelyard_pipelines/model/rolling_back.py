"""The way back: what was in production before is so again, in the ledger, in the registry and in the model API."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from modelyard.composition import Platform
from modelyard.errors import ServingError
from modelyard.registry.entries import LedgerEntry
from modelyard.release.deployment import DeploymentReport
from modelyard_bundle import BundleError, Pointer, read_pointer
from modelyard_pipelines.model.notices import tell_of_rollback
from modelyard_pipelines.release.releasing import bundle_of, deploy

Note = Callable[[str], None]
Release = Literal["moved", "there already", "not released", "left alone"]
"""What became of the model API's pointer. It is left alone where it names a version that was not in production."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did."""

    entry: LedgerEntry
    changed: bool
    """False if this version was in production again already."""
    release: Release
    deployed: str | None
    """The version that the model API's pointer names now."""
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            **asdict(self.entry.decision),
            "entry": self.entry.sequence,
            "hash": self.entry.hash,
            "changed": self.changed,
            "release": self.release,
            "deployed": self.deployed,
            "seconds": round(self.seconds, 3),
        }


def roll_back(platform: Platform, name: str, *, by: str, reason: str, to: int | None = None, note: Note) -> RolledBack:
    """Goes back to the version that was in production before, or to `to`, which was so at some time.

    Everything that could refuse is asked before anything is changed: the ledger, the version's files, its bundle.
    Run again it changes nothing more, and finishes what was cut off.

    Raises:
        RollbackRefusedError: there is nothing to go back to.
        InvalidModelError: the version's files are not those that were in production.
        InvalidBundleError: what is released could not be replaced by it.
        ServingError: the ledger says that it is in production again, but the model API could not be moved.
    """
    begun = time.monotonic()
    registry = platform.registry()
    entries = registry.history(name)
    version = registry.before(name, to=to)
    pointer = _pointer(platform, name)
    if pointer is not None and pointer.version != str(version):
        note(f"bundle of version {version}")
        bundle_of(platform, registry.version(name, version))
    note(f"version {version} is checked and takes over")
    entry = registry.roll_back(name, by=by, reason=reason, to=to)
    changed = entry.sequence > len(entries)
    if entry.decision.action == "rollback":
        tell_of_rollback(platform.notifier, entry)
    release = _release(platform, entry, pointer, note=note)
    now = _pointer(platform, name)
    return RolledBack(entry, changed, release, now.version if now else None, time.monotonic() - begun)


def _release(platform: Platform, entry: LedgerEntry, pointer: Pointer | None, *, note: Note) -> Release:
    said = entry.decision
    if pointer is None:
        return "not released"
    if pointer.version != str(said.version) and pointer.version != str(said.replaces):
        return "left alone"
    note("the model API follows")
    return "moved" if _deployed(platform, entry).changed else "there already"


def _deployed(platform: Platform, entry: LedgerEntry) -> DeploymentReport:
    said = entry.decision
    try:
        return deploy(platform, said.model, going_back=True)
    except ServingError as error:
        raise type(error)(
            f"version {said.version} of {said.model} is in production again, "
            f"but the model API could not be moved to it: {error.message}",
            hint=f"{error.hint}; then modelyard model rollback {said.model} again, which goes on where it stopped",
        ) from error


def _pointer(platform: Platform, name: str) -> Pointer | None:
    """What is deployed; a pointer that cannot be read serves nothing, and a deployment replaces it."""
    try:
        return read_pointer(Path(platform.connections.deployments), name)
    except BundleError:
        return None
