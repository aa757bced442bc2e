"""Watches the deployment pointers and brings the catalog in line with them.

A new bundle is loaded in a thread beside the one that is served; only when it has passed the gate does it take over.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modelyard_bundle import BundleError, Pointer, read_pointer
from modelyard_bundle.documents import MODEL_NAME
from modelyard_bundle.manifest import MANIFEST
from modelyard_bundle.pointer import POINTER_SUFFIX
from modelyard_serving.answering.catalog import Catalog, Refusal
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.records import LogWriter

Load = Callable[[Pointer], ServedModel]
RETRY_SECONDS = 30.0
"""A refused bundle is looked at again after this time: storage that failed to read once may read now."""
Stamp = tuple[int, int, int]
"""What changes when a file is replaced: inode, time of change, size."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a decision was made on. While it is the same, the decision stands."""

    pointer: Stamp
    manifest: Stamp | None


class Watcher:
    """Keeps a catalog equal to a folder of pointers."""

    def __init__(self, deployments: Path, bundles: Path, *, catalog: Catalog, log: LogWriter, load: Load) -> None:
        self._deployments = deployments
        self._bundles = bundles
        self._catalog = catalog
        self._log = log
        self._load = load
        self._decided: dict[str, _Seen] = {}
        self._pointers: dict[str, Pointer | None] = {}
        self._retry_at: dict[str, float] = {}

    async def run(self, *, every: float) -> None:
        """Look at the pointers every so many seconds, until cancelled."""
        failing: str | None = None
        while True:
            try:
                await self.look()
                failing = None
            except Exception as error:
                if failing != (failing := repr(error)):
                    self._log.event("watch_failed", reason=failing)
            await asyncio.sleep(every)

    async def look(self) -> None:
        """Bring the catalog in line once."""
        # In a thread, since a network share may take its time to answer.
        found = await asyncio.to_thread(self._scan)
        for name in sorted(set(self._decided) - set(found)):
            self._forget(name)
        for name, stamp in sorted(found.items()):
            seen = _Seen(stamp, await asyncio.to_thread(self._manifest_stamp, name))
            if self._decided.get(name) != seen or self._retry_at.get(name, math.inf) < time.monotonic():
                await self._decide(name, stamp)

    def _scan(self) -> dict[str, Stamp]:
        try:
            entries = list(os.scandir(self._deployments))
        except FileNotFoundError:
            return {}
        found = {}
        for entry in entries:
            name = entry.name.removesuffix(POINTER_SUFFIX)
            if entry.name.endswith(POINTER_SUFFIX) and MODEL_NAME.fullmatch(name):
                stamp = _stamp(Path(entry.path))
                if stamp is not None:
                    found[name] = stamp
        return found

    def _manifest_stamp(self, name: str) -> Stamp | None:
        """The manifest's stamp, so that a refused bundle is looked at again when it has been repaired."""
        pointer = self._pointers.get(name)
        return None if pointer is None else _stamp(self._bundles / pointer.bundle / MANIFEST)

    def _forget(self, name: str) -> None:
        self._decided.pop(name, None)
        self._pointers.pop(name, None)
        self._retry_at.pop(name, None)
        self._catalog.remove(name)
        self._log.event("model_removed", model=name)

    async def _decide(self, name: str, stamp: Stamp) -> None:
        pointer: Pointer | None = None
        self._retry_at.pop(name, None)
        try:
            pointer = await asyncio.to_thread(read_pointer, self._deployments, name)
            if pointer is None:
                return
            self._pointers[name] = pointer
            before = await asyncio.to_thread(self._manifest_stamp, name)
            self._decided[name] = _Seen(stamp, before)
            if self._is_served(pointer):
                self._catalog.keep(name)
            else:
                await self._replace(pointer)
        except BundleError as error:
            self._pointers[name] = pointer
            self._decided[name] = _Seen(stamp, await asyncio.to_thread(self._manifest_stamp, name))
            self._retry_at[name] = time.monotonic() + RETRY_SECONDS
            self._refuse(name, pointer, reason=str(error))

    def _is_served(self, pointer: Pointer) -> bool:
        served = self._catalog.served.get(pointer.model)
        return served is not None and (served.version, served.digest) == (pointer.version, pointer.digest)

    async def _replace(self, pointer: Pointer) -> None:
        self._catalog.load(pointer.model, pointer.version)
        model = await asyncio.to_thread(self._load, pointer)
        old = self._catalog.served.get(model.name)
        self._catalog.serve(model)
        replaced = None if old is None else old.version
        self._log.event("model_served", model=model.name, version=model.version, digest=model.digest, replaced=replaced)

    def _refuse(self, name: str, pointer: Pointer | None, *, reason: str) -> None:
        version = None if pointer is None else pointer.version
        digest = None if pointer is None else pointer.digest
        self._catalog.refuse(name, Refusal(version=version, digest=digest, reason=reason))
        self._log.event("bundle_refused", model=name, version=version, digest=digest, reason=reason)


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size
