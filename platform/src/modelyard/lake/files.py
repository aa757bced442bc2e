"""Copies that are whole or not there: made beside their place, then moved into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def copy_atomically(source: Path, target: Path) -> None:
    """Copies a file's bytes to `target`, which appears only when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
