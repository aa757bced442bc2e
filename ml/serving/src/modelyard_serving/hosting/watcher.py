"""Watches the deployment pointers and brings the catalog in line with them.

A new bundle is loaded beside the one that is served; only when it has passed the gate does it take over.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from modelyard_bundle import BundleError, Pointer, read_pointer
from modelyard_bundle.documents import MODEL_NAME
from modelyard_bundle.manifest import MANIFEST
from modelyard_bundle.pointer import POINTER_SUFFIX
from modelyard_serving.answering.catalog import Catalog, Refusal
from modelyard_serving.hosting.tryouts import Load, Tryouts
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.records import Log

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

    def __init__(
        self,
        deployments: Path,
        bundles: Path,
        *,
        catalog: Catalog,
        log: Log,
        load: Load,
        tryouts: Tryouts | None = None,
    ) -> None:
        self._deployments = deployments
        self._bundles = bundles
        self._catalog = catalog
        self._log = log
        self._load = load
        self._tryouts = tryouts or Tryouts(deployments, catalog=catalog, log=log)
        self._decided: dict[str, _Seen] = {}
        self._pointers: dict[str, Pointer | None] = {}
        self._retry_at: dict[str, float] = {}

    def look(self) -> None:
        """Bring the catalog in line once.

        Raises:
            OSError: The pointers cannot be read.
        """
        found = self._scan()
        for name in sorted(set(self._decided) - set(found)):
            self._forget(name)
        for name, stamp in sorted(found.items()):
            seen = _Seen(stamp, self._manifest_stamp(name))
            if self._decided.get(name) != seen or self._retry_at.get(name, math.inf) < time.monotonic():
                self._decide(name, stamp)

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

    def _decide(self, name: str, stamp: Stamp) -> None:
        pointer: Pointer | None = None
        self._retry_at.pop(name, None)
        try:
            pointer = read_pointer(self._deployments, name)
            if pointer is None:
                return
            self._pointers[name] = pointer
            before = self._manifest_stamp(name)
            self._decided[name] = _Seen(stamp, before)
            model = self._served(pointer)
            if model is None:
                model = self._replace(pointer)
            else:
                self._catalog.keep(name)
            self._catalog.try_out(name, self._tryouts.open(pointer, model, self._load))
        except BundleError as error:
            self._pointers[name] = pointer
            self._decided[name] = _Seen(stamp, self._manifest_stamp(name))
            self._retry_at[name] = time.monotonic() + RETRY_SECONDS
            self._refuse(name, pointer, reason=str(error))

    def _served(self, pointer: Pointer) -> ServedModel | None:
        served = self._catalog.served.get(pointer.model)
        return served if served is not None and _is(served, pointer) else None

    def _replace(self, pointer: Pointer) -> ServedModel:
        self._catalog.load(pointer.model, pointer.version)
        tried = self._catalog.tried.get(pointer.model)
        # What has been tried and is deployed now is in memory and proven.
        is_tried = tried is not None and _is(tried.candidate, pointer)
        model = tried.candidate if tried is not None and is_tried else self._load(pointer.alone())
        old = self._catalog.served.get(model.name)
        self._catalog.serve(model)
        replaced = None if old is None else old.version
        named = {"model": model.name, "version": model.version, "digest": model.digest}
        self._log.event("model_served", **named, replaced=replaced, way=model.way)
        return model

    def _refuse(self, name: str, pointer: Pointer | None, *, reason: str) -> None:
        version = None if pointer is None else pointer.version
        digest = None if pointer is None else pointer.digest
        self._catalog.refuse(name, Refusal(version=version, digest=digest, reason=reason))
        self._log.event("bundle_refused", model=name, version=version, digest=digest, reason=reason)


def _is(model: ServedModel, pointer: Pointer) -> bool:
    return (model.version, model.digest) == (pointer.version, pointer.digest)


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size
