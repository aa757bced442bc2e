"""Folders that images are built from: the same content is the same folder, with the same rights and times."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

Content = bytes | Path
"""What a file holds, or a file that holds it."""


def write_folder(folder: Path, files: Mapping[str, Content], *, epoch: int) -> Path:
    """Put `files` at `folder` in one step; one of this name that is there already is replaced.

    Args:
        folder: Its name should say what is in it, by a digest.
        files: Content by path, with slashes. Files are linked where that is possible: they are not changed here.
        epoch: The time that every file written here bears, in seconds.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
    try:
        temporary.mkdir(mode=0o755)
        for name, content in sorted(files.items()):
            _write(temporary / name, content, epoch=epoch)
        for path in sorted(temporary.rglob("*"), reverse=True):
            if path.is_dir():
                path.chmod(0o755)
                os.utime(path, (epoch, epoch))
        if folder.exists():
            folder.rename(temporary / ".before")
        _take_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _take_place(temporary: Path, folder: Path) -> None:
    before = temporary / ".before"
    if before.exists():
        aside = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
        before.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    temporary.rename(folder)


def _write(path: Path, content: Content, *, epoch: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        _link(content, path)
        return
    path.write_bytes(content)
    path.chmod(0o644)
    os.utime(path, (epoch, epoch))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system.
        shutil.copyfile(source, target)
