"""A small document in memory that processes share: made before a fork, whoever has news writes, whoever begins reads.

A new generation of workers knows so what the one before has learnt, even if the address it came from is down just then.
"""

from __future__ import annotations

import hashlib
import mmap

MAX_BYTES = 256 << 10
_LENGTH, _DIGEST = 8, 32
_HEAD = _LENGTH + _DIGEST


class SharedDocument:
    """One document. Writers are not kept apart: what was written by two at once is not read by anybody."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEAD + MAX_BYTES)

    def write(self, content: bytes) -> None:
        """Put a document in; one that does not fit is left out."""
        if len(content) > MAX_BYTES:
            return
        self._memory[:_LENGTH] = bytes(_LENGTH)
        self._memory[_HEAD : _HEAD + len(content)] = content
        self._memory[_LENGTH:_HEAD] = hashlib.sha256(content).digest()
        self._memory[:_LENGTH] = len(content).to_bytes(_LENGTH, "little")

    def read(self) -> bytes | None:
        """The document; nothing where there is none, or only half of one."""
        length = int.from_bytes(self._memory[:_LENGTH], "little")
        if not 0 < length <= MAX_BYTES:
            return None
        content = self._memory[_HEAD : _HEAD + length]
        return content if hashlib.sha256(content).digest() == self._memory[_LENGTH:_HEAD] else None
