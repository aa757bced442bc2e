"""Where CLIs are kept: one folder per user and version, shared by all checkouts."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from modelyard_infra.toolchain.running import Say


def cached_root(version: str) -> Path:
    """The folder of one version: `$XDG_CACHE_HOME/modelyard/pulumi/<version>`, with the CLI in `bin/pulumi`."""
    caches = os.environ.get("XDG_CACHE_HOME")
    folder = Path(caches) if caches else Path.home() / ".cache"
    return folder / "modelyard" / "pulumi" / version


@contextmanager
def only_one(root: Path, *, say: Say) -> Iterator[None]:
    """Lets one process at a time install a version; the others wait and then find it there."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(f"{root.name}.lock").open("w") as file:
        _lock(file, say=say)
        yield


@contextmanager
def draft_of(root: Path) -> Iterator[Path]:
    """A folder beside `root` to install into; it is removed afterwards unless it was put in place."""
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=root.parent, prefix=f".{root.name}-"))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, root: Path) -> None:
    """Makes a finished draft the version's folder, in one step; what was there before was broken."""
    shutil.rmtree(root, ignore_errors=True)
    draft.chmod(0o755)
    draft.rename(root)


def _lock(file: IO[str], *, say: Say) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another process that is installing the Pulumi CLI")
        fcntl.flock(file, fcntl.LOCK_EX)
