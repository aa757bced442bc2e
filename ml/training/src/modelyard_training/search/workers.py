"""Processes that work at the same time. One that dies or hangs costs its call and is replaced; the others go on."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Self

from modelyard.errors import ModelError

_ONE = "1"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
_START_SECONDS = 120.0
"""A worker that is not ready by then, on whatever machine, never will be."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A call that has no answer, because its worker died or was stopped."""

    why: str
    seconds: float


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    call: int | None = None
    """Which call it is at."""
    since: float = field(default_factory=time.monotonic)
    ready: bool = False


class Workers:
    """A few processes, each with one thread, that open the same workshop and answer calls.

    Args:
        count: How many.
        workshop: Opened once in every process; gives the function that answers calls. It must be picklable, and
            should name files instead of carrying data.
        seconds: A call that takes longer is stopped.
    """

    def __init__(self, count: int, workshop: Callable[[], Callable[[Any], Any]], *, seconds: float) -> None:
        self._workshop = workshop
        self._seconds = seconds
        self._workers = [self._start() for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            _stop(worker)

    def answers(
        self, calls: Sequence[Any], *, until: float = float("inf"), surely: int = 0
    ) -> Iterator[tuple[int, Any]]:
        """Every call's place and its answer or a `Lost`, as they come.

        Args:
            calls: What to ask.
            until: No call begins after this time (monotonic) ...
            surely: ... but the first so many begin at any rate.

        Raises:
            ModelError: the workshop cannot be opened: the worker's stderr says why.
        """
        waiting = list(range(len(calls)))
        while waiting or any(worker.call is not None for worker in self._workers):
            if time.monotonic() >= until:
                waiting = [call for call in waiting if call < surely]
            self._hand_out(calls, waiting)
            yield from self._collect()

    def _hand_out(self, calls: Sequence[Any], waiting: list[int]) -> None:
        for worker in self._workers:
            if worker.ready and worker.call is None and waiting:
                worker.call, worker.since = waiting.pop(0), time.monotonic()
                worker.connection.send(calls[worker.call])

    def _collect(self) -> Iterator[tuple[int, Any]]:
        """The answers that are there, or come before the next call is overdue."""
        busy = [worker for worker in self._workers if worker.call is not None or not worker.ready]
        if not busy:
            return
        left = min(worker.since + self._patience(worker) for worker in busy) - time.monotonic()
        spoke = wait([worker.connection for worker in busy], timeout=max(0.0, left))
        for worker in busy:
            if worker.connection in spoke:
                yield from self._hear(worker)
            elif time.monotonic() - worker.since >= self._patience(worker):
                yield from self._lose(worker, f"it took longer than {self._patience(worker):g} s and was stopped")

    def _hear(self, worker: _Worker) -> Iterator[tuple[int, Any]]:
        try:
            answer = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            code = worker.process.wait()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            yield from self._lose(worker, f"its process ended with {how}")
            return
        if worker.ready and worker.call is not None:
            call, worker.call = worker.call, None
            yield call, answer
        worker.ready = True

    def _lose(self, worker: _Worker, why: str) -> Iterator[tuple[int, Any]]:
        _stop(worker)
        if not worker.ready:
            raise ModelError(f"a worker's process could not begin: {why}", hint="read what it wrote above")
        call, seconds = worker.call, time.monotonic() - worker.since
        self._workers[self._workers.index(worker)] = self._start()
        if call is not None:
            yield call, Lost(why, seconds)

    def _patience(self, worker: _Worker) -> float:
        return self._seconds if worker.ready else _START_SECONDS

    def _start(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        path = os.pathsep.join(place for place in sys.path if place)  # a worker finds the modules that we find
        surroundings = {**os.environ, **dict.fromkeys(_THREADS, _ONE), "PYTHONPATH": path}
        command = [sys.executable, "-m", "modelyard_training.search.worker", str(theirs.fileno())]
        process = subprocess.Popen(
            command, env=surroundings, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()
        ours.send(self._workshop)
        return _Worker(process, ours)


def _stop(worker: _Worker) -> None:
    worker.connection.close()
    if worker.process.poll() is None:
        worker.process.kill()
    worker.process.wait()
