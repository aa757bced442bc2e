"""A batch as bytes: is this a whole file, of the kind that its name says, and safe to unpack?

Nothing here raises for bad input: whatever is wrong with a file is a finding.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from modelyard.gates.report import Finding

Format = Literal["csv", "parquet", "json"]

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
SMALLEST_PARQUET = 12
"""Bytes: the mark twice, and a length between."""
OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (GZIP, "gzip"),
    (PARQUET, "Parquet"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "PDF"),
    (b"SQLite format 3\x00", "SQLite"),
)
NAMES = "name.csv, name.csv.gz, name.parquet, name.jsonl or name.ndjson"
SUFFIXES: Mapping[str, tuple[Format, bytes | None]] = {
    ".csv": ("csv", None),
    ".csv.gz": ("csv", GZIP),
    ".parquet": ("parquet", PARQUET),
    ".jsonl": ("json", None),
    ".ndjson": ("json", None),
}
"""What a name says about a file: how it is read, and the bytes that it must start with."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may ask of this machine."""

    stored: int = 4 * 2**30
    """Bytes on disk."""
    unpacked: int = 4 * 2**30
    """Bytes after decompression."""
    ratio: int = 200
    """Bytes after decompression per byte before; judged from `ratio_from` bytes on."""
    ratio_from: int = 64 * 2**20
    columns: int = 2_000
    line: int = 2**20
    """Bytes in one line."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's bytes, unpacked, or why they are not usable."""

    digest: str = ""
    """sha256 of the file as it lies on disk, in hex."""
    format: Format = "csv"
    payload: bytes = b""
    findings: tuple[Finding, ...] = ()


def open_file(path: Path, limits: Limits | None = None) -> Opened:
    """Read the file at `path` once, and unpack it if it is compressed."""
    limits = limits or Limits()
    problem = _place_problem(path)
    if problem:
        return Opened(findings=(problem,))
    stored = _stored_bytes(path, limits)
    if isinstance(stored, Finding):
        return Opened(findings=(stored,))
    digest = hashlib.sha256(stored).hexdigest()
    unpacked = _unpack(path.name, stored, limits)
    if isinstance(unpacked, Finding):
        return Opened(digest=digest, findings=(unpacked,))
    return Opened(digest, SUFFIXES[str(suffix_of(path.name))][0], unpacked)


def suffix_of(name: str) -> str | None:
    """The ending of a file's name by which its format is known; None where there is none."""
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)


def _problem(code: str, message: str, *, found: str = "", allowed: str = "", hint: str = "") -> Finding:
    return Finding("format", code, "file", message, found=found, allowed=allowed, hint=hint)


def _place_problem(path: Path) -> Finding | None:
    """Why nothing should even be opened at `path`; a FIFO would block, a link may lead anywhere."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return _problem("missing", f"cannot be read: {error.strerror}", found=str(path), allowed="a file")
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"))
    for is_kind, name in kinds:
        if is_kind(mode):
            return _problem("not_a_file", f"is {name}", found=name, allowed="a regular file")
    if not stat.S_ISREG(mode):
        return _problem("not_a_file", "is a device or a socket", found=oct(mode), allowed="a regular file")
    return None


def _stored_bytes(path: Path, limits: Limits) -> bytes | Finding:
    try:
        # The path could have become a link or a pipe since it was looked at.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > limits.stored:
                return _problem(
                    "too_large", "is too large", found=f"{before.st_size:,} bytes", allowed=f"{limits.stored:,}"
                )
            stored = file.read()
            after = os.fstat(file.fileno())
    except OSError as error:
        return _problem("missing", f"cannot be read: {error.strerror}", found=str(path), allowed="a readable file")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(stored) != after.st_size:
        return _problem(
            "still_growing", "changed while it was read", hint="offer it again when it is written completely"
        )
    if not stored:
        return _problem("empty", "is empty", found="0 bytes", allowed="a header and rows")
    return stored


def _unpack(name: str, stored: bytes, limits: Limits) -> bytes | Finding:
    """The bytes inside, once the name and the first bytes agree on what they are."""
    suffix = suffix_of(name)
    if suffix is None:
        return _problem("unknown_type", "has a name that says nothing known", found=name, allowed=NAMES)
    magic = SUFFIXES[suffix][1]
    actual = next(((start, kind) for start, kind in OTHER_KINDS if stored.startswith(start)), None)
    if magic is None and actual:
        return _problem("not_what_it_says", f"is named {suffix} and holds {actual[1]}", found=actual[1], allowed="text")
    if magic and not stored.startswith(magic):
        kind = actual[1] if actual else "something else"
        return _problem(
            "not_what_it_says", f"is named {suffix} and holds {kind}", found=repr(stored[:4]), allowed=repr(magic)
        )
    if suffix == ".csv.gz":
        return _gunzip(stored, limits)
    if suffix == ".parquet" and (len(stored) < SMALLEST_PARQUET or not stored.endswith(PARQUET)):
        return _problem("truncated", "ends without a Parquet footer", found=repr(stored[-4:]), allowed=repr(PARQUET))
    return stored


def _gunzip(stored: bytes, limits: Limits) -> bytes | Finding:
    """All members of a gzip file, in pieces, so that a bomb is noticed before it fills memory."""
    pieces: list[bytes] = []
    size = 0
    rest = stored
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                piece = member.decompress(rest, 2**22)
            except zlib.error as error:
                return _problem("corrupt", f"is damaged inside: {error}", hint="copy it again from where it was made")
            size += len(piece)
            if size > limits.unpacked or (size > limits.ratio_from and size > limits.ratio * len(stored)):
                return _problem(
                    "bomb", "unpacks to far more than a table", found=f"over {size:,} bytes from {len(stored):,}"
                )
            pieces.append(piece)
            rest = member.unconsumed_tail
            if not piece and not rest and not member.eof:
                return _problem(
                    "truncated", "stops in the middle of the compressed data", allowed="a complete gzip file"
                )
        rest = member.unused_data
    return b"".join(pieces) or _problem(
        "empty", "holds nothing once unpacked", found="0 bytes", allowed="a header and rows"
    )
