"""Digests of what holds a model: one file, or a folder of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from modelyard_bundle.documents import sha256_of

_LEFT_OUT = ".crc"
"""Hadoop's own checksums: not every store keeps them."""


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, or over every path and content in a folder."""
    return folder_digest(path) if path.is_dir() else sha256_of(path.read_bytes())


def folder_digest(folder: Path) -> str:
    """SHA-256 over every file's path and content, in the order of the paths."""
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != _LEFT_OUT):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
