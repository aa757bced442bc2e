"""A file that is read again when it changes, at most once a second, and whose last good content stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from modelyard_bundle import BundleError
from modelyard_serving.access.caller import Tell

T = TypeVar("T")
LOOK_SECONDS = 1.0
MAX_BYTES = 4 << 20
Stamp = tuple[int, int, int]
"""What changes when a file is replaced: inode, time of change, size."""


class Followed(Generic[T]):
    """The content of a file, parsed.

    Args:
        path: The file. It may be replaced, or be a link that is.
        parse: Makes something of its bytes; raises BundleError where it cannot.
        tell: Told of every change, and of content that was not taken.
        clock: Monotonic seconds.

    Raises:
        BundleError: The file cannot be read or parsed now, at the start.
    """

    def __init__(
        self, path: Path, parse: Callable[[bytes], T], *, tell: Tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._parse = parse
        self._tell = tell
        self._clock = clock
        self._looked = clock()
        self.generation = 0
        """Grows with every change of the content."""
        self._complaint: str | None = None
        self._stamp, self._content = self._read()

    def get(self) -> T:
        """The newest content that could be parsed."""
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._look()
        return self._content

    def _look(self) -> None:
        try:
            if _stamp(self._path) == self._stamp:
                return
            self._stamp, content = self._read()
        except (OSError, BundleError) as error:
            # What was good stays: a file that is just being written must not lock everybody out.
            self._stamp = None
            if self._complaint != (complaint := str(error)):
                self._complaint = complaint
                self._tell("access_file_refused", file=str(self._path), reason=complaint)
            return
        self._complaint = None
        if content != self._content:
            self._content = content
            self.generation += 1
            self._tell("access_file_read", file=str(self._path))

    def _read(self) -> tuple[Stamp | None, T]:
        try:
            stamp = _stamp(self._path)
            if stamp[2] > MAX_BYTES:
                raise BundleError(f"{stamp[2]} bytes, allowed are {MAX_BYTES}", where=str(self._path))
            content = self._path.read_bytes()
        except OSError as error:
            raise BundleError(f"cannot be read: {error.strerror}", where=str(self._path)) from error
        # Two changes within one tick of the file system's clock look like one, so a fresh file is read once more.
        is_fresh = abs(time.time_ns() - stamp[1]) < LOOK_SECONDS * 1e9
        return (None if is_fresh else stamp), self._parse(content)


def _stamp(path: Path) -> Stamp:
    state = path.stat()
    return state.st_ino, state.st_mtime_ns, state.st_size
