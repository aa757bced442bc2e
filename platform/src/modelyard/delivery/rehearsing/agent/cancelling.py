"""Ctrl-C and SIGTERM: the step that runs gets the signal, what must always run still does, a second one ends that."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_BASE = 128


class Cancellation:
    """Whether somebody wants the rehearsal to end."""

    def __init__(self) -> None:
        self._happened = threading.Event()
        self.signals: list[int] = []
        """In the order in which they came."""
        self._asking = False

    def request(self, number: int = signal.SIGINT) -> None:
        """Asks for the end; asked twice, even what always runs is ended."""
        self.signals.append(number)
        self._happened.set()

    @property
    def requested(self) -> bool:
        """Whether the rehearsal is canceled."""
        return self._happened.is_set()

    @property
    def insisted(self) -> bool:
        """Whether nothing more may run."""
        return len(self.signals) > 1

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that such a signal ended."""
        return EXIT_BASE + (self.signals[0] if self.signals else signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Waits; True at once when the rehearsal is canceled."""
        return self._happened.wait(seconds)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While somebody is asked, a signal also ends the waiting: it raises KeyboardInterrupt."""
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes SIGINT and SIGTERM of this process for as long as the block lasts. Only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def take(number: int, frame: FrameType | None) -> None:
            del frame
            self.request(number)
            if self._asking:
                raise KeyboardInterrupt

        before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
